// Loss and accuracy of a network epoch by epoch, on the training and on the validation images.
//
// A line across marks the epoch whose weights were kept.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "../chart.hpp"
#include "../epoch_record.hpp"

namespace qrs::report {

namespace detail {

inline Markup curve_chart(const std::string& title, const std::string& name, const std::vector<EpochRecord>& epochs,
                          std::int64_t best_epoch, double EpochRecord::*train, double EpochRecord::*validation) {
  std::vector<Point> training;
  std::vector<Point> held_out;
  std::vector<double> values;
  std::vector<double> numbers = {1.0};
  for (const EpochRecord& epoch : epochs) {
    const auto x = static_cast<double>(epoch.epoch);
    training.push_back({x, epoch.*train});
    held_out.push_back({x, epoch.*validation});
    values.insert(values.end(), {epoch.*train, epoch.*validation});
    numbers.push_back(x);
  }
  Axis x = axis_over(numbers, 10);
  x.low = 1.0;
  x.high = std::max(2.0, *std::max_element(numbers.begin(), numbers.end()));
  x.step = std::max(1.0, x.step);
  Chart chart(title, x, axis_over(values, 6));
  chart.draw_axes("epoch", name);
  if (best_epoch > 0 && static_cast<double>(best_epoch) <= x.high) {
    const double at = chart.x()(static_cast<double>(best_epoch));
    chart.svg().line({at, chart.y().from}, {at, chart.y().to}, "mark");
  }
  chart.draw_series(training, 0);
  chart.draw_series(held_out, 1);
  chart.draw_legend({"training", "validation"});
  return chart.finish();
}

}  // namespace detail

inline Markup loss_chart(const std::string& model, const std::vector<EpochRecord>& epochs, std::int64_t best_epoch) {
  return detail::curve_chart("Loss of " + model + " by epoch", "loss", epochs, best_epoch, &EpochRecord::train_loss,
                             &EpochRecord::validation_loss);
}

inline Markup accuracy_chart(const std::string& model, const std::vector<EpochRecord>& epochs,
                             std::int64_t best_epoch) {
  return detail::curve_chart("Accuracy of " + model + " by epoch", "accuracy", epochs, best_epoch,
                             &EpochRecord::train_accuracy, &EpochRecord::validation_accuracy);
}

}  // namespace qrs::report
