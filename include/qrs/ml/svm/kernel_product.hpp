// Sums of kernel values: what a decision value is, and what a gradient is rebuilt from.
//
//   out[r][g][o] = sum over the columns c of group g of K(row r, column c) * coefficients[o][c]
//
// Each kernel value is computed once, used for every output, and never stored; sums are float64 in a fixed order. Groups
// are runs of whole panels (the support vectors of one class), so a column takes part in the sums of its group only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "kernel.hpp"

namespace qrs::ml::svm {

/// As many floats as there are doubles in a register, widened.
using Doubles = simd::Vec<double>;
typedef float HalfFloats __attribute__((vector_size(simd::register_bytes / 2)));
inline constexpr std::int64_t double_lanes = simd::lanes<double>;

inline Doubles widen(const float* from) {
  HalfFloats v;
  std::memcpy(&v, from, sizeof v);
  return __builtin_convertvector(v, Doubles);
}
inline Doubles widen(const double* from) { return simd::load(from); }

/// Sum of the lanes, in their order.
inline double sum_lanes(Doubles v) {
  double sum = 0.0;
  for (int i = 0; i < double_lanes; ++i) sum += v[i];
  return sum;
}

struct KernelProductParams {
  std::int64_t outputs = 1;
  Array<std::int64_t> group_panels;  // first panel of each group, and one past the last panel
  bool round_to_float = false;  // kernel values as a cache of floats holds them: a gradient must be that of its rows
};

/// coefficients: [output][panels * columns of a panel], 0 where a column is padding. out: (rows, groups, outputs).
template <class T>
void kernel_product(const Kernel& kernel, const Points<T>& points, ArrayView<const std::int32_t> rows,
                    const KernelColumns<T>& columns, const double* coefficients, const KernelProductParams& p,
                    double* out) {
  constexpr std::int64_t tiles = 4;  // of a task: its rows share each panel while it is in the first cache
  constexpr std::int64_t width = tile::cols<T>;
  const std::int64_t groups = p.group_panels.size() - 1;
  const std::int64_t stride = columns.panels() * width;
  parallel_chunks(rows.size(), tiles * tile::rows, [&](std::int64_t begin, std::int64_t end) {
    TileRows<T> left[tiles];
    const std::int64_t used = (end - begin + tile::rows - 1) / tile::rows;
    for (std::int64_t t = 0; t < used; ++t) {
      const std::int64_t first = begin + t * tile::rows;
      left[t].set(points, rows.part(first, std::min<std::int64_t>(tile::rows, end - first)));
    }
    Scratch<double> sums(tiles * tile::rows * p.outputs * double_lanes);
    tile::Sums<T> values;
    T row[width];
    for (std::int64_t group = 0; group < groups; ++group) {
      std::fill_n(sums.data(), tiles * tile::rows * p.outputs * double_lanes, 0.0);
      for (std::int64_t panel = p.group_panels[group]; panel < p.group_panels[group + 1]; ++panel) {
        for (std::int64_t t = 0; t < used; ++t) {
          kernel_tile(kernel, left[t], columns, panel, values);
          for (std::int64_t r = 0; r < tile::rows; ++r) {
            std::memcpy(row, values.at[r], sizeof row);
            if constexpr (std::is_same_v<T, double>) {
              if (p.round_to_float) {
                for (T& value : row) value = static_cast<double>(static_cast<float>(value));
              }
            }
            double* to = sums.data() + (t * tile::rows + r) * p.outputs * double_lanes;
            for (std::int64_t o = 0; o < p.outputs; ++o) {
              const double* coefficient = coefficients + o * stride + panel * width;
              Doubles sum = simd::load(to + o * double_lanes);
              for (std::int64_t c = 0; c < width; c += double_lanes) {
                sum += widen(row + c) * simd::load(coefficient + c);
              }
              simd::store(to + o * double_lanes, sum);
            }
          }
        }
      }
      for (std::int64_t r = begin; r < end; ++r) {
        for (std::int64_t o = 0; o < p.outputs; ++o) {
          out[(r * groups + group) * p.outputs + o] =
              sum_lanes(simd::load(sums.data() + ((r - begin) * p.outputs + o) * double_lanes));
        }
      }
    }
  });
}

}  // namespace qrs::ml::svm
