// What every verb that reads images has in common: where they are, how they are prepared, and the reading itself.
//
//   datasets::Arguments data;   datasets::add_arguments(*verb, data);   ...   datasets::Loaded loaded = datasets::load(data);
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
  std::optional<int> pillow;  // 12 or 13: whose order of the resize's passes; none: newest_pillow
  bool skip_bad = false;
  std::int64_t picture_memory = 160;  // MiB to read one picture
  std::string cache;                  // a .safetensors file to keep the prepared images in; empty: none
};

/// The Pillow whose order of passes new work takes.
inline constexpr int newest_pillow = 13;

/// The options --data, --filter, --size, --grey-first, --no-equalize, --pillow, --skip-bad, --picture-memory.
void add_arguments(CLI::App& verb, Arguments& arguments);

/// Of these --data, --skip-bad and --picture-memory: for verbs whose network says how images are prepared.
void add_source_arguments(CLI::App& verb, Arguments& arguments);

/// Alone: --pillow, for verbs that have no other of these; --picture-memory.
void add_pillow_argument(CLI::App& verb, std::optional<int>& pillow);
void add_picture_memory_argument(CLI::App& verb, std::int64_t& picture_memory);

/// The bytes of --picture-memory.
std::uint64_t most_bytes_of(std::int64_t picture_memory);

/// How these arguments prepare an image.
image::PreprocessOptions pipeline_of(const Arguments& arguments);

/// The value of --pillow that a pipeline has.
int pillow_of(const image::PreprocessOptions& pipeline);

/// Makes the arguments prepare images as `pipeline` does.
void prepare_as(Arguments& arguments, const image::PreprocessOptions& pipeline);

struct Loaded {
  data::ImageDataset data;
  image::PreprocessOptions preprocessing;  // where a file does not say, the paper's for its size
  std::string decoder;                     // of JPEG
  std::vector<std::string> skipped;
  std::map<std::string, std::int64_t> left_out;  // what was not taken for pictures of the data set, and how many
};

/// Reads the images, with a line of progress. Throws where they cannot be read.
Loaded load(const Arguments& arguments);

}  // namespace qrs::datasets
