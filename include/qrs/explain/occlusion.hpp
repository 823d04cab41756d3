// Occlusion: what a class loses when a patch of the image is covered, for patches all over the image.
//
//   Tensor<float> map = occlusion(net, image, target, {.patch = 32, .stride = 16});      (1, H, W, C) -> (H, W)
//
//   d(q) = p(class | image) - p(class | image with patch q covered);     map(y, x) = mean of d over the patches on (y, x)
//
// p is the softmax of logits / temperature, in double. Positive: the patch speaks for the class; negative: against it. Patches begin at
// 0, stride, 2 stride, ... and once more flush with the far edge, so that every pixel is covered.
// Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, section 4.2. They plot d at
// the patch's centre; here each pixel has the mean of the patches that cover it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "../metrics/temperature.hpp"
#include "grad_cam.hpp"

namespace qrs::explain {

/// What a covered pixel becomes.
enum class Cover {
  mean,   // each channel's mean over the image: grey
  white,  // 1, an empty page
};

struct OcclusionOptions {
  std::int64_t patch = 32;   // side, in pixels of the network's input
  std::int64_t stride = 16;  // from patch to patch; at most `patch`
  Cover cover = Cover::mean;
  double temperature = 1.0;                                                  // of the softmax (metrics/temperature.hpp)
  std::int64_t batch = 16;                                                   // covered images in one forward pass
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};  // after each pass, in images
};

namespace detail {

/// Where patches begin along an axis of `size` pixels.
inline std::vector<std::int64_t> patch_starts(std::int64_t size, std::int64_t patch, std::int64_t stride) {
  std::vector<std::int64_t> out;
  for (std::int64_t at = 0; at + patch < size; at += stride) out.push_back(at);
  out.push_back(size - patch);
  return out;
}

/// softmax(logits / temperature)[target] of each row, (N, classes).
template <class T>
std::vector<double> class_probability(const Tensor<T>& logits, std::int64_t target, double temperature) {
  const Tensor<double> rows = logits.template cast<double>();
  std::vector<double> p(static_cast<std::size_t>(rows.channels()));
  std::vector<double> out;
  for (std::int64_t n = 0; n < rows.rows(); ++n) {
    metrics::tempered_softmax(rows.values().subspan(static_cast<std::size_t>(n) * p.size(), p.size()), temperature, p);
    out.push_back(p[static_cast<std::size_t>(target)]);
  }
  return out;
}

}  // namespace detail

/// The map of one image (1, H, W, C) for class `target`; see the head of this file. Throws where the network is in training
/// mode, or patch and stride do not fit the image.
template <class T>
Tensor<T> occlusion(models::Model<T>& net, const Tensor<T>& image, std::int64_t target,
                    const OcclusionOptions& options = {}) {
  detail::check_explained("occlusion", net, image, target);
  const std::int64_t height = image.dim(1);
  const std::int64_t width = image.dim(2);
  const std::int64_t channels = image.dim(3);
  QRS_CHECK(options.patch >= 1 && options.patch <= std::min(height, width), "[occlusion] expected a patch of 1 to ",
            std::min(height, width), " pixels, got ", options.patch);
  QRS_CHECK(options.stride >= 1 && options.stride <= options.patch, "[occlusion] expected a stride of 1 to ",
            options.patch, ", the patch, got ", options.stride);
  QRS_CHECK(options.batch >= 1, "[occlusion] expected a batch of at least 1, got ", options.batch);
  const NoRecording<T> off;
  const Tensor<T> whole = image.as_contiguous();

  std::vector<T> cover(static_cast<std::size_t>(channels), T(1));
  if (options.cover == Cover::mean) {
    for (std::int64_t c = 0; c < channels; ++c) {
      double sum = 0.0;
      for (std::int64_t p = 0; p < height * width; ++p) sum += static_cast<double>(whole.data()[p * channels + c]);
      cover[static_cast<std::size_t>(c)] = static_cast<T>(sum / static_cast<double>(height * width));
    }
  }

  const std::vector<std::int64_t> tops = detail::patch_starts(height, options.patch, options.stride);
  const std::vector<std::int64_t> lefts = detail::patch_starts(width, options.patch, options.stride);
  const auto columns = static_cast<std::int64_t>(lefts.size());
  const auto patches = static_cast<std::int64_t>(tops.size()) * columns;
  const auto top_of = [&](std::int64_t q) { return tops[static_cast<std::size_t>(q / columns)]; };
  const auto left_of = [&](std::int64_t q) { return lefts[static_cast<std::size_t>(q % columns)]; };

  const double before = detail::class_probability(net.forward(whole).value(), target, options.temperature).front();
  std::vector<double> drop(static_cast<std::size_t>(height * width), 0.0);
  std::vector<std::int64_t> covered(drop.size(), 0);  // by how many patches
  for (std::int64_t first = 0; first < patches; first += options.batch) {
    const std::int64_t count = std::min(options.batch, patches - first);
    Tensor<T> batch({count, height, width, channels});  // (N, H, W, C)
    for (std::int64_t n = 0; n < count; ++n) {
      whole.copy_into(batch.batch_range(n, 1));
      for (std::int64_t y = 0; y < options.patch; ++y) {
        T* row = batch.data() + ((n * height + top_of(first + n) + y) * width + left_of(first + n)) * channels;
        for (std::int64_t x = 0; x < options.patch; ++x) std::copy(cover.begin(), cover.end(), row + x * channels);
      }
    }
    const std::vector<double> after =
        detail::class_probability(net.forward(batch).value(), target, options.temperature);
    for (std::int64_t n = 0; n < count; ++n) {
      for (std::int64_t y = top_of(first + n); y < top_of(first + n) + options.patch; ++y) {
        for (std::int64_t x = left_of(first + n); x < left_of(first + n) + options.patch; ++x) {
          drop[static_cast<std::size_t>(y * width + x)] += before - after[static_cast<std::size_t>(n)];
          ++covered[static_cast<std::size_t>(y * width + x)];
        }
      }
    }
    if (options.progress) options.progress(first + count, patches);
  }
  Tensor<T> map({height, width});  // (H, W)
  for (std::size_t p = 0; p < drop.size(); ++p)
    map.data()[p] = static_cast<T>(drop[p] / static_cast<double>(covered[p]));
  return map;
}

}  // namespace qrs::explain
