// Where numbers lie on a drawing, and which of them get a tick: multiples of 1, 2 or 5 times a power of ten.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "number_text.hpp"

namespace qrs::report {

/// The smallest of 1, 2, 5 times a power of ten that cuts the span into at most `most` parts.
inline double nice_step(double span, int most) {
  const double least = span / static_cast<double>(most);
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1.0 - 1e-9)) return factor * power;
  }
  return 10.0 * power;
}

/// Values low to high on positions from to to; a position may run backwards, as that of y does.
struct Axis {
  double low = 0.0;
  double high = 1.0;
  double from = 0.0;
  double to = 1.0;
  double step = 0.2;  // between ticks

  double operator()(double value) const { return from + (value - low) / (high - low) * (to - from); }

  std::vector<double> ticks() const {
    std::vector<double> out;
    const auto first = static_cast<std::int64_t>(std::ceil(low / step - 1e-6));
    const auto last = static_cast<std::int64_t>(std::floor(high / step + 1e-6));
    for (std::int64_t i = first; i <= last; ++i) out.push_back(static_cast<double>(i) * step);
    return out;
  }
  /// As many decimals as tell the ticks apart.
  std::string label(double value) const {
    return fixed(value, std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 12));
  }
};

/// An axis over the finite ones of the values, widened to whole steps; from zero where the values are near it. Without values
/// it is 0 to 1.
inline Axis axis_over(const std::vector<double>& values, int most_ticks) {
  Axis axis;
  bool any = false;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    axis.low = any ? std::min(axis.low, value) : value;
    axis.high = any ? std::max(axis.high, value) : value;
    any = true;
  }
  if (!any) return {};
  if (axis.low > 0.0 && axis.low < 0.5 * axis.high) axis.low = 0.0;
  // Values all alike, or so close or so large that a step would vanish beside them, get one unit of room.
  const double size = std::max(std::abs(axis.low), std::abs(axis.high));
  if (axis.high - axis.low <= 1e-9 * size || axis.high == axis.low) {
    const double room = size > 0.0 ? size : 1.0;
    axis.low -= axis.low == 0.0 ? 0.0 : room;
    axis.high += room;
  }
  axis.step = nice_step(axis.high - axis.low, most_ticks);
  axis.low = std::floor(axis.low / axis.step + 1e-6) * axis.step;
  axis.high = std::ceil(axis.high / axis.step - 1e-6) * axis.step;
  return axis;
}

}  // namespace qrs::report
