// Which images train, which validate and which test, by the options that verbs share.
//
//   random    as the paper: stratified by class; 648, 140 and 140 of its 928 images
//   grouped   the same shares, but images of equal content stand on one side: none is tested that was trained with
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qrs/data/image_dataset.hpp"
#include "qrs/data/part_split.hpp"

namespace CLI {
class App;
}

namespace qrs::training {

struct SplitArguments {
  std::string kind = "random";  // or "grouped"
  data::PartSplitOptions options = {};
};

/// The options --split, --test-size, --validation-size, --split-seed.
void add_split_arguments(CLI::App& verb, SplitArguments& arguments);

data::PartSplit split(const data::ImageDataset& data, const SplitArguments& arguments);

/// The parts as CSV, a line an image in the order of the data: file,label,part.
std::string split_csv(const data::ImageDataset& data, const data::PartSplit& parts);

/// The part of each image of `data` by such a file: "train", "validation", "test". Throws unless it lists just these images with these
/// labels.
std::vector<std::string> read_split_csv(const std::string& path, const data::ImageDataset& data);

/// The rows whose part is `part`; all of them for "all".
std::vector<std::int64_t> rows_of_part(const std::vector<std::string>& parts, const std::string& part);

}  // namespace qrs::training
