#include "examples.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>

#include "../../decoders/jpeg_decoder.hpp"
#include "qrs/image/decode.hpp"
#include "qrs/image/encode.hpp"
#include "qrs/image/resize.hpp"
#include "qrs/io/file.hpp"

namespace qrs::reproduce {

namespace {

constexpr std::int64_t before_width = 300;  // pixels of a picture before preprocessing
constexpr std::int64_t missed_side = 112;   // of a missed image

std::vector<std::uint8_t> png(const image::Image& picture) {
  const std::vector<std::byte> bytes = image::encode_png(picture);
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {begin, begin + bytes.size()};
}

/// Image `row` as the network sees it.
image::Image prepared(const data::ImageDataset& data, std::int64_t row) {
  const std::int64_t height = data.images.dim(1);
  const std::int64_t width = data.images.dim(2);
  const auto pixels = static_cast<std::size_t>(height * width);
  return {height, width, 1, std::span<const std::uint8_t>(data.images.data() + row * height * width, pixels)};
}

/// The picture in the file, made small.
std::vector<std::uint8_t> original(const Plan& plan, const std::string& path) {
  const image::Image page =
      image::decode(io::read_file(path), path,
                    {.jpeg = jpeg_decoder(), .most_bytes = datasets::most_bytes_of(plan.data.picture_memory)})
          .image;
  const std::int64_t height = std::max<std::int64_t>(1, page.height() * before_width / page.width());
  return png(page.width() > before_width ? image::resize(page, height, before_width) : page);
}

}  // namespace

std::vector<ecg_images::ExampleRecord> class_examples(const Plan& plan, const data::ImageDataset& data) {
  std::vector<ecg_images::ExampleRecord> out;
  const std::string& source = plan.data.source;
  const std::filesystem::path folder =  // that a table's paths are relative to
      source.ends_with(".csv") ? std::filesystem::path(source).parent_path() : std::filesystem::path(source);
  for (std::int64_t c = 0; c < data.classes(); ++c) {
    const auto found = std::find(data.labels.begin(), data.labels.end(), c);
    if (found == data.labels.end()) continue;
    const std::int64_t row = found - data.labels.begin();
    ecg_images::ExampleRecord example;
    example.file = data.files[static_cast<std::size_t>(row)];
    example.label = c;
    example.after_png = png(prepared(data, row));
    if (!source.ends_with(".safetensors")) example.before_png = original(plan, (folder / example.file).string());
    out.push_back(std::move(example));
  }
  return out;
}

std::vector<ecg_images::ExampleRecord> missed_images(const ecg_images::RunRecord& run,
                                                     const ecg_images::ModelRecord& best,
                                                     const std::vector<std::int64_t>& test_rows,
                                                     const data::ImageDataset& data) {
  std::vector<ecg_images::ExampleRecord> out;
  for (std::size_t i = 0; i < test_rows.size(); ++i) {
    if (best.test_predicted[i] == run.test_labels[i]) continue;
    ecg_images::ExampleRecord missed;
    missed.file = run.test_files[i];
    missed.label = run.test_labels[i];
    missed.leaked = run.test_leaked[i] != 0;
    for (const auto* models : {&run.backbones, &run.classifiers}) {
      for (const ecg_images::ModelRecord& model : *models)
        missed.predicted.emplace_back(model.name, model.test_predicted[i]);
    }
    missed.after_png = png(image::resize(prepared(data, test_rows[i]), missed_side, missed_side));
    out.push_back(std::move(missed));
  }
  return out;
}

}  // namespace qrs::reproduce
