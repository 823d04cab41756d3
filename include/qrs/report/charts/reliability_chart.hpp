// Is a model as often right as it says: for predictions of like confidence, how many are right, beside how sure they were.
//
// A dot on the diagonal is calibrated, below it too sure. The area of a dot grows with the number of its predictions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../../metrics/probability.hpp"
#include "../chart.hpp"

namespace qrs::report {

inline Markup reliability_chart(const std::string& title, const std::vector<metrics::ReliabilityBin>& bins) {
  Chart chart(title, Axis{}, Axis{}, {.width = 360.0, .height = 330.0, .top = 12.0});
  chart.draw_axes("mean confidence", "share right");
  chart.svg().line(chart.at(0.0, 0.0), chart.at(1.0, 1.0), "mark");
  std::int64_t total = 0;
  for (const metrics::ReliabilityBin& bin : bins) total += bin.count;
  std::vector<Point> points;
  for (const metrics::ReliabilityBin& bin : bins) {
    if (bin.count > 0) points.push_back({bin.mean_probability, bin.share_true});
  }
  chart.draw_series(points, 0);
  for (const metrics::ReliabilityBin& bin : bins) {
    if (bin.count == 0 || !std::isfinite(bin.mean_probability) || !std::isfinite(bin.share_true)) continue;
    const double part = static_cast<double>(bin.count) / static_cast<double>(total);
    chart.svg().circle(chart.at(bin.mean_probability, bin.share_true), 2.5 + 11.0 * std::sqrt(part), "dot");
  }
  return chart.finish();
}

}  // namespace qrs::report
