// Images, labels and names from one safetensors file: what training and extraction read.
//
//   images (N, H, W) uint8, labels (N) int64; metadata: files, classes, hashes (JSON lists of texts), preprocessing (a text)
#pragma once

#include <string>

#include "qrs/data/image_dataset.hpp"

namespace qrs::training {

struct CachedImages {
  data::ImageDataset data;
  std::string preprocessing;  // what was done to the files' pixels; empty: not said
};

/// Throws where the file is broken, or lists, images and labels differ in number, or a label has no class.
CachedImages read_cache(const std::string& path);

}  // namespace qrs::training
