// The temperature of a trained network, from its validation images: what makes its probabilities calibrated.
//
//   const Outputs validation = outputs_of(net, samples, 32);      the network sees the images once
//   const std::optional<double> t = calibrate(validation);        none: no temperature calibrates this network
//   probabilities(test, *t), probabilities(test)                  calibrated, and as they come
#pragma once

#include <cstdint>
#include <optional>
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

/// The temperature fitted to samples that training has not seen. None where the best one lies at or beyond the bounds of the fit:
/// a network that learned nothing, or that is right on every one of too few samples, is not calibrated by any.
inline std::optional<double> calibrate(const Outputs& validation) {
  const metrics::Temperature fit = metrics::fit_temperature(validation.labels, {validation.logits, validation.classes},
                                                            class_labels(validation.classes));
  if (fit.at_bound) return std::nullopt;
  return fit.value;
}

}  // namespace qrs::training
