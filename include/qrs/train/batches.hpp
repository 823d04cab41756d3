// Batches: the order in which an epoch takes its images, and their pixels as a network takes them.
//
//   order of epoch e = permutation drawn by Mt19937 with a seed that Philox gives for (seed, e)
//   x[n, h, w, c]    = v / 255, the same for every c
//
// The order depends on the seed and the epoch alone: a run that was broken off and goes on draws the same batches.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../core/parallel.hpp"
#include "../core/philox.hpp"
#include "../core/rng.hpp"
#include "../image/transform.hpp"
#include "../models/model.hpp"
#include "augment.hpp"
#include "samples.hpp"
#include "streams.hpp"

namespace qrs::train {

/// The positions 0 ... count - 1 in the order that epoch (counted from 1) takes them.
inline std::vector<std::int64_t> epoch_order(std::uint64_t seed, std::int64_t epoch, std::int64_t count) {
  const PhiloxBlock block = philox_block(seed, stream_of(epoch, StreamUse::order), 0);
  return Mt19937(block.words[0]).permutation(count);
}

template <class T>
struct Batch {
  Tensor<T> images;             // (N, H, W, C)
  Tensor<std::int64_t> labels;  // (N)
};

/// How an epoch changes its images.
struct Augmentation {
  AugmentOptions options = {};
  std::uint64_t seed = 0;
  std::int64_t epoch = 1;
};

/// The samples at these positions of `samples.rows`.
template <class T>
Batch<T> make_batch(const Samples& samples, std::span<const std::int64_t> positions, std::int64_t channels,
                    const Augmentation& change = {}) {
  const Tensor<std::uint8_t>& source = samples.data->images;
  const auto count = static_cast<std::int64_t>(positions.size());
  const std::int64_t height = source.dim(1);
  const std::int64_t width = source.dim(2);
  const std::int64_t pixels = height * width;
  Batch<T> batch{Tensor<T>({count, height, width, channels}), Tensor<std::int64_t>({count})};
  parallel_for(count, [&](std::int64_t n) {
    const std::int64_t position = positions[static_cast<std::size_t>(n)];
    const std::int64_t row = samples.rows[static_cast<std::size_t>(position)];
    batch.labels.data()[n] = samples.label(position);
    const image::Image page =
        augmented(image::Image(height, width, 1, {source.data() + row * pixels, static_cast<std::size_t>(pixels)}),
                  change.options, change.seed, change.epoch, row);
    T* to = batch.images.data() + n * pixels * channels;
    image::to_input<T>(page, channels, {to, static_cast<std::size_t>(pixels * channels)});
  });
  return batch;
}

}  // namespace qrs::train
