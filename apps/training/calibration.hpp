// The temperature of a trained network, from its validation images: what makes its probabilities calibrated.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "../models/instances.hpp"
#include "qrs/metrics/temperature.hpp"
#include "qrs/train/predict.hpp"

namespace qrs::training {

/// Logits of every sample in double, row-major (N, classes).
inline std::vector<double> logits_of(models::Model<float>& net, const train::Samples& samples,
                                     std::int64_t batch_size) {
  const Tensor<float> z = train::logits(net, samples, batch_size);  // (N, classes)
  return {z.data(), z.data() + z.size()};
}

/// Fits the temperature to the labels of the samples, which training must not have seen.
inline metrics::Temperature calibrate(models::Model<float>& net, const train::Samples& validation,
                                      std::int64_t batch_size) {
  const std::vector<double> logits = logits_of(net, validation, batch_size);
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < validation.size(); ++i) labels.push_back(validation.label(i));
  const auto classes = static_cast<std::int64_t>(logits.size()) / validation.size();
  std::vector<std::int64_t> columns(static_cast<std::size_t>(classes));
  std::iota(columns.begin(), columns.end(), std::int64_t{0});
  return metrics::fit_temperature(labels, {logits, classes}, columns);
}

}  // namespace qrs::training
