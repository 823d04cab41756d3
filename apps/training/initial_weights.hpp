// The network that a run begins with: fresh, or with the weights of a file.
#pragma once

#include <memory>
#include <string>

#include "../models/instances.hpp"
#include "weight_source.hpp"

namespace qrs::training {

struct InitialNetwork {
  std::unique_ptr<models::Model<float>> net;
  std::string words;   // "from scratch, seed 0", or the file's name and what fitted
  std::string sha256;  // of the file; "none" without one
};

/// `source.file` empty: weights drawn from options.seed. The head of a file with another number of classes is left as drawn. Throws
/// where the file does not fit, unless allow_missing: what fits is loaded then, and the words list the rest.
InitialNetwork initial_network(const std::string& name, const models::ModelOptions& options, const WeightSource& source,
                               bool allow_missing);

}  // namespace qrs::training
