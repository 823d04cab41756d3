// Pages in, probabilities out: how a picture file becomes a network's input, and what the network says of it.
//
//   const image::Image page = read_page(path, info);
//   const Tensor<float> x = to_input(page, info);                 // (1, size, size, in_channels)
//   classify(file, {"a.jpg", "b.png"}, seen)                      many, the broken ones reported beside the others
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model_file.hpp"
#include "qrs/image/image.hpp"

namespace qrs::networks {

/// The decoded picture of a file. Throws as data::decode_page.
image::Image read_page(const std::string& path, const NetworkInfo& info);

/// The preprocessed page as values in [0, 1], a batch of one: (1, size, size, in_channels).
Tensor<float> to_input(const image::Image& page, const NetworkInfo& info);

/// softmax(logits / temperature), temperature 1 where the file has none; the classes' order.
std::vector<double> probabilities(std::span<const float> logits, const NetworkInfo& info);

/// What became of one file.
struct Classified {
  std::string file;
  std::string error;                  // empty: none, and the fields below hold
  std::vector<double> probabilities;  // in the order of the classes
  std::int64_t predicted = 0;         // index of the greatest, the first of equals
};

/// Mean seconds for an image by what they went on. Of reading: seconds of one core.
struct Stages {
  double decode = 0.0;
  double preprocess = 0.0;
  double network = 0.0;
  double total = 0.0;  // by the clock on the wall
};

/// Reads the files, a core each and a few ahead, and gives them to the network one by one with all cores: at 224 x 224 a batch
/// is no faster, and so an image's bits cannot depend on its company. In the order of the files. A file that cannot be read
/// has its error; the others are not touched by it. Call nn::fold_batch_norm on file.net first.
std::vector<Classified> classify(NetworkFile& file, const std::vector<std::string>& files, Stages& stages,
                                 const std::function<void(std::int64_t done, std::int64_t total)>& progress = {});

}  // namespace qrs::networks
