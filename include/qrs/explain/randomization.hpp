// Does a map depend on what the network has learnt? The rank correlation of maps of a trained and of a fresh network.
//
//   rho = correlation of the ranks of the cells of the two maps (Spearman), equal values sharing their mean rank
//
// A method that draws nearly the same map for random weights (rho near 1) shows edges of the image, not the network's
// reasons. Source: Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018, section 3.1 (all layers at once).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../metrics/delong.hpp"
#include "../models/model.hpp"

namespace qrs::explain {

/// Spearman's rank correlation of two maps of one shape, in [-1, 1]; not a number where a map is constant.
template <class T>
double rank_correlation(const Tensor<T>& a, const Tensor<T>& b) {
  QRS_CHECK(a.shape() == b.shape() && a.size() > 0, "[rank_correlation] expected two maps of one shape, got ",
            a.shape(), " and ", b.shape());
  const auto ranks = [](const Tensor<T>& map) {
    std::vector<double> values;
    for (const T value : map.as_contiguous().values()) {
      QRS_CHECK(std::isfinite(value), "[rank_correlation] expected finite values, got ", value);
      values.push_back(static_cast<double>(value));
    }
    return metrics::midranks(values);
  };
  const std::vector<double> x = ranks(a);
  const std::vector<double> y = ranks(b);
  const double mean = 0.5 * static_cast<double>(x.size() + 1);
  double xx = 0.0;
  double yy = 0.0;
  double xy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
    xy += (x[i] - mean) * (y[i] - mean);
  }
  return xx > 0.0 && yy > 0.0 ? xy / std::sqrt(xx * yy) : std::numeric_limits<double>::quiet_NaN();
}

/// The rank correlation of explain(trained) and explain(fresh): the same method and image, given as
/// explain(Model<T>&) -> Tensor<T>. `fresh` is the same architecture with weights of its own, models::create's, say.
template <class T, class Explain>
double randomization_check(models::Model<T>& trained, models::Model<T>& fresh, const Explain& explain) {
  return rank_correlation<T>(explain(trained), explain(fresh));
}

}  // namespace qrs::explain
