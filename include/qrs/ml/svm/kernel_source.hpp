// Where the rows of a problem's kernel matrix come from: a matrix computed beforehand, the caller's own, or the samples.
//
// KernelSource belongs to one fit and is shared by all its problems; KernelRows is one problem's view of it, over the
// columns that are active there. Rows are floats, as LIBSVM keeps them, whatever the type of the samples.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "../../core/array.hpp"
#include "kernel_product.hpp"

namespace qrs::ml::svm {

/// The training samples of one fit. Points are numbered as the caller ordered them.
template <class T>
class KernelSource {
 public:
  KernelSource(const Kernel& kernel, Matrix<T> samples) : kernel_(kernel), points_(std::move(samples)) {}
  /// Precomputed: K of points a and b stands at given(index[a], index[b]).
  KernelSource(const Kernel& kernel, MatrixView<T> given, Array<std::int64_t> index)
      : kernel_(kernel), given_(given), index_(std::move(index)) {}

  const Kernel& kernel() const { return kernel_; }
  const Points<T>& points() const { return points_; }
  std::int64_t size() const { return kernel_.precomputed() ? index_.size() : points_.x.rows(); }
  /// Whether rows are looked up, not computed.
  bool stored() const { return kernel_.precomputed() || whole_.rows() > 0; }

  /// Computes the matrix of all points, each pair once; rows are then read from it.
  void compute_whole() {
    const std::int64_t n = size();
    Array<std::int32_t> all(n);
    for (std::int64_t i = 0; i < n; ++i) all[i] = static_cast<std::int32_t>(i);
    const KernelColumns<T> columns(points_, all);
    whole_ = Matrix<float>(n, n);
    parallel_chunks(n, tile::rows, [&](std::int64_t begin, std::int64_t end) {
      TileRows<T> rows;
      rows.set(points_, ArrayView<const std::int32_t>(all).part(begin, end - begin));
      tile::Sums<T> values;
      T row[tile::cols<T>];
      for (std::int64_t panel = begin / tile::cols<T>; panel < columns.panels(); ++panel) {  // from the diagonal on
        const std::int64_t column = panel * tile::cols<T>;
        kernel_tile(kernel_, rows, columns, panel, values);
        for (std::int64_t r = begin; r < end; ++r) {
          std::memcpy(row, values.at[r - begin], sizeof row);
          const std::int64_t count = std::min<std::int64_t>(tile::cols<T>, n - column);
          for (std::int64_t c = 0; c < count; ++c) whole_(r, column + c) = static_cast<float>(row[c]);
        }
      }
    });
    constexpr std::int64_t block = 32;
    parallel_chunks(n, block, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t from = 0; from < end; from += block) {
        for (std::int64_t i = begin; i < end; ++i) {
          for (std::int64_t j = from; j < std::min(i, from + block); ++j) whole_(i, j) = whole_(j, i);
        }
      }
    });
  }

  /// K(a, b) of a stored matrix.
  float at(std::int32_t a, std::int32_t b) const {
    if (!kernel_.precomputed()) return whole_(a, b);
    return static_cast<float>(given_(index_[a], index_[b]));
  }

  /// K(a, a), as float.
  float diagonal(std::int32_t a) const {
    if (stored()) return at(a, a);
    if (kernel_.kind == KernelKind::rbf) return 1.0F;
    const Points<T>& points = points_;
    const std::int32_t which[1] = {a};
    TileRows<T> rows;
    rows.set(points, which);
    tile::Sums<T> values;
    kernel_tile(kernel_, rows, KernelColumns<T>(points, which), 0, values);
    return static_cast<float>(values.at[0][0][0]);
  }

  /// sum over b of coefficients[b] * K(rows[r], columns[b]) with kernel values as floats.
  Array<double> product(ArrayView<const std::int32_t> rows, ArrayView<const std::int32_t> columns,
                        ArrayView<const double> coefficients) const {
    Array<double> out(rows.size(), 0.0);
    if (rows.empty() || columns.empty()) return out;
    // Both ways add the same lanes in the same order, so a stored matrix gives the bits of a computed one.
    constexpr auto width = tile::cols<T>;
    Array<double> padded((columns.size() + width - 1) / width * width, 0.0);
    std::copy(coefficients.begin(), coefficients.end(), padded.begin());
    if (stored()) {
      parallel_chunks(rows.size(), 256, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) {
          Doubles sum{};
          for (std::int64_t first = 0; first < columns.size(); first += double_lanes) {
            float values[double_lanes] = {};
            for (std::int64_t b = first; b < std::min(columns.size(), first + double_lanes); ++b) {
              // The row of the column's point, as the solver reads it: a given matrix may not be symmetric to the last bit.
              values[b - first] = at(columns[b], rows[r]);
            }
            sum += widen(values) * simd::load(padded.data() + first);
          }
          out[r] = sum_lanes(sum);
        }
      });
      return out;
    }
    const KernelColumns<T> packed(points_, columns);
    kernel_product(kernel_, points_, rows, packed, padded.data(),
                   {.outputs = 1, .group_panels = {0, packed.panels()}, .round_to_float = true}, out.data());
    return out;
  }

 private:
  Kernel kernel_;
  Points<T> points_;
  Matrix<float> whole_;
  MatrixView<T> given_;
  Array<std::int64_t> index_;
};

/// Rows of the kernel matrix of one problem, over its active columns.
template <class T>
class KernelRows {
 public:
  explicit KernelRows(const KernelSource<T>& source) : source_(source) {}

  /// How many rows are best computed together: a tile of them costs little more than one.
  std::int64_t batch() const { return source_.stored() ? 1 : tile::rows; }
  /// The columns from now on, as points of the source.
  void restrict_to(Array<std::int32_t> columns) {
    columns_ = std::move(columns);
    packed_ = KernelColumns<T>();
  }

  /// Rows of these points. Each `to` has room for the columns rounded up to `padding`.
  void compute(ArrayView<const std::int32_t> which, ArrayView<float* const> to) {
    if (source_.stored()) {
      for (std::int64_t r = 0; r < which.size(); ++r) gather(which[r], to[r]);
      return;
    }
    if (packed_.panels() == 0) packed_ = KernelColumns<T>(source_.points(), columns_);
    TileRows<T> rows;
    rows.set(source_.points(), which);
    // Worth a second thread from a few million multiply-adds on.
    const std::int64_t work = tile::rows * tile::cols<T> * std::max<std::int64_t>(packed_.features(), 16);
    parallel_chunks(packed_.panels(), (std::int64_t{1} << 23) / work + 1, [&](std::int64_t begin, std::int64_t end) {
      tile::Sums<T> values;
      T row[tile::cols<T>];
      for (std::int64_t panel = begin; panel < end; ++panel) {
        kernel_tile(source_.kernel(), rows, packed_, panel, values);
        for (std::int64_t r = 0; r < which.size(); ++r) {
          std::memcpy(row, values.at[r], sizeof row);
          float* out = to[r] + panel * tile::cols<T>;
          for (std::int64_t c = 0; c < tile::cols<T>; ++c) out[c] = static_cast<float>(row[c]);
        }
      }
    });
  }

  /// Columns of a row's storage are a multiple of this.
  static constexpr std::int64_t padding = 64;

 private:
  void gather(std::int32_t point, float* to) const {
    for (std::int64_t c = 0; c < columns_.size(); ++c) to[c] = source_.at(point, columns_[c]);
    std::fill(to + columns_.size(), to + (columns_.size() + padding - 1) / padding * padding, 0.0F);
  }

  const KernelSource<T>& source_;
  Array<std::int32_t> columns_;
  KernelColumns<T> packed_;
};

}  // namespace qrs::ml::svm
