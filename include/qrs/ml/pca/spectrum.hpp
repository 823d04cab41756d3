// What a decomposition of centred data gives: the directions, how much of the variance each explains, and how many are
// wanted.
//
//   A = X - mean = U S V^T        components = rows of V^T        explained variance = S^2 / (n - 1)
//
// Sign: the loading of a component that is largest in absolute value (the first, where several are) is positive. That is
// scikit-learn's rule since 1.5; 1.2.1 took the sign from U, so its components may be the negatives of ours.
// Source of the automatic number: Minka, Automatic choice of dimensionality for PCA, NIPS 13, 2000, eq. (30).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../matrix.hpp"
#include "../parameters.hpp"

namespace qrs::ml::pca {

/// A decomposition, the largest singular value first.
template <class T>
struct Spectrum {
  Array<double> singular_values;     // all that were computed
  Array<double> explained_variance;  // of each of them
  double total_variance = 0.0;       // of all features together
  Matrix<T> components;              // (wanted, features)
};

/// Gives every component its sign.
template <class T>
void fix_signs(Matrix<T>& components) {
  for (std::int64_t i = 0; i < components.rows(); ++i) {
    T* row = components.row(i);
    const T* largest =
        std::max_element(row, row + components.cols(), [](T a, T b) { return std::abs(a) < std::abs(b); });
    if (*largest >= T(0)) continue;
    for (std::int64_t j = 0; j < components.cols(); ++j) row[j] = -row[j];
  }
}

/// Minka's evidence for `rank` components, as its logarithm; rank is from 1 to spectrum.size() - 1.
inline double evidence(ArrayView<const double> spectrum, std::int64_t rank, std::int64_t samples) {
  constexpr double eps = 1e-15;
  const auto features = spectrum.size();
  const auto n = static_cast<double>(samples);
  const auto k = static_cast<double>(rank);
  const auto d = static_cast<double>(features);
  if (spectrum[rank - 1] < eps) return -std::numeric_limits<double>::infinity();
  double volume = -k * std::numbers::ln2;
  double logs = 0.0;
  for (std::int64_t i = 1; i <= rank; ++i) {
    const double half = static_cast<double>(features - i + 1) / 2.0;
    volume += std::lgamma(half) - std::log(std::numbers::pi) * half;
    logs += std::log(spectrum[i - 1]);
  }
  const double rest = std::accumulate(spectrum.begin() + rank, spectrum.end(), 0.0) / (d - k);
  const double noise = std::max(eps, rest);
  const double parameters = d * k - k * (k + 1.0) / 2.0;
  double curvature = 0.0;
  for (std::int64_t i = 0; i < rank; ++i) {
    const double own = spectrum[i];
    for (std::int64_t j = i + 1; j < features; ++j) {
      const double other = spectrum[j];
      const double smoothed = j < rank ? other : noise;
      curvature += std::log((own - other) * (1.0 / smoothed - 1.0 / own)) + std::log(n);
    }
  }
  return volume - logs * n / 2.0 - std::log(noise) * n * (d - k) / 2.0 +
         std::log(2.0 * std::numbers::pi) * (parameters + k) / 2.0 - curvature / 2.0 - k * std::log(n) / 2.0;
}

/// The number of components with the greatest evidence.
inline std::int64_t likely_dimension(ArrayView<const double> spectrum, std::int64_t samples) {
  std::int64_t best = 0;
  double highest = -std::numeric_limits<double>::infinity();
  for (std::int64_t rank = 1; rank < spectrum.size(); ++rank) {
    const double value = evidence(spectrum, rank, samples);
    if (value > highest) highest = value, best = rank;
  }
  return best;
}

/// How many components of a whole spectrum `n_components` means: none (all), a count, a share of the variance that the
/// components together must exceed, or "mle". Checked before (Pca::fit).
inline std::int64_t wanted_components(const ParamValue& n_components, ArrayView<const double> explained_variance,
                                      std::int64_t most, std::int64_t samples) {
  if (n_components.is_none()) return most;
  if (n_components.is_integer()) return n_components.as_integer();
  if (n_components.is_word()) return likely_dimension(explained_variance, samples);
  const double total = std::accumulate(explained_variance.begin(), explained_variance.end(), 0.0);
  QRS_CHECK(total > 0.0, "[pca] expected features that vary, for n_components = ", n_components.text(),
            " of the variance, got constant ones");
  double sum = 0.0;
  std::int64_t count = 0;
  for (const double variance : explained_variance) {
    sum += variance / total;
    if (sum > n_components.as_number()) break;
    ++count;
  }
  return std::min(count + 1, most);
}

}  // namespace qrs::ml::pca
