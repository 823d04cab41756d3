// Numbers as a reader wants them: a fixed count of decimals, "-" where there is no number.
//
// Independent of the locale, and the same bytes everywhere.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include "../core/error.hpp"
#include "../core/fixed_text.hpp"
#include "../metrics/intervals.hpp"

namespace qrs::report {

using qrs::fixed;
using qrs::no_number;

/// A score in [0, 1] or the like, as tables print it.
inline std::string score_text(double value) { return fixed(value, 4); }

/// 0.8643: "86.4 %"
inline std::string percent(double share, int digits = 1) {
  return std::isfinite(share) ? fixed(100.0 * share, digits) + "\u00A0%" : no_number;
}

/// "61 of 140 (43.6 %)"
inline std::string part_text(std::int64_t part, std::int64_t whole) {
  const double share = whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : std::nan("");
  return std::to_string(part) + " of " + std::to_string(whole) + " (" + percent(share) + ")";
}

/// "0.7977 to 0.9110"
inline std::string interval_text(const metrics::Interval& interval, int digits = 4) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return no_number;
  return fixed(interval.low, digits) + "\u00A0to\u00A0" + fixed(interval.high, digits);
}

/// Digits after which a number of a setting or a learning rate is told: six significant ones.
inline std::string short_text(double value) {
  if (!std::isfinite(value)) return no_number;
  char text[40];
  const std::to_chars_result end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6);
  return std::string(text, end.ptr);
}

/// A coordinate of a drawing: at most one decimal, no zero behind it. Throws where it is not finite: what has no
/// place is left out by the chart.
inline std::string coordinate_text(double value) {
  QRS_CHECK(std::isfinite(value), "[svg] expected a finite coordinate, got ", value);
  std::string out = fixed(value, 1);
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out;
}

}  // namespace qrs::report
