// A trained network as one safetensors file: its weights by torch's names, and in the metadata what it takes to use them.
//
//   model, in_channels, classes (a JSON list of names), preprocessing, seed, epoch, validation_loss, weights_sha256 ...
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../models/instances.hpp"

namespace qrs::training {

struct ModelFacts {
  std::string model;  // a name of the registry
  std::vector<std::string> class_names;
  std::string preprocessing;                  // of the images it was trained with; empty: not said
  std::map<std::string, std::string> others;  // whatever else the metadata says
};

/// Writes the weights and facts, whole or not at all.
void save_model(const std::string& path, models::Model<float>& net, const ModelFacts& facts);

struct LoadedModel {
  std::unique_ptr<models::Model<float>> net;  // in evaluation mode
  ModelFacts facts;
};

/// A network with its weights. Throws where the file does not say which network it is, or an entry does not fit.
LoadedModel load_model(const std::string& path);

/// Puts weights of any source into a network. Its own head stays where the file's has another number of classes. The report
/// says what did not fit; unless allow_missing is set, that throws.
nn::LoadReport load_weights(models::Model<float>& net, const io::StateDict& weights, bool allow_missing);

}  // namespace qrs::training
