// The share of the variance that each principal component explains, and their running sum.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../chart.hpp"

namespace qrs::report {

/// `ratios`: shares of the variance, largest first.
inline Markup scree_chart(const std::string& title, const std::vector<double>& ratios) {
  const auto count = static_cast<double>(ratios.size());
  Axis x{.low = 0.5, .high = std::max(1.0, count) + 0.5, .step = std::max(1.0, nice_step(std::max(1.0, count), 10))};
  Chart chart(title, x, Axis{}, {.width = 460.0});
  chart.draw_axes("component", "share of variance");
  const double width = chart.x()(1.0) - chart.x()(0.0);
  std::vector<Point> sums;
  double sum = 0.0;
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    const auto component = static_cast<double>(i + 1);
    const double ratio = std::isfinite(ratios[i]) ? std::clamp(ratios[i], 0.0, 1.0) : 0.0;
    sum += ratio;
    const Point top = chart.at(component, ratio);
    const double bar = std::min(0.8 * width, 28.0);
    chart.svg().rectangle({top.x - 0.5 * bar, top.y}, bar, chart.y().from - top.y, fill_of(0));
    sums.push_back({component, std::min(sum, 1.0)});
  }
  chart.draw_series(sums, 1);
  if (sums.size() <= 24) {
    for (const Point& p : sums) chart.svg().circle(chart.at(p.x, p.y), 2.5, fill_of(1));
  }
  chart.draw_legend({"each component", "running sum"});
  return chart.finish();
}

}  // namespace qrs::report
