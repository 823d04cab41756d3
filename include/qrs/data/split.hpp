// Random splits into train and test, index for index those of scikit-learn: train_test_split, ShuffleSplit and
// StratifiedShuffleSplit.
//
//   auto [train, test] = qrs::data::train_test_split(y, {.test_size = 0.15, .random_state = 42});   // stratified by y
//   auto [train, test] = qrs::data::train_test_split(928, {.test_size = 100});                      // plain
//
// The numbers are drawn from NumPy's legacy stream (core/rng.hpp); scikit-learn 1.2.1 and 1.9.1 give the same indices. What
// differs: there is no hidden generator, so random_state is always an integer, 0 by default.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../core/error.hpp"
#include "../core/rng.hpp"
#include "../core/rounded.hpp"

namespace qrs::data {

/// Indices of samples, of one split.
struct Split {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> test;

  bool operator==(const Split&) const = default;
};

/// How much: nothing said, a share of the samples in (0, 1), or a count of them. A floating-point number is a share, an
/// integer is a count, as in Python.
class SplitSize {
 public:
  SplitSize() = default;
  SplitSize(double share) : value_(share) {}                          // NOLINT(google-explicit-constructor)
  SplitSize(int count) : value_(static_cast<std::int64_t>(count)) {}  // NOLINT(google-explicit-constructor)
  SplitSize(std::int64_t count) : value_(count) {}                    // NOLINT(google-explicit-constructor)

  bool given() const { return value_.index() != 0; }
  bool is_share() const { return value_.index() == 1; }
  bool is_count() const { return value_.index() == 2; }
  double share() const { return std::get<double>(value_); }
  std::int64_t count() const { return std::get<std::int64_t>(value_); }
  std::string text() const { return !given() ? "none" : is_share() ? qrs::text(share()) : qrs::text(count()); }

 private:
  std::variant<std::monostate, double, std::int64_t> value_;
};

struct TrainTestSplitOptions {
  SplitSize test_size = {};   // rounded up; where neither size is given, a quarter
  SplitSize train_size = {};  // rounded down; where only one size is given, the other is the rest
  bool shuffle = true;
  std::int64_t random_state = 0;
};

struct ShuffleSplitOptions {
  std::int64_t n_splits = 10;
  SplitSize test_size = {};  // where neither size is given, a tenth
  SplitSize train_size = {};
  std::int64_t random_state = 0;
};

namespace detail {

/// A generator seeded as RandomState(random_state), which takes 32 bits.
inline Mt19937 generator(std::string_view op, std::int64_t random_state) {
  QRS_CHECK(random_state >= 0 && random_state <= 0xffffffff, "[", op, "] expected a random_state in [0, 2^32), got ",
            random_state);
  return Mt19937(static_cast<std::uint32_t>(random_state));
}

/// How many of n samples each side gets.
struct Sizes {
  std::int64_t train = 0;
  std::int64_t test = 0;
};

/// scikit-learn's rules: a share of test rounds up, one of train down.
inline Sizes split_sizes(std::string_view op, std::int64_t n, SplitSize test, SplitSize train, double default_test) {
  if (!test.given() && !train.given()) test = default_test;
  const auto check = [&](const SplitSize& size, std::string_view name) {
    const bool fine = !size.given() || (size.is_count() ? size.count() > 0 && size.count() < n
                                                        : size.share() > 0.0 && size.share() < 1.0);
    QRS_CHECK(fine, "[", op, "] expected a ", name, " in (0, 1) or a count from 1 to ", n - 1, ", got ", size.text(),
              " for ", n, " samples");
  };
  check(test, "test_size");
  check(train, "train_size");
  if (test.is_share() && train.is_share()) {
    QRS_CHECK(train.share() + test.share() <= 1.0, "[", op, "] expected test_size + train_size <= 1, got ",
              train.share() + test.share());
  }
  const auto samples = static_cast<double>(n);
  Sizes out;
  if (test.given()) {
    out.test = test.is_share() ? static_cast<std::int64_t>(std::ceil(test.share() * samples)) : test.count();
  }
  if (train.given()) {
    out.train = train.is_share() ? static_cast<std::int64_t>(std::floor(train.share() * samples)) : train.count();
  }
  if (!train.given()) out.train = n - out.test;
  if (!test.given()) out.test = n - out.train;
  QRS_CHECK(out.train + out.test <= n, "[", op, "] expected train_size + test_size <= ", n, " samples, got ",
            out.train + out.test);
  QRS_CHECK(out.train > 0, "[", op, "] expected at least one sample to train with, got none of ", n,
            " for test_size = ", test.text(), " and train_size = ", train.text());
  return out;
}

/// Samples by class, classes ascending, samples in their order.
inline std::vector<std::vector<std::int64_t>> samples_by_class(std::span<const std::int64_t> y) {
  std::vector<std::int64_t> labels(y.begin(), y.end());
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  std::vector<std::vector<std::int64_t>> out(labels.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto code = std::lower_bound(labels.begin(), labels.end(), y[i]) - labels.begin();
    out[static_cast<std::size_t>(code)].push_back(static_cast<std::int64_t>(i));
  }
  return out;
}

/// How many of `draws` samples come from each class: the floor of its share, then one each to the largest remainders,
/// equal remainders in random order.
inline std::vector<std::int64_t> allocate(const std::vector<std::int64_t>& counts, std::int64_t draws, Mt19937& rng) {
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  std::vector<std::int64_t> out(counts.size());
  std::vector<double> remainder(counts.size());
  std::int64_t missing = draws;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    // The product is rounded before the floor is taken off: equal remainders must compare equal.
    const double exact = rounded(static_cast<double>(counts[c]) / total * static_cast<double>(draws));
    out[c] = static_cast<std::int64_t>(std::floor(exact));
    remainder[c] = exact - static_cast<double>(out[c]);
    missing -= out[c];
  }
  std::vector<double> values = remainder;
  std::sort(values.begin(), values.end(), std::greater<>());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  for (std::size_t v = 0; v < values.size() && missing > 0; ++v) {
    std::vector<std::size_t> equal;
    for (std::size_t c = 0; c < counts.size(); ++c) {
      if (remainder[c] == values[v]) equal.push_back(c);
    }
    const std::int64_t now = std::min(missing, static_cast<std::int64_t>(equal.size()));
    for (const std::int64_t i : rng.choice(static_cast<std::int64_t>(equal.size()), now, false)) {
      ++out[equal[static_cast<std::size_t>(i)]];
    }
    missing -= now;
  }
  return out;
}

inline void check_splits(std::string_view op, std::int64_t n_splits) {
  QRS_CHECK(n_splits >= 1, "[", op, "] expected n_splits >= 1, got ", n_splits);
}

inline Split one_shuffle_split(std::int64_t n, const Sizes& sizes, Mt19937& rng) {
  const std::vector<std::int64_t> order = rng.permutation(n);
  Split out;
  out.test.assign(order.begin(), order.begin() + sizes.test);
  out.train.assign(order.begin() + sizes.test, order.begin() + sizes.test + sizes.train);
  return out;
}

/// What a stratified split needs of y: two samples of each class at least, one of each class on each side.
inline std::vector<std::vector<std::int64_t>> check_strata(std::string_view op, std::span<const std::int64_t> y,
                                                           const Sizes& sizes) {
  std::vector<std::vector<std::int64_t>> strata = samples_by_class(y);
  for (const std::vector<std::int64_t>& members : strata) {
    QRS_CHECK(members.size() >= 2, "[", op, "] expected at least 2 members of each class, got 1 of class ",
              y[static_cast<std::size_t>(members[0])]);
  }
  const auto classes = static_cast<std::int64_t>(strata.size());
  QRS_CHECK(sizes.train >= classes, "[", op, "] expected a train_size of at least the number of classes, ", classes,
            ", got ", sizes.train);
  QRS_CHECK(sizes.test >= classes, "[", op, "] expected a test_size of at least the number of classes, ", classes,
            ", got ", sizes.test);
  return strata;
}

inline Split one_stratified_split(const std::vector<std::vector<std::int64_t>>& strata, const Sizes& sizes,
                                  Mt19937& rng) {
  std::vector<std::int64_t> counts;
  for (const std::vector<std::int64_t>& members : strata) counts.push_back(static_cast<std::int64_t>(members.size()));
  const std::vector<std::int64_t> train_counts = allocate(counts, sizes.train, rng);
  std::vector<std::int64_t> left = counts;
  for (std::size_t c = 0; c < counts.size(); ++c) left[c] -= train_counts[c];
  const std::vector<std::int64_t> test_counts = allocate(left, sizes.test, rng);
  Split out;
  for (std::size_t c = 0; c < strata.size(); ++c) {
    const std::vector<std::int64_t> order = rng.permutation(counts[c]);
    for (std::int64_t i = 0; i < train_counts[c] + test_counts[c]; ++i) {
      const std::int64_t sample = strata[c][static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
      (i < train_counts[c] ? out.train : out.test).push_back(sample);
    }
  }
  rng.shuffle(std::span(out.train));
  rng.shuffle(std::span(out.test));
  return out;
}

}  // namespace detail

/// n_splits independent permutations of 0 ... n - 1; test is the beginning of each, train what follows.
inline std::vector<Split> shuffle_split(std::int64_t n, const ShuffleSplitOptions& options = {}) {
  detail::check_splits("shuffle_split", options.n_splits);
  const detail::Sizes sizes = detail::split_sizes("shuffle_split", n, options.test_size, options.train_size, 0.1);
  Mt19937 rng = detail::generator("shuffle_split", options.random_state);
  std::vector<Split> out;
  for (std::int64_t i = 0; i < options.n_splits; ++i) out.push_back(detail::one_shuffle_split(n, sizes, rng));
  return out;
}

/// n_splits splits with each class's share on both sides as in y. Throws where a class has fewer than 2 members or a side
/// fewer samples than there are classes.
inline std::vector<Split> stratified_shuffle_split(std::span<const std::int64_t> y,
                                                   const ShuffleSplitOptions& options = {}) {
  constexpr std::string_view op = "stratified_shuffle_split";
  detail::check_splits(op, options.n_splits);
  const detail::Sizes sizes =
      detail::split_sizes(op, static_cast<std::int64_t>(y.size()), options.test_size, options.train_size, 0.1);
  const auto strata = detail::check_strata(op, y, sizes);
  Mt19937 rng = detail::generator(op, options.random_state);
  std::vector<Split> out;
  for (std::int64_t i = 0; i < options.n_splits; ++i) out.push_back(detail::one_stratified_split(strata, sizes, rng));
  return out;
}

/// One split of n samples. Without shuffle, train is the beginning and test what follows.
inline Split train_test_split(std::int64_t n, const TrainTestSplitOptions& options = {}) {
  constexpr std::string_view op = "train_test_split";
  const detail::Sizes sizes = detail::split_sizes(op, n, options.test_size, options.train_size, 0.25);
  if (options.shuffle) {
    Mt19937 rng = detail::generator(op, options.random_state);
    return detail::one_shuffle_split(n, sizes, rng);
  }
  Split out;
  out.train.resize(static_cast<std::size_t>(sizes.train));
  out.test.resize(static_cast<std::size_t>(sizes.test));
  std::iota(out.train.begin(), out.train.end(), std::int64_t{0});
  std::iota(out.test.begin(), out.test.end(), sizes.train);
  return out;
}

/// One split of the samples labelled y, stratified by y.
inline Split train_test_split(std::span<const std::int64_t> y, const TrainTestSplitOptions& options = {}) {
  constexpr std::string_view op = "train_test_split";
  QRS_CHECK(options.shuffle, "[", op, "] expected shuffle = true for a stratified split, got false");
  const detail::Sizes sizes =
      detail::split_sizes(op, static_cast<std::int64_t>(y.size()), options.test_size, options.train_size, 0.25);
  const auto strata = detail::check_strata(op, y, sizes);
  Mt19937 rng = detail::generator(op, options.random_state);
  return detail::one_stratified_split(strata, sizes, rng);
}

/// A split of a subset as indices of the whole: `split` counts within `subset`.
inline Split within(const Split& split, std::span<const std::int64_t> subset) {
  Split out;
  for (const std::int64_t i : split.train) out.train.push_back(subset[static_cast<std::size_t>(i)]);
  for (const std::int64_t i : split.test) out.test.push_back(subset[static_cast<std::size_t>(i)]);
  return out;
}

}  // namespace qrs::data
