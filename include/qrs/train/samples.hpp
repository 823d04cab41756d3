// Samples: the rows of a data set that one part of an experiment uses, such as its training images.
//
//   train::Samples test{&data, split.test};      train::Samples everything = train::all(data);
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../core/sha256.hpp"
#include "../data/image_dataset.hpp"

namespace qrs::train {

struct Samples {
  const data::ImageDataset* data = nullptr;  // must outlive this
  std::vector<std::int64_t> rows;            // of data->images, in the order wanted

  std::int64_t size() const { return static_cast<std::int64_t>(rows.size()); }
  std::int64_t label(std::int64_t i) const {
    return data->labels[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])];
  }
};

/// Every image of a data set, in its order.
inline Samples all(const data::ImageDataset& data) {
  Samples out{&data, std::vector<std::int64_t>(static_cast<std::size_t>(data.size()))};
  std::iota(out.rows.begin(), out.rows.end(), std::int64_t{0});
  return out;
}

/// Throws unless there is at least one sample, every row exists and every label is in [0, classes). `what` names them in
/// messages: "training".
inline void check_samples(std::string_view op, std::string_view what, const Samples& samples, std::int64_t classes) {
  QRS_CHECK(samples.data != nullptr && samples.size() > 0, "[", op, "] expected at least one ", what,
            " image, got none");
  const data::ImageDataset& data = *samples.data;
  QRS_CHECK(data.images.rank() == 3 && data.images.size() > 0, "[", op, "] expected ", what,
            " images (N, H, W), got shape ", data.images.shape());
  QRS_CHECK(data.images.dim(0) == data.size(), "[", op, "] expected one label for each of ", data.images.dim(0),
            " images, got ", data.size());
  for (const std::int64_t row : samples.rows) {
    QRS_CHECK(row >= 0 && row < data.size(), "[", op, "] expected rows in [0, ", data.size(), ") for the ", what,
              " images, got ", row);
    const std::int64_t label = data.labels[static_cast<std::size_t>(row)];
    QRS_CHECK(label >= 0 && label < classes, "[", op, "] expected labels in [0, ", classes,
              "), as the network has classes, got ", label, " for ", what, " image ", row);
  }
}

/// SHA-256 of the size, pixels and labels of the samples in their order: what must be the same when a run goes on.
inline std::string samples_sha256(const Samples& samples) {
  const Tensor<std::uint8_t>& images = samples.data->images;
  Sha256 hash;
  hash.update(std::as_bytes(images.shape().extents().subspan(1)));
  const std::int64_t pixels = images.dim(1) * images.dim(2);
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    const std::int64_t label = samples.label(i);
    hash.update(&label, sizeof label);
    hash.update(images.data() + samples.rows[static_cast<std::size_t>(i)] * pixels, static_cast<std::size_t>(pixels));
  }
  return hash.hex();
}

}  // namespace qrs::train
