// How far numbers are from their reference, and where: the one comparator of spans, of tensors and of pairs.
//
// Two questions, two answers. Difference measures: the largest error, relative to the largest reference value, as a
// table of errors shows it. mismatch() judges: every element within absolute + relative * |expected|, as a test asks.
//
//   CHECK(difference(probabilities, expected).relative() < 1e-6);
//   CHECK(mismatch(probabilities, expected, {.absolute = 1e-7, .relative = 1e-6}) == "");
//
//   Difference worst;  // pairs that a formula gives, one by one
//   for (int k = 0; k < n; ++k) worst.add(dot(q.row(k), q.row(k)), 1.0);
//   CHECK(worst.max_error < 1e-14);
//
// A value that is not a number (NaN) on one side only, and an infinity that the other side misses, are an infinite
// error. std::max(worst, error) forgets a NaN; no comparison here passes by accident.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "error.hpp"

namespace qrs {

/// |got - expected| of one pair; infinite where exactly one is NaN or an infinity is missed.
inline double element_error(double got, double expected) {
  if (got == expected || (std::isnan(got) && std::isnan(expected))) return 0.0;
  const double error = std::fabs(got - expected);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

/// The pair furthest from its reference among those added.
struct Difference {
  double max_error = 0.0;      // max |got - expected|
  double max_reference = 0.0;  // max |expected| of the finite ones
  std::int64_t pairs = 0;      // how many were added
  std::int64_t element = -1;   // which of them max_error belongs to, counted from 0; -1 where all are equal
  double got = 0.0;            // its two values
  double expected = 0.0;

  /// Takes the next pair. An error that is already one is added as add(error, 0.0).
  void add(double next_got, double next_expected) {
    const double error = element_error(next_got, next_expected);
    const double size = std::fabs(next_expected);
    if (std::isfinite(size) && size > max_reference) max_reference = size;
    if (error > max_error) {
      max_error = error;
      element = pairs;
      got = next_got;
      expected = next_expected;
    }
    ++pairs;
  }
  /// The largest error in units of the largest reference value; the error itself where the reference is all zero.
  double relative() const { return max_reference > 0.0 ? max_error / max_reference : max_error; }
  /// "max error 2e-07 (relative 1e-07) at element 5: got 1.5, expected 1.5000002"
  std::string text() const {
    return qrs::text("max error ", max_error, " (relative ", relative(), ") at element ", element, ": got ", got,
                     ", expected ", expected);
  }
};

/// An element passes where |got - expected| <= absolute + relative * |expected|, and never with an infinite error.
struct Tolerance {
  double absolute = 0.0;
  double relative = 0.0;
};

/// Counts the pairs outside a tolerance and keeps the worst: what mismatch() is made of.
class Mismatch {
 public:
  explicit Mismatch(Tolerance tolerance) : tolerance_(tolerance) {}

  /// Takes the next pair.
  void add(double got, double expected) {
    const std::int64_t element = pairs_++;
    const double error = element_error(got, expected);
    const double allowed = tolerance_.absolute + tolerance_.relative * std::fabs(expected);
    if (error == 0.0 || (std::isfinite(error) && error <= allowed)) return;
    const double excess = std::isfinite(error) && std::isfinite(allowed) ? error - allowed : error;
    if (outside_++ > 0 && !(excess > worst_excess_)) return;
    worst_excess_ = excess;
    worst_ = element;
    worst_got_ = got;
    worst_expected_ = expected;
  }
  /// Empty where all pairs are within the tolerance, else how many are not and the worst of them. `of` follows the
  /// worst element's number: " of (2, 3)".
  std::string text(std::string_view of = {}) const {
    if (outside_ == 0) return {};
    return qrs::text(outside_, " of ", pairs_, " elements differ, the worst is element ", worst_, of, ": got ",
                     worst_got_, ", expected ", worst_expected_, " within ", tolerance_.absolute, " + ",
                     tolerance_.relative, " |expected|");
  }

 private:
  Tolerance tolerance_;
  std::int64_t pairs_ = 0;
  std::int64_t outside_ = 0;
  std::int64_t worst_ = -1;
  double worst_excess_ = 0.0;
  double worst_got_ = 0.0;
  double worst_expected_ = 0.0;
};

/// Numbers that lie side by side: a vector, an array, a span. A tensor is none, its rows may lie apart.
template <class R>
concept Numbers = requires(const R& values) {
  std::begin(values);
  std::size(values);
  requires std::is_arithmetic_v<std::remove_cvref_t<decltype(*std::data(values))>>;
};

/// Measures. As many values on both sides, of any types.
template <Numbers A, Numbers B>
Difference difference(const A& got, const B& expected) {
  QRS_CHECK(std::ssize(got) == std::ssize(expected), "[compare] expected ", std::size(expected), " values, got ",
            std::size(got));
  Difference out;
  for (std::ptrdiff_t i = 0; i < std::ssize(got); ++i) {
    out.add(static_cast<double>(std::data(got)[i]), static_cast<double>(std::data(expected)[i]));
  }
  return out;
}

/// Judges: an empty text where every element is within the tolerance, else how many are not and the worst of them.
template <Numbers A, Numbers B>
std::string mismatch(const A& got, const B& expected, Tolerance tolerance = {}) {
  if (std::ssize(got) != std::ssize(expected)) {
    return text("expected ", std::size(expected), " values, got ", std::size(got));
  }
  Mismatch out(tolerance);
  for (std::ptrdiff_t i = 0; i < std::ssize(got); ++i) {
    out.add(static_cast<double>(std::data(got)[i]), static_cast<double>(std::data(expected)[i]));
  }
  return out.text();
}

/// True where all bits are equal. Stricter than ==: it tells 0 from -0 and accepts equal NaNs.
template <Numbers A, Numbers B>
bool same_bits(const A& a, const B& b) {
  static_assert(
      std::is_same_v<std::remove_cvref_t<decltype(*std::data(a))>, std::remove_cvref_t<decltype(*std::data(b))>>);
  return std::ssize(a) == std::ssize(b) &&
         (std::size(a) == 0 || std::memcmp(std::data(a), std::data(b), std::size(a) * sizeof(*std::data(a))) == 0);
}

}  // namespace qrs
