// Where weights come from: a file of any format, and which of its entries, under which names. The one place where the verbs
// read the weights of others.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "../models/instances.hpp"
#include "qrs/io/state_dict.hpp"

namespace qrs::training {

struct WeightSource {
  std::string file = {};
  std::string key = {};           // path of the mapping in a torch checkpoint
  std::string strip_prefix = {};  // taken off the names
  std::string map = {};           // a table of old and new names
};

struct Weights {
  io::StateDict dict;
  std::string sha256;  // of the file
};

/// --key, --strip-prefix and --map.
void add_weight_options(CLI::App& verb, WeightSource& source);

/// The weights as the file names them, after `source`'s options. What was chosen or left out is said on the error stream.
Weights read_weights(const WeightSource& source);

/// The same under the names of a network: of several mappings the only one that fits, and without the prefixes of wrappers.
Weights read_weights_of(models::Model<float>& net, const WeightSource& source);

}  // namespace qrs::training
