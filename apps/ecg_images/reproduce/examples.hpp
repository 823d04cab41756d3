// Pictures for the page: an example of each class before and after preprocessing, and the test images that were missed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../report/results.hpp"
#include "plan.hpp"
#include "qrs/data/image_dataset.hpp"

namespace qrs::reproduce {

/// The first image of each class. The picture before preprocessing is there where the files are: not of a .safetensors source.
std::vector<ecg_images::ExampleRecord> class_examples(const Plan& plan, const data::ImageDataset& data);

/// The test images that `best` got wrong, with what every model of the repeat said of them.
std::vector<ecg_images::ExampleRecord> missed_images(const ecg_images::RunRecord& run,
                                                     const ecg_images::ModelRecord& best,
                                                     const std::vector<std::int64_t>& test_rows,
                                                     const data::ImageDataset& data);

}  // namespace qrs::reproduce
