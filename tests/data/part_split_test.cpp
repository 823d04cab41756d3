// Three parts: the paper's sizes, every item once, and groups whole.
#include "qrs/data/part_split.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <vector>

#include "../error_message.hpp"

using namespace qrs::data;
using Ints = std::vector<std::int64_t>;

namespace {

/// Labels with these counts a class, class by class.
Ints labels_of(const std::vector<int>& counts) {
  Ints out;
  for (std::size_t c = 0; c < counts.size(); ++c) out.insert(out.end(), static_cast<std::size_t>(counts[c]), c);
  return out;
}

Ints counts_of(const Ints& part, const Ints& labels, std::size_t classes) {
  Ints out(classes);
  for (const std::int64_t i : part) ++out[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])];
  return out;
}

void check_partition(const PartSplit& parts, std::size_t n) {
  std::set<std::int64_t> seen;
  for (const Ints* part : {&parts.train, &parts.validation, &parts.test}) {
    CHECK(std::is_sorted(part->begin(), part->end()));
    seen.insert(part->begin(), part->end());
  }
  CHECK(seen.size() == n);
  CHECK(parts.train.size() + parts.validation.size() + parts.test.size() == n);
}

}  // namespace

TEST_CASE("the published class counts give the paper's 648, 140 and 140 images, and its classes in the test part") {
  const Ints labels = labels_of({239, 172, 233, 284});
  for (const std::int64_t seed : {0, 1, 42}) {
    const PartSplit parts = split_parts(labels, {.seed = seed});
    check_partition(parts, labels.size());
    CHECK(parts.train.size() == 648);
    CHECK(parts.validation.size() == 140);
    CHECK(counts_of(parts.test, labels, 4) == Ints{36, 26, 35, 43});
  }
  CHECK(split_parts(labels, {.seed = 1}) == split_parts(labels, {.seed = 1}));
  CHECK_FALSE(split_parts(labels, {.seed = 1}) == split_parts(labels, {.seed = 2}));
}

TEST_CASE("the cuts are scikit-learn's: the test part is train_test_split's") {
  const Ints labels = labels_of({40, 30, 50});
  const Split first = train_test_split(labels, {.test_size = 0.15, .random_state = 7});
  Ints test = first.test;
  std::sort(test.begin(), test.end());
  CHECK(split_parts(labels, {.seed = 7}).test == test);
}

TEST_CASE("with groups no group stands in two parts, and classes keep their shares") {
  const Ints labels = labels_of({239, 172, 233, 284});
  Ints groups(labels.size());  // copies as in the published set: MI(n) = MI(n - 30) and so on
  const std::vector<std::int64_t> begins = {0, 239, 411, 644};
  const std::vector<std::int64_t> distinct = {30, 86, 233, 142};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto c = static_cast<std::size_t>(labels[i]);
    groups[i] = static_cast<std::int64_t>(1000 * c) + (static_cast<std::int64_t>(i) - begins[c]) % distinct[c];
  }
  for (const std::int64_t seed : {0, 42}) {
    const PartSplit parts = split_parts(labels, {.seed = seed}, groups);
    check_partition(parts, labels.size());
    std::map<std::int64_t, std::set<int>> where;
    int part_number = 0;
    for (const Ints* part : {&parts.train, &parts.validation, &parts.test}) {
      for (const std::int64_t i : *part) where[groups[static_cast<std::size_t>(i)]].insert(part_number);
      ++part_number;
    }
    for (const auto& [group, sides] : where) CHECK(sides.size() == 1);
    const Ints test = counts_of(parts.test, labels, 4);
    const Ints whole = {36, 26, 35, 43};
    for (std::size_t c = 0; c < 4; ++c) CHECK(std::abs(test[c] - whole[c]) <= 5);  // MI comes in groups of 7 and 8
  }
}

TEST_CASE("shares that leave nothing are refused") {
  const Ints labels = labels_of({20, 20});
  using qrs::tests::error_message;
  CHECK(error_message([&] { split_parts(labels, {.test_size = 0.6, .validation_size = 0.4}); }).find("less than 1") !=
        std::string::npos);
  CHECK(error_message([&] { split_parts(labels, {.test_size = 0.0}); }).find("above 0") != std::string::npos);
}
