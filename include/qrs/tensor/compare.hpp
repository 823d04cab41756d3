// How far two tensors are from each other, and where.
//
// Two questions, two answers: difference() measures (the largest error, relative to the largest reference value: what a
// table of errors shows), mismatch() judges (every element within absolute + relative * |expected|: what a test asks).
// A value that is not a number on one side only is an infinite error, so no comparison passes by accident.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "tensor.hpp"

namespace qrs {

/// |got - expected| of one pair; infinite where exactly one is NaN or an infinity is missed.
inline double element_error(double got, double expected) {
  if (got == expected || (std::isnan(got) && std::isnan(expected))) return 0.0;
  const double error = std::fabs(got - expected);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

/// The element furthest from its reference.
struct Difference {
  double max_error = 0.0;      // max |got - expected|
  double max_reference = 0.0;  // max |expected|
  std::int64_t element = -1;   // where max_error stands, row-major; -1 where all elements are equal
  double got = 0.0;            // the two values there
  double expected = 0.0;

  /// The largest error in units of the largest reference value; the error itself where the reference is all zero.
  double relative() const { return max_reference > 0.0 ? max_error / max_reference : max_error; }
  /// "max error 2e-07 (relative 1e-07) at element 5: got 1.5, expected 1.5000002"
  std::string text() const {
    return qrs::text("max error ", max_error, " (relative ", relative(), ") at element ", element, ": got ", got,
                     ", expected ", expected);
  }
};

namespace detail {
/// Calls body(element, got, expected) in row-major order; any pitch, any device.
template <class T, class U, class Body>
void for_pairs(const Tensor<T>& got, const Tensor<U>& expected, const Body& body) {
  QRS_CHECK(got.shape() == expected.shape(), "[compare] expected shape ", expected.shape(), ", got ", got.shape());
  const Tensor<T> a = got.to(Device::cpu);
  const Tensor<U> b = expected.to(Device::cpu);
  std::int64_t element = 0;
  for (std::int64_t r = 0; r < a.rows(); ++r) {
    for (std::int64_t c = 0; c < a.channels(); ++c, ++element) {
      body(element, a.data()[r * a.pitch() + c], b.data()[r * b.pitch() + c]);
    }
  }
}
}  // namespace detail

/// Measures. The shapes must be equal; types, pitches and devices may differ.
template <class T, class U>
Difference difference(const Tensor<T>& got, const Tensor<U>& expected) {
  Difference out;
  detail::for_pairs(got, expected, [&out](std::int64_t element, T g, U e) {
    const double error = element_error(static_cast<double>(g), static_cast<double>(e));
    if (std::fabs(static_cast<double>(e)) > out.max_reference) out.max_reference = std::fabs(static_cast<double>(e));
    if (error > out.max_error) {
      out.max_error = error;
      out.element = element;
      out.got = static_cast<double>(g);
      out.expected = static_cast<double>(e);
    }
  });
  return out;
}

/// An element passes where |got - expected| <= absolute + relative * |expected|.
struct Tolerance {
  double absolute = 0.0;
  double relative = 0.0;
};

/// Judges: an empty text where every element is within the tolerance, else how many are not and the worst of them.
///   CHECK(mismatch(y, expected, {.relative = 1e-6}) == "");
template <class T, class U>
std::string mismatch(const Tensor<T>& got, const Tensor<U>& expected, Tolerance tolerance = {}) {
  if (!(got.shape() == expected.shape())) return text("expected shape ", expected.shape(), ", got ", got.shape());
  std::int64_t count = 0;
  std::int64_t worst = -1;
  double worst_excess = 0.0;
  double worst_got = 0.0;
  double worst_expected = 0.0;
  detail::for_pairs(got, expected, [&](std::int64_t element, T g, U e) {
    const double allowed = tolerance.absolute + tolerance.relative * std::fabs(static_cast<double>(e));
    const double error = element_error(static_cast<double>(g), static_cast<double>(e));
    if (error == 0.0 || error <= allowed) return;
    ++count;
    const double excess = error - (std::isnan(allowed) ? 0.0 : allowed);
    if (worst >= 0 && !(excess > worst_excess)) return;
    worst = element;
    worst_excess = excess;
    worst_got = static_cast<double>(g);
    worst_expected = static_cast<double>(e);
  });
  if (count == 0) return {};
  return text(count, " of ", got.size(), " elements differ, the worst is element ", worst, " of ", got.shape(),
              ": got ", worst_got, ", expected ", worst_expected, " within ", tolerance.absolute, " + ",
              tolerance.relative, " |expected|");
}

/// True where shapes and all bits are equal. Stricter than ==: it tells 0 from -0 and accepts equal NaNs.
template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty();
  if (!(a.shape() == b.shape())) return false;
  bool same = true;
  detail::for_pairs(a, b, [&same](std::int64_t, T x, T y) { same = same && std::memcmp(&x, &y, sizeof(T)) == 0; });
  return same;
}

}  // namespace qrs
