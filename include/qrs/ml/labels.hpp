// Class labels: any integers, in any order; learners count classes 0 ... k-1 in the order of their labels.
//
//   const ClassIndex classes("svc", y);          classes.labels() = {-1, 1},  classes.codes() = {1, 0, 0, ...}
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "parameters.hpp"

namespace qrs::ml {

/// One label a sample.
using Labels = std::span<const std::int64_t>;

/// The distinct labels, ascending, and each sample's position among them.
class ClassIndex {
 public:
  ClassIndex() = default;
  /// `op` stands in messages. Throws where there is no label, and where more than 1000 classes have fewer than two rows on
  /// average: learners keep a number a class at every node, or a machine a pair.
  ClassIndex(std::string_view op, Labels y) : labels_(y.begin(), y.end()) {
    QRS_CHECK(!y.empty(), "[", op, "] expected at least one label, got none");
    std::sort(labels_.begin(), labels_.end());
    labels_.erase(std::unique(labels_.begin(), labels_.end()), labels_.end());
    QRS_CHECK(labels_.size() <= 1000 || labels_.size() <= y.size() / 2, "[", op,
              "] expected at most 1000 classes, or two rows of each on average, got ", labels_.size(), " classes in ",
              y.size(), " rows: are these labels, or values or identifiers?");
    counts_.assign(labels_.size(), 0);
    codes_.reserve(y.size());
    for (const std::int64_t label : y) {
      codes_.push_back(static_cast<std::int32_t>(code(label)));
      ++counts_[codes_.back()];
    }
  }

  std::int64_t size() const { return static_cast<std::int64_t>(labels_.size()); }
  const std::vector<std::int64_t>& labels() const { return labels_; }
  /// Position of each sample's label.
  const std::vector<std::int32_t>& codes() const { return codes_; }
  /// Samples of each class.
  const std::vector<std::int64_t>& counts() const { return counts_; }
  /// Position of a label, or -1.
  std::int64_t code(std::int64_t label) const {
    const auto found = std::lower_bound(labels_.begin(), labels_.end(), label);
    return found == labels_.end() || *found != label ? -1 : found - labels_.begin();
  }

 private:
  std::vector<std::int64_t> labels_;
  std::vector<std::int32_t> codes_;
  std::vector<std::int64_t> counts_;
};

/// scikit-learn's class_weight: none (all 1), "balanced" (n / (k * count of the class)), or a weight for some labels, the
/// others having 1. In parameter text a list is "0:1,3:2.5".
struct ClassWeight {
  bool balanced = false;
  bool balanced_subsample = false;  // forests alone: balanced over each tree's own draw
  std::map<std::int64_t, double> weights{};

  /// The weight of each class. Throws where a label has no sample here or a weight is not positive.
  std::vector<double> of(std::string_view op, const ClassIndex& classes) const {
    std::vector<double> out(classes.size(), 1.0);
    if (balanced) {
      double total = 0.0;
      for (const std::int64_t count : classes.counts()) total += static_cast<double>(count);
      for (std::size_t c = 0; c < out.size(); ++c) {
        out[c] = total / (static_cast<double>(out.size()) * static_cast<double>(classes.counts()[c]));
      }
    }
    for (const auto& [label, weight] : weights) {
      const std::int64_t c = classes.code(label);
      QRS_CHECK(c >= 0, "[", op, "] expected class_weight for labels of y, got one for ", label);
      QRS_CHECK(std::isfinite(weight) && weight >= 0.0, "[", op, "] expected a weight >= 0 of class ", label, ", got ",
                weight);
      out[c] = weight;
    }
    return out;
  }

  bool operator==(const ClassWeight&) const = default;
};

/// Throws unless labels (and weights, where there are any) are as many as rows; weights must be finite and >= 0.
inline void check_targets(std::string_view op, std::int64_t rows, std::size_t labels, std::span<const double> weights) {
  QRS_CHECK(static_cast<std::int64_t>(labels) == rows, "[", op, "] expected ", rows, " labels, one a row, got ",
            labels);
  if (weights.empty()) return;
  QRS_CHECK(static_cast<std::int64_t>(weights.size()) == rows, "[", op, "] expected ", rows,
            " sample weights, one a row, got ", weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    QRS_CHECK(std::isfinite(weights[i]) && weights[i] >= 0.0, "[", op, "] expected sample weights >= 0, got ",
              weights[i], " for row ", i);
  }
}

}  // namespace qrs::ml
