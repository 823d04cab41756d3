// A boosted model from and to XGBoost's: what the lists of its JSON mean.
//
//   classifier.adopt(boosting::from_xgboost(io::read_xgboost_json("model.json")));
//   io::write_xgboost_json("mine.json", boosting::to_xgboost(classifier.booster()));
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../../io/text_cursor.hpp"
#include "../../io/xgboost_json.hpp"
#include "booster.hpp"

namespace qrs::ml::boosting {

namespace detail {

/// The nodes that the root reaches, breadth first; XGBoost leaves deleted ones between them.
inline RegressionTree tree_from(const io::XgboostTree& in) {
  std::vector<TreeNode> nodes(1);
  std::vector<std::int32_t> source{0};
  std::vector<char> seen(in.size(), 0);
  seen[0] = 1;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto from = source[i];
    nodes[i].threshold = in.split_conditions[from];
    nodes[i].cover = in.sum_hessian[from];
    nodes[i].base_weight = in.base_weights[from];
    const std::int32_t children[2] = {in.left_children[from], in.right_children[from]};
    QRS_CHECK((children[0] < 0) == (children[1] < 0), "[xgboost] expected two children or none of node ", from,
              ", got ", children[0], " and ", children[1]);
    if (children[0] < 0) continue;
    nodes[i].feature = in.split_indices[from];
    nodes[i].gain = in.loss_changes[from];
    nodes[i].default_left = in.default_left[from] != 0;
    nodes[i].left = static_cast<std::int32_t>(nodes.size());
    nodes[i].right = nodes[i].left + 1;
    for (const std::int32_t child : children) {
      QRS_CHECK(child < static_cast<std::int32_t>(in.size()) && seen[child] == 0, "[xgboost] expected children inside ",
                in.size(), " nodes, each of one parent, got ", child, " below node ", from);
      seen[child] = 1;
      nodes.emplace_back();
      nodes.back().parent = static_cast<std::int32_t>(i);
      source.push_back(child);
    }
  }
  return RegressionTree(std::move(nodes));
}

inline io::XgboostTree tree_to(const RegressionTree& tree) {
  io::XgboostTree out;
  for (const TreeNode& node : tree.nodes()) {
    out.left_children.push_back(node.left);
    out.right_children.push_back(node.right);
    out.parents.push_back(node.parent < 0 ? 0x7fffffff : node.parent);
    out.split_indices.push_back(node.feature);
    out.split_conditions.push_back(node.threshold);
    out.default_left.push_back(node.default_left ? 1 : 0);
    out.base_weights.push_back(node.base_weight);
    out.loss_changes.push_back(node.gain);
    out.sum_hessian.push_back(node.cover);
  }
  return out;
}

}  // namespace detail

/// What predicts as the objective of a model does: others of its kind differ in the loss that they learn by alone.
inline std::optional<Objective> predicting_objective(std::string_view name) {
  for (const std::string_view identity :
       {"reg:linear", "reg:absoluteerror", "reg:pseudohubererror", "reg:squaredlogerror"}) {
    if (name == identity) return Objective::squared_error;
  }
  return name == "reg:logistic" ? Objective::logistic : find_objective(name);
}

/// Throws where the objective is not known here or the parts do not fit.
inline Booster from_xgboost(const io::XgboostModel& model) {
  const auto objective = predicting_objective(model.objective);
  QRS_CHECK(objective,
            "[xgboost] expected objective reg:squarederror (or absoluteerror, pseudohubererror, squaredlogerror, "
            "logistic), binary:logistic, multi:softprob or multi:softmax, got ",
            io::shown(model.objective));
  Booster out;
  out.objective = *objective;
  out.features = model.num_feature;
  out.groups = *objective == Objective::softprob ? model.num_class : 1;
  out.base_score = model.base_score;
  QRS_CHECK(!out.base_score.empty(), "[xgboost] expected a base_score, got none");
  QRS_CHECK(out.groups >= 1 && out.groups <= 1 << 20, "[xgboost] expected num_class in [1, 2^20], got ", out.groups);
  if (out.base_score.size() == 1) out.base_score.resize(out.groups, out.base_score[0]);
  QRS_CHECK(model.tree_info.size() == model.trees.size(), "[xgboost] expected a class of each of ", model.trees.size(),
            " trees, got ", model.tree_info.size());
  for (std::size_t t = 0; t < model.trees.size(); ++t) {
    const auto group = static_cast<std::int64_t>(t) % out.groups;
    QRS_CHECK(model.tree_info[t] == group, "[xgboost] expected tree ", t, " to be of class ", group, ", got ",
              model.tree_info[t]);
    out.trees.push_back(detail::tree_from(model.trees[t]));
  }
  if (const auto found = model.attributes.find("best_iteration"); found != model.attributes.end()) {
    std::int64_t best = -1;
    const std::string& digits = found->second;
    const auto done = std::from_chars(digits.data(), digits.data() + digits.size(), best);
    QRS_CHECK(done.ec == std::errc() && done.ptr == digits.data() + digits.size(),
              "[xgboost] expected a number for best_iteration, got '", io::shown(digits), "'");
    out.best_iteration = best;
  }
  if (const auto found = model.attributes.find("best_score"); found != model.attributes.end()) {
    double best = 0.0;
    const std::string& digits = found->second;
    const auto done = std::from_chars(digits.data(), digits.data() + digits.size(), best);
    if (done.ec == std::errc() && done.ptr == digits.data() + digits.size()) out.best_score = best;
  }
  out.check("xgboost");
  return out;
}

inline io::XgboostModel to_xgboost(const Booster& booster) {
  io::XgboostModel out;
  out.objective = name_of(booster.objective);
  out.num_feature = booster.features;
  out.num_class = booster.objective == Objective::softprob ? booster.groups : 0;
  out.base_score = booster.base_score;
  for (std::size_t t = 0; t < booster.trees.size(); ++t) {
    out.trees.push_back(detail::tree_to(booster.trees[t]));
    out.tree_info.push_back(static_cast<std::int32_t>(static_cast<std::int64_t>(t) % booster.groups));
  }
  if (booster.best_iteration) out.attributes["best_iteration"] = std::to_string(*booster.best_iteration);
  if (booster.best_score) io::append_number(out.attributes["best_score"], *booster.best_score);
  return out;
}

}  // namespace qrs::ml::boosting
