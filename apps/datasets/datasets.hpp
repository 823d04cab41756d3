// What every verb that reads images has in common: where they are, how they are prepared, and the reading itself.
//
//   datasets::Arguments data;   datasets::add_arguments(*verb, data);   ...   datasets::Loaded loaded = datasets::load(data);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qrs/data/image_dataset.hpp"
#include "qrs/image/transform.hpp"

namespace CLI {
class App;
}

namespace qrs::datasets {

struct Arguments {
  std::string source;  // a folder, a .csv table, or the .safetensors file of `qrs preprocess`
  std::string filter = "bicubic";
  std::int64_t size = 224;
  bool grey_first = false;
  bool equalize = true;
  bool skip_bad = false;
  std::string cache;  // a .safetensors file to keep the prepared images in; empty: none
};

/// The options --data, --filter, --size, --grey-first, --no-equalize, --skip-bad.
void add_arguments(CLI::App& verb, Arguments& arguments);

/// How these arguments prepare an image.
image::PreprocessOptions pipeline_of(const Arguments& arguments);

struct Loaded {
  data::ImageDataset data;
  image::PreprocessOptions preprocessing;  // where a file does not say, the paper's for its size
  std::string decoder;                     // of JPEG
  std::vector<std::string> skipped;
};

/// Reads the images, with a line of progress. Throws where they cannot be read.
Loaded load(const Arguments& arguments);

}  // namespace qrs::datasets
