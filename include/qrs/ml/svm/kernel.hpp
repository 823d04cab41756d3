// Kernels of support vector machines, computed tile by tile on the register tile of the matrix product.
//
//   linear       x . y
//   poly         (gamma x . y + coef0) ^ degree
//   rbf          exp(-gamma |x - y|^2)          with |x - y|^2 = |x|^2 + |y|^2 - 2 x . y
//   sigmoid      tanh(gamma x . y + coef0)
//   precomputed  the sample's row holds the kernel values themselves
//
// A value depends on its two rows alone, never on the tile, the thread or the order it was asked for in, and K(x, y) has
// the bits of K(y, x): norms are summed as the products are, so the distance of equal rows is exactly 0. Rows should be
// centred for rbf (the distance does not change, the cancellation does).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../../core/memory.hpp"
#include "../../kernels.hpp"
#include "../matrix.hpp"

namespace qrs::ml::svm {

namespace tile = kernels::tile;

/// In the order of LIBSVM's numbers.
enum class KernelKind { linear, poly, rbf, sigmoid, precomputed };

/// The words of scikit-learn, in the order of KernelKind. LIBSVM writes poly as "polynomial".
inline constexpr std::array<std::string_view, 5> kernel_names{"linear", "poly", "rbf", "sigmoid", "precomputed"};

struct Kernel {
  KernelKind kind = KernelKind::rbf;
  double gamma = 1.0;
  double coef0 = 0.0;
  std::int64_t degree = 3;

  bool precomputed() const { return kind == KernelKind::precomputed; }
  bool operator==(const Kernel&) const = default;
};

/// Samples of a size whose squares leave T (1e30 as float, say) are multiplied by a power of two, for rbf alone: distances
/// scale, and gamma by the inverse square. Values of a usual size stay as they are: then the factor is 1.
template <class T>
double scale_samples(const Kernel& kernel, Matrix<T>& centred) {
  if (kernel.kind != KernelKind::rbf) return 1.0;
  double largest = 0.0;
  for (const T value : centred.values()) largest = std::max(largest, std::abs(static_cast<double>(value)));
  constexpr int usual = std::is_same_v<T, double> ? 250 : 30;
  if (!(largest > 0.0) || !std::isfinite(largest) || std::abs(std::ilogb(largest)) <= usual) return 1.0;
  const int exponent = -std::ilogb(largest);
  for (std::int64_t i = 0; i < centred.rows(); ++i) {
    for (std::int64_t j = 0; j < centred.cols(); ++j) {
      centred(i, j) = static_cast<T>(std::ldexp(static_cast<double>(centred(i, j)), exponent));
    }
  }
  return std::ldexp(1.0, exponent);
}
/// The kernel of samples that were multiplied by `factor`.
inline Kernel scaled_kernel(Kernel kernel, double factor) {
  if (factor != 1.0) kernel.gamma = kernel.gamma / factor / factor;
  return kernel;
}

/// |x|^2 of at most tile::cols rows that stand `pitch` apart: the diagonal of their product with themselves, by the tile that
/// computes every other product. A loop of its own may be compiled without fused multiply-adds, and then a distance of a
/// point from itself would not be 0.
template <class T>
void squared_norms(const T* x, std::int64_t count, std::int64_t features, std::int64_t pitch, T* out) {
  constexpr int lanes = simd::lanes<T>;
  Scratch<T> panel(features * tile::cols<T>);
  tile::transpose_panel(features, count, x, pitch, panel.data());
  for (std::int64_t begin = 0; begin < count; begin += tile::rows) {
    const T* rows[tile::rows];
    for (std::int64_t r = 0; r < tile::rows; ++r) rows[r] = x + std::min(begin + r, count - 1) * pitch;
    tile::Sums<T> products;
    tile::multiply<T, 2>(products, rows, 1, features, panel.data(), false);
    for (std::int64_t i = begin; i < std::min<std::int64_t>(count, begin + tile::rows); ++i) {
      out[i] = products.at[i - begin][i / lanes][i % lanes];
    }
  }
}

/// Samples and their squared norms: the left side of a kernel product.
template <class T>
struct Points {
  Matrix<T> x;     // (count, features)
  Array<T> norms;  // (count)

  Points() = default;
  explicit Points(Matrix<T> rows) : x(std::move(rows)), norms(x.rows()) {
    parallel_chunks(x.rows(), tile::cols<T>, [&](std::int64_t begin, std::int64_t end) {
      squared_norms(x.row(begin), end - begin, x.cols(), x.cols(), norms.data() + begin);
    });
  }
};

/// Samples packed into panels for the tile: the right side of a kernel product.
template <class T>
class KernelColumns {
 public:
  KernelColumns() = default;
  /// The points of these indices; -1 stands for a column of zeros.
  KernelColumns(const Points<T>& points, ArrayView<const std::int32_t> which)
      : features_(points.x.cols()), panels_(tile::panels<T>(which.size())) {
    constexpr std::int64_t width = tile::cols<T>;
    packed_.resize(panels_ * features_ * width);
    norms_.resize(panels_ * width);
    parallel_chunks(panels_, 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t p = begin; p < end; ++p) pack(points, which, p);
    });
  }

  std::int64_t features() const { return features_; }
  std::int64_t panels() const { return panels_; }
  const T* panel(std::int64_t p) const { return packed_.data() + p * features_ * tile::cols<T>; }
  const T* norms(std::int64_t p) const { return norms_.data() + p * tile::cols<T>; }

 private:
  void pack(const Points<T>& points, ArrayView<const std::int32_t> which, std::int64_t p) {
    constexpr std::int64_t width = tile::cols<T>;
    constexpr std::int64_t depth = 16;  // values of each point per block: one cache line of floats
    T* to = packed_.data() + p * features_ * width;
    const std::int64_t count = std::min<std::int64_t>(width, which.size() - p * width);
    for (std::int64_t begin = 0; begin < features_; begin += depth) {
      const std::int64_t end = std::min(features_, begin + depth);
      for (std::int64_t c = 0; c < count; ++c) {
        const std::int32_t point = which[p * width + c];
        if (point < 0) continue;
        const T* from = points.x.row(point);
        for (std::int64_t l = begin; l < end; ++l) to[l * width + c] = from[l];
      }
    }
    for (std::int64_t c = 0; c < count; ++c) {
      const std::int32_t point = which[p * width + c];
      if (point >= 0) norms_[p * width + c] = points.norms[point];
    }
  }

  std::int64_t features_ = 0;
  std::int64_t panels_ = 0;
  Array<T> packed_;  // [panel][feature][column]
  Array<T> norms_;   // [panel][column]
};

namespace detail {

template <class T>
simd::Vec<T> power(simd::Vec<T> base, std::int64_t exponent) {
  simd::Vec<T> out = simd::broadcast(T(1));
  for (; exponent > 0; exponent /= 2, base *= base) {
    if (exponent % 2 == 1) out *= base;
  }
  return out;
}

/// f(product, |x|^2 + |y|^2) on every register of a tile.
template <class T, class F>
inline void transform(tile::Sums<T>& sums, const T* row_norms, const T* column_norms, const F& f) {
  for (int v = 0; v < 2; ++v) {
    const simd::Vec<T> column = simd::load(column_norms + v * simd::lanes<T>);
    for (int r = 0; r < tile::rows; ++r) sums.at[r][v] = f(sums.at[r][v], row_norms[r] + column);
  }
}

}  // namespace detail

/// The rows of one tile: pointers and norms, repeated past `count` so that every row of the tile exists.
template <class T>
struct TileRows {
  const T* at[tile::rows];
  T norms[tile::rows];

  void set(const Points<T>& points, ArrayView<const std::int32_t> which) {
    for (std::int64_t r = 0; r < tile::rows; ++r) {
      const std::int32_t point = which[std::min(r, which.size() - 1)];
      at[r] = points.x.row(point);
      norms[r] = points.norms[point];
    }
  }
};

/// Kernel values of a tile's rows and one panel of columns.
template <class T>
inline void kernel_tile(const Kernel& kernel, const TileRows<T>& rows, const KernelColumns<T>& columns, std::int64_t p,
                        tile::Sums<T>& out) {
  tile::multiply<T, 2>(out, rows.at, 1, columns.features(), columns.panel(p), false);
  const T gamma = static_cast<T>(std::min(kernel.gamma, static_cast<double>(std::numeric_limits<T>::max())));
  const T coef0 = static_cast<T>(kernel.coef0);
  using Vec = simd::Vec<T>;
  switch (kernel.kind) {
    case KernelKind::rbf:
      detail::transform(out, rows.norms, columns.norms(p), [=](Vec product, Vec norms) {
        const Vec distance = norms - (product + product);
        return simd::exp(-gamma * simd::max<T>(distance, Vec{}));
      });
      break;
    case KernelKind::poly:
      detail::transform(out, rows.norms, columns.norms(p),
                        [&](Vec product, Vec) { return detail::power<T>(gamma * product + coef0, kernel.degree); });
      break;
    case KernelKind::sigmoid:
      detail::transform(out, rows.norms, columns.norms(p),
                        [=](Vec product, Vec) { return simd::tanh(gamma * product + coef0); });
      break;
    case KernelKind::linear:
    case KernelKind::precomputed:
      break;
  }
}

}  // namespace qrs::ml::svm
