// A fast kernel before its judge: matrices whose gaps tell who strays into them, random shapes, and one comparison.
//
//   Draw draw(seed);
//   const auto x = operand<float>(draw, rows, cols, gap);                 // NaN in the gaps: a read of them shows
//   const auto y = target<float>(draw, rows, cols, gap, accumulate);      // marks in the gaps: a write shows
//   CHECK(judge<float>({y}, {}, [&](auto& out) { fast(x.data(), out[0].data()); },
//                      [&](auto& out) { ref(x.data(), out[0].data()); }) == "");
//
// Values are multiples of 1/16 in [-1, 1]. Products are then multiples of 1/256, and sums of up to 65536 of them have no
// rounding in float: whatever the order of a sum and the contraction of a product, a linear kernel has its judge's values
// exactly, so one product left out or counted twice shows, however small it is. Values with all their bits, and a tolerance,
// show instead what a kernel rounds away: Draw(seed, Values::all_bits).
#pragma once

#include <qrs/core/compare.hpp>
#include <qrs/core/error.hpp>
#include <qrs/core/parallel.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../sanitised.hpp"

namespace qrs::testing {

enum class Values { sixteenths, all_bits };

/// Random choices, the same for a seed on every machine.
class Draw {
 public:
  explicit Draw(std::uint64_t seed, Values values = Values::sixteenths) : engine_(seed), values_(values) {}

  /// One of low, low + 1, ..., high.
  std::int64_t in(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool coin() { return in(0, 1) == 1; }
  /// A number in [low, high]; the ends are multiples of 1/16.
  double value(double low = -1.0, double high = 1.0) {
    const double steps = values_ == Values::sixteenths ? 16.0 : 16777216.0;
    return static_cast<double>(in(static_cast<std::int64_t>(steps * low), static_cast<std::int64_t>(steps * high))) /
           steps;
  }

 private:
  std::mt19937_64 engine_;
  Values values_;
};

/// rows x cols values with `gap` foreign ones behind every row, and a few before the first and behind the last.
template <class T>
class Matrix {
 public:
  Matrix(std::int64_t rows, std::int64_t cols, std::int64_t gap, T foreign)
      : rows_(rows),
        cols_(cols),
        pitch_(cols + gap),
        values_(static_cast<std::size_t>(2 * beside + rows * pitch_), foreign) {}

  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }
  std::int64_t pitch() const { return pitch_; }
  T* data() { return values_.data() + beside; }
  const T* data() const { return values_.data() + beside; }

  /// The rows alone, one behind the other.
  std::vector<T> own() const {
    std::vector<T> out;
    out.reserve(static_cast<std::size_t>(rows_ * cols_));
    for (std::int64_t r = 0; r < rows_; ++r) out.insert(out.end(), data() + r * pitch_, data() + r * pitch_ + cols_);
    return out;
  }
  /// Everything else.
  std::vector<T> foreign() const {
    std::vector<T> out(values_.begin(), values_.begin() + beside);
    for (std::int64_t r = 0; r < rows_; ++r) {
      out.insert(out.end(), data() + r * pitch_ + cols_, data() + (r + 1) * pitch_);
    }
    out.insert(out.end(), values_.end() - beside, values_.end());
    return out;
  }
  /// All rows with their gaps, as a kernel may address them.
  std::vector<T> block() const { return {data(), data() + rows_ * pitch_}; }
  void set_block(const std::vector<T>& values) { std::copy(values.begin(), values.end(), data()); }

 private:
  static constexpr std::int64_t beside = 64;  // values: one register of the widest kind, and more
  std::int64_t rows_;
  std::int64_t cols_;
  std::int64_t pitch_;
  std::vector<T> values_;
};

/// A matrix that a kernel reads.
template <class T>
Matrix<T> operand(Draw& draw, std::int64_t rows, std::int64_t cols, std::int64_t gap = 0, double low = -1.0,
                  double high = 1.0) {
  Matrix<T> out(rows, cols, gap, std::numeric_limits<T>::quiet_NaN());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) out.data()[r * out.pitch() + c] = static_cast<T>(draw.value(low, high));
  }
  return out;
}

/// A matrix that a kernel writes: NaN stands in its rows where the kernel may not add to what is there.
template <class T>
Matrix<T> target(Draw& draw, std::int64_t rows, std::int64_t cols, std::int64_t gap, bool accumulate, double low = -1.0,
                 double high = 1.0) {
  Matrix<T> out(rows, cols, gap, T(-77.25));
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      out.data()[r * out.pitch() + c] =
          accumulate ? static_cast<T>(draw.value(low, high)) : std::numeric_limits<T>::quiet_NaN();
    }
  }
  return out;
}

/// A few roundings of T beside numbers of about 1: other polynomials, other contractions, another order of sums.
template <class T>
constexpr Tolerance roundings(double count) {
  return {.absolute = count * static_cast<double>(std::numeric_limits<T>::epsilon()),
          .relative = count * static_cast<double>(std::numeric_limits<T>::epsilon())};
}

/// What is wrong with the fast kernel, or nothing. It and its judge each fill copies of `before`; the fast one does it
/// once for each number of threads and gives the same bits every time.
template <class T, class Fast, class Ref>
std::string judge(const std::vector<Matrix<T>>& before, Tolerance tolerance, const Fast& fast, const Ref& ref,
                  std::initializer_list<int> thread_counts = {1, 2, 3, 7}) {
  std::vector<Matrix<T>> expected = before;
  ref(expected);
  std::vector<Matrix<T>> first;
  for (const int threads : thread_counts) {
    // The thread sanitiser slows the start of threads a hundredfold and sees with three what it sees with seven.
    if (tests::thread_sanitised && threads != 1 && threads != 3) continue;
    const ThreadLimit limit(threads);
    std::vector<Matrix<T>> got = before;
    fast(got);
    if (first.empty()) first = got;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::string where =
          text("target ", i, " (", before[i].rows(), " x ", before[i].cols(), "), threads ", threads, ": ");
      const std::vector<T> wanted = expected[i].own();
      if (!qrs::same_bits(expected[i].foreign(), before[i].foreign()))
        return where + "the judge writes beside its rows";
      if (!std::all_of(wanted.begin(), wanted.end(), [](T value) { return std::isfinite(value); })) {
        return where + "the judge computes what is no finite number";
      }
      if (!qrs::same_bits(got[i].foreign(), before[i].foreign())) return where + "writes beside its rows";
      if (const std::string wrong = qrs::mismatch(got[i].own(), wanted, tolerance); !wrong.empty())
        return where + wrong;
      if (!qrs::same_bits(got[i].own(), first[i].own())) return where + "other bits than with one thread";
    }
  }
  return "";
}

}  // namespace qrs::testing
