// A trained network as one file: weights, and what is needed to give it a page: architecture, class names, preprocessing.
//
//   NetworkFile file = load_network("best.safetensors");         file.net->forward(...), file.info.class_names
//   save_network("best.safetensors", *net, info);
//
// The file is a safetensors of nn::state_dict(net), in torch's names and layout, with the metadata
//
//   model          "densenet121", one of models::names()
//   classes        a JSON list of the class names, in the order of the logits
//   in_channels    "1", or "3" where the network sees the grey page three times
//   preprocessing  {"size": 224, "filter": "bicubic", "order": "rows_first", "grey_first": false, "equalize": true}
//                  order is optional (image/resize.hpp has the words)
//   temperature    a number; absent where the probabilities are not calibrated (metrics/temperature.hpp)
//
// Other keys are the writer's own and stay unread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../models/instances.hpp"
#include "qrs/image/transform.hpp"

namespace qrs::networks {

struct NetworkInfo {
  std::string model;
  std::vector<std::string> class_names;
  std::int64_t in_channels = 1;
  image::PaperPipelineOptions preprocessing = {};
  std::optional<double> temperature = {};
};

struct NetworkFile {
  NetworkInfo info;
  std::unique_ptr<models::Model<float>> net;  // in evaluation mode
};

/// Reads and checks all of it; the network is new, its weights the file's. Throws an Error that names the file where it is
/// no safetensors, lacks a key, has a value that makes no sense, or weights that are not the network's.
NetworkFile load_network(const std::string& path);

/// Writes the file, complete or not at all. `more`: metadata of the writer's own, under other keys. Throws where `info` does
/// not describe the network. Not for a network whose batch norms were folded.
void save_network(const std::string& path, models::Model<float>& net, const NetworkInfo& info,
                  const std::map<std::string, std::string>& more = {});

}  // namespace qrs::networks
