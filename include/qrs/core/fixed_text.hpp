// A number with a fixed count of decimals, as tables print it; "-" where there is no number.
//
// Independent of the locale, and the same bytes everywhere.
#pragma once

#include <charconv>
#include <cmath>
#include <string>

namespace qrs {

inline constexpr const char* no_number = "-";

/// 0.8643 with two digits: "0.86". "-" for NaN and infinities; never "-0.00".
inline std::string fixed(double value, int digits) {
  if (!std::isfinite(value)) return no_number;
  char text[400];
  const std::to_chars_result end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits);
  std::string out(text, end.ptr);
  const bool zero = out.find_first_not_of("-0.") == std::string::npos;
  return zero && out[0] == '-' ? out.substr(1) : out;
}

}  // namespace qrs
