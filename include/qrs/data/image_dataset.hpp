// Grey images of one size with their labels and the names and hashes of the files that they came from: what training,
// features, prediction and the audit read.
//
//   const ImageDataset data = read_image_dataset(...);                     image_folder.hpp, image_cache.hpp
//   data.images (N, H, W), data.labels[i] in [0, data.class_names.size())
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../tensor/tensor.hpp"

namespace qrs::data {

struct ImageDataset {
  Tensor<std::uint8_t> images;           // (N, H, W), preprocessed
  std::vector<std::int64_t> labels;      // N codes, indices of class_names
  std::vector<std::string> class_names;  // in the order of the codes
  std::vector<std::string> files;        // N paths relative to the folder, '/' between folders
  std::vector<std::string> hashes;       // N SHA-256 of the files' bytes, 64 hex digits

  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  std::int64_t classes() const { return static_cast<std::int64_t>(class_names.size()); }
};

}  // namespace qrs::data
