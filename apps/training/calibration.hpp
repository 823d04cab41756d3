// The temperature of a trained network, from its validation images: what makes its probabilities calibrated.
//
//   const Outputs validation = outputs_of(net, samples, 32);      the network sees the images once
//   const double t = calibrate(validation).value;
//   probabilities(test, t), probabilities(test)                   calibrated, and as they come
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../models/instances.hpp"
#include "class_labels.hpp"
#include "qrs/metrics/temperature.hpp"
#include "qrs/train/predict.hpp"

namespace qrs::training {

/// What a network says of samples, beside the truth.
struct Outputs {
  std::int64_t classes = 0;
  std::vector<double> logits;  // (N, classes) row-major
  std::vector<std::int64_t> labels;
};

inline Outputs outputs_of(models::Model<float>& net, const train::Samples& samples, std::int64_t batch_size,
                          const train::Progress& progress = {}) {
  const Tensor<float> z = train::logits(net, samples, batch_size, progress);  // (N, classes)
  Outputs out{.classes = z.dim(1), .logits = {z.data(), z.data() + z.size()}, .labels = {}};
  for (std::int64_t i = 0; i < samples.size(); ++i) out.labels.push_back(samples.label(i));
  return out;
}

/// softmax(logits / temperature) of each row.
inline std::vector<double> probabilities(const Outputs& outputs, double temperature = 1.0) {
  std::vector<double> out(outputs.logits.size());
  const auto classes = static_cast<std::size_t>(outputs.classes);
  for (std::size_t at = 0; at < out.size(); at += classes) {
    metrics::tempered_softmax(std::span(outputs.logits).subspan(at, classes), temperature,
                              std::span(out).subspan(at, classes));
  }
  return out;
}

/// Fits the temperature to samples that training has not seen.
inline metrics::Temperature calibrate(const Outputs& validation) {
  return metrics::fit_temperature(validation.labels, {validation.logits, validation.classes},
                                  class_labels(validation.classes));
}

}  // namespace qrs::training
