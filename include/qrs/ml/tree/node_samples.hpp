// The rows a tree grows on, so arranged that every node is one range, and their weights.
//
// A row's class and weight travel with its number in one word. Bootstrap draws and plain fits have small whole weights;
// then the word holds both and all class counts are integers. Other weights stand in an array beside. Rows of weight 0
// are left out.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string_view>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "ranks.hpp"

namespace qrs::ml {

class NodeSamples {
 public:
  /// `codes` is the class of each row, `weights` its weight; none: 1 each. Throws where every weight is 0.
  NodeSamples(std::string_view op, std::int64_t classes, ArrayView<const std::int32_t> codes,
              ArrayView<const double> weights)
      : classes_(classes),
        class_bits_(std::max(1, static_cast<int>(std::bit_width(static_cast<std::uint32_t>(classes - 1))))) {
    double largest = 1.0;
    double total = static_cast<double>(codes.size());
    std::int64_t kept = codes.size();
    if (!weights.empty()) {
      total = 0.0;
      kept = 0;
      for (const double weight : weights) {
        integer_ = integer_ && weight == std::floor(weight);
        largest = std::max(largest, weight);
        total += weight;
        kept += weight != 0.0 ? 1 : 0;
      }
    }
    integer_ = integer_ && total < 0x1p31 && std::bit_width(static_cast<std::uint64_t>(largest)) + class_bits_ <= 32;
    weight_ = total;
    QRS_CHECK(kept > 0 && std::isfinite(total), "[", op, "] expected a total weight that is > 0 and finite, got ",
              total);
    rows_.reserve(kept);
    words_.reserve(kept);
    if (!integer_) weights_.reserve(kept);
    std::uint32_t widest = 0;
    for (std::int64_t i = 0; i < codes.size(); ++i) {
      const double weight = weights.empty() ? 1.0 : weights[i];
      if (weight == 0.0) continue;
      const auto code = static_cast<std::uint32_t>(codes[i]);
      rows_.push_back(static_cast<std::uint32_t>(i));
      words_.push_back(integer_ ? static_cast<std::uint32_t>(weight) << class_bits_ | code : code);
      widest = std::max(widest, words_.back());
      if (!integer_) weights_.push_back(weight);
    }
    narrow_ = widest <= 0xffff;
    spare_.resize(2 * kept);
    if (!integer_) spare_weights_.resize(kept);
  }

  std::int64_t size() const { return rows_.size(); }
  std::int64_t classes() const { return classes_; }
  /// Weight of all rows.
  double weight() const { return weight_; }
  /// Whether every word holds its row's weight.
  bool integer() const { return integer_; }
  /// Whether every word fits 16 bits.
  bool narrow() const { return narrow_; }
  int class_bits() const { return class_bits_; }
  const std::uint32_t* rows() const { return rows_.data(); }
  /// Class, and where integer() the weight above it.
  const std::uint32_t* words() const { return words_.data(); }

  /// Renumbers the rows of [begin, end) from 0 in their order; returns what they were.
  Array<std::uint32_t> renumber(std::int64_t begin, std::int64_t end) {
    const auto first = rows_.begin() + begin;
    Array<std::uint32_t> origin(first, rows_.begin() + end);
    std::iota(first, rows_.begin() + end, 0u);
    return origin;
  }

  std::int64_t class_of(std::int64_t at) const {
    const std::uint32_t word = words_[at];
    return integer_ ? word & ((1u << class_bits_) - 1) : word;
  }
  double weight_of(std::int64_t at) const {
    return integer_ ? static_cast<double>(words_[at] >> class_bits_) : weights_[at];
  }

  /// Moves the rows of [begin, end) that go left before the others, both in their order; returns how many do.
  template <class Rank>
  std::int64_t partition(std::int64_t begin, std::int64_t end, const Rank* ranks, std::uint32_t last_left,
                         std::uint32_t missing, bool missing_left) {
    std::int64_t left = begin;
    std::int64_t right = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::uint32_t row = rows_[i];
      const std::uint32_t word = words_[i];
      const std::uint32_t rank = ranks[row];
      const bool goes_left = (rank <= last_left) | ((rank == missing) & missing_left);
      // Both are written, one of them to be overwritten: no branch to guess wrong.
      rows_[left] = row;
      words_[left] = word;
      spare_[2 * right] = row;
      spare_[2 * right + 1] = word;
      if (!integer_) {
        const double weight = weights_[i];
        weights_[left] = weight;
        spare_weights_[right] = weight;
      }
      left += goes_left ? 1 : 0;
      right += goes_left ? 0 : 1;
    }
    for (std::int64_t i = 0; i < right; ++i) {
      rows_[left + i] = spare_[2 * i];
      words_[left + i] = spare_[2 * i + 1];
      if (!integer_) weights_[left + i] = spare_weights_[i];
    }
    return left - begin;
  }

 private:
  std::int64_t classes_;
  int class_bits_;
  bool integer_ = true;
  bool narrow_ = false;
  double weight_ = 0.0;
  Array<std::uint32_t> rows_;
  Array<std::uint32_t> words_;
  Array<double> weights_;  // where !integer_
  Array<std::uint32_t> spare_;
  Array<double> spare_weights_;
};

}  // namespace qrs::ml
