// Where the bins of each feature end: cut points at weighted quantiles, as XGBoost's sketch chooses them.
//
// A feature with at most max_bin distinct values gets one bin a value. Otherwise the distinct values and their ranks form a
// summary, which is thinned in steps, last to max_bin + 1 entries of nearly equal rank distance; all but the first are the
// cuts, and the last cut is a number above every value.
// Source: Chen and Guestrin, XGBoost, KDD 2016, appendix (weighted quantile summary, prune). XGBoost builds its summary of
// more than about 16 max_bin rows from approximate parts; here it is always of all rows, so cuts of larger data may differ
// from XGBoost's by a few ranks.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "../matrix.hpp"

namespace qrs::ml::boosting {

/// Cuts of all features: those of feature f are values[begin[f]] ... values[begin[f + 1] - 1], ascending. A value v is in
/// the first bin whose cut is > v.
struct QuantileCuts {
  Array<std::int32_t> begin{0};
  Array<float> values;
  Array<float> minimum;     // a number below every value of the feature
  Array<char> has_missing;  // whether a row had no value

  std::int64_t features() const { return begin.size() - 1; }
  std::int32_t bins(std::int64_t feature) const { return begin[feature + 1] - begin[feature]; }
  ArrayView<const float> of(std::int64_t feature) const {
    return ArrayView<const float>(values).part(begin[feature], bins(feature));
  }
};

namespace detail {

/// A distinct value, the weight below it (r_min), the weight up to it (r_max) and its own.
struct RankedValue {
  float r_min = 0.0f;
  float r_max = 0.0f;
  float weight = 0.0f;
  float value = 0.0f;

  float next_r_min() const { return r_min + weight; }
  float previous_r_max() const { return r_max - weight; }
};

/// Keeps at most `size` entries: the ends, and those nearest to equally spaced ranks.
inline void prune_summary(Array<RankedValue>& summary, std::int64_t size) {
  if (summary.size() <= size) return;
  const Array<RankedValue> all = std::move(summary);
  const float first = all.front().r_max;
  const float range = all.back().r_min - first;
  const std::int64_t steps = size - 1;
  const std::int64_t last = all.size() - 1;
  summary.assign(1, all.front());
  std::int64_t at = 1;
  std::int64_t taken = 0;
  for (std::int64_t k = 1; k < steps; ++k) {
    const float twice = 2.0f * (static_cast<float>(k) * range / static_cast<float>(steps) + first);
    while (at < last && twice >= all[at + 1].r_max + all[at + 1].r_min) ++at;
    if (at == last) break;
    const std::int64_t nearest = twice < all[at].next_r_min() + all[at + 1].previous_r_max() ? at : at + 1;
    if (nearest != taken) {
      summary.push_back(all[nearest]);
      taken = nearest;
    }
  }
  if (taken != last) summary.push_back(all[last]);
}

/// Entries that XGBoost's sketch of `rows` values keeps for `bins` bins: it has levels of this size, and 2^levels of them
/// must hold the rows.
inline std::int64_t sketch_size(std::int64_t rows, std::int64_t bins) {
  for (std::int64_t levels = 1;; ++levels) {
    const std::int64_t size = std::min(rows, levels * bins * 8 + 1);
    if (levels >= 62 || (size << std::min<std::int64_t>(levels, 32)) >= rows) return size;
  }
}

/// An integer of the same order as the float.
inline std::uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}
inline float from_ordered_bits(std::uint32_t key) {
  return std::bit_cast<float>((key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key);
}

/// Sorts by the upper 32 bits in three passes of 11 bits; the lower 32 travel along.
inline void radix_sort(Array<std::uint64_t>& items, Array<std::uint64_t>& scratch) {
  if (items.size() < 512) {
    std::stable_sort(items.begin(), items.end(), [](std::uint64_t a, std::uint64_t b) { return a >> 32 < b >> 32; });
    return;
  }
  scratch.resize(items.size());
  for (const int shift : {32, 43, 54}) {
    Array<std::size_t> start(2049, 0);
    for (const std::uint64_t item : items) ++start[((item >> shift) & 2047u) + 1];
    for (std::int64_t d = 1; d < start.size(); ++d) start[d] += start[d - 1];
    for (const std::uint64_t item : items) scratch[start[(item >> shift) & 2047u]++] = item;
    items.swap(scratch);
  }
}

/// The summary of a column: (ordered bits of the value, row) sorted by value.
inline Array<RankedValue> summarize(ArrayView<const std::uint64_t> sorted, ArrayView<const float> weight) {
  Array<RankedValue> out;
  double below = 0.0;
  for (std::int64_t i = 0; i < sorted.size();) {
    const auto key = static_cast<std::uint32_t>(sorted[i] >> 32);
    double w = 0.0;
    for (; i < sorted.size() && static_cast<std::uint32_t>(sorted[i] >> 32) == key; ++i) {
      w += weight.empty() ? 1.0 : static_cast<double>(weight[static_cast<std::uint32_t>(sorted[i])]);
    }
    if (w == 0.0) continue;  // rows of weight 0 make no cut
    out.push_back(
        {static_cast<float>(below), static_cast<float>(below + w), static_cast<float>(w), from_ordered_bits(key)});
    below += w;
  }
  return out;
}

}  // namespace detail

/// A value as the trees see it: float32, NaN where it is missing. Minus zero is zero.
template <class T>
float seen_value(T value, double missing) {
  const auto out = static_cast<float>(value);
  return out == static_cast<float>(missing) ? std::numeric_limits<float>::quiet_NaN() : out + 0.0f;
}

/// Calls body(feature, items) for every feature with its present values as (ordered bits, row), rows ascending. Columns
/// are read sixteen at a time, a cache line of each row.
template <class T, class Body>
void for_each_column(MatrixView<T> x, double missing, const Body& body) {
  constexpr std::int64_t width = 16;
  parallel_chunks(x.cols(), width, [&](std::int64_t begin, std::int64_t end) {
    Array<Array<std::uint64_t>> columns(end - begin);
    for (auto& column : columns) column.reserve(x.rows());
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (std::int64_t j = begin; j < end; ++j) {
        const float value = seen_value(x(i, j), missing);
        if (std::isnan(value)) continue;
        columns[j - begin].push_back(static_cast<std::uint64_t>(detail::ordered_bits(value)) << 32 |
                                     static_cast<std::uint64_t>(i));
      }
    }
    for (std::int64_t j = begin; j < end; ++j) {
      body(j, columns[j - begin]);
      columns[j - begin] = {};
    }
  });
}

/// The cuts of a matrix. `weight` is empty or one a row.
template <class T>
QuantileCuts make_cuts(MatrixView<T> x, ArrayView<const float> weight, std::int64_t max_bin, double missing) {
  Array<Array<float>> cuts(x.cols());
  QuantileCuts out;
  out.minimum.resize(x.cols());
  out.has_missing.resize(x.cols());
  for_each_column(x, missing, [&](std::int64_t f, Array<std::uint64_t>& items) {
    Array<std::uint64_t> scratch;
    const std::int64_t present = items.size();
    out.has_missing[f] = present < x.rows() ? 1 : 0;
    detail::radix_sort(items, scratch);
    Array<detail::RankedValue> summary = detail::summarize(items, weight);
    const std::int64_t first_size = std::min(present, 8 * max_bin);
    const std::int64_t bins = std::min(first_size, max_bin);
    float above = 1e-5f;  // a column without values
    out.minimum[f] = above;
    if (!summary.empty()) {
      detail::prune_summary(summary, detail::sketch_size(present, std::min(present, max_bin)));
      detail::prune_summary(summary, first_size);
      detail::prune_summary(summary, bins + 1);
      const float lowest = summary.front().value;
      out.minimum[f] = lowest - std::abs(lowest) - 1e-5f;
      for (std::int64_t i = 1; i < std::min(summary.size(), bins); ++i) {
        cuts[f].push_back(summary[i].value);
      }
      above = summary.back().value;
    }
    cuts[f].push_back(above + (std::abs(above) + 1e-5f));
  });
  for (const Array<float>& cut : cuts) {
    out.values.insert(out.values.end(), cut.begin(), cut.end());
    out.begin.push_back(static_cast<std::int32_t>(out.values.size()));
  }
  return out;
}

}  // namespace qrs::ml::boosting
