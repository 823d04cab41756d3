// A boosted model in a model file.
//
//   <prefix>objective  i64 (1)     0 reg:squarederror, 1 binary:logistic, 2 multi:softprob
//   <prefix>shape      i64 (3)     features, groups, best iteration (-1: none)
//   <prefix>base_score f32 (groups)          <prefix>best_score f64 (0 or 1)
//   <prefix>tree_begin i64 (trees + 1)       first node of each tree in the lists below
//   <prefix>links      i32 (nodes, 5)        left, right (in the tree; -1 of leaves), parent, feature, default_left
//   <prefix>values     f32 (nodes, 4)        threshold or leaf value, gain, cover, base weight
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../../io/state_dict.hpp"
#include "booster.hpp"

namespace qrs::ml::boosting {

namespace detail {

template <class V>
void add_list(io::StateDict& out, std::string name, std::vector<std::int64_t> shape, const std::vector<V>& values) {
  io::Entry entry;
  entry.dtype = io::dtype_of<V>();
  entry.shape = std::move(shape);
  entry.bytes.resize(values.size() * sizeof(V));
  if (!values.empty()) std::memcpy(entry.bytes.data(), values.data(), entry.bytes.size());
  out.add(std::move(name), std::move(entry));
}

/// The values of an entry whose last extent is `wide`; 0: a plain list.
template <class V>
std::vector<V> list_of(const io::StateDict& in, const std::string& name, std::int64_t wide) {
  const io::Entry& entry = in.at(name);
  const bool fits = entry.dtype == io::dtype_of<V>() && entry.shape.size() == (wide > 0 ? 2u : 1u) &&
                    (wide == 0 || entry.shape[1] == wide);
  QRS_CHECK(fits, "[boost] expected ", io::name(io::dtype_of<V>()),
            wide > 0 ? " (n, " + std::to_string(wide) + ")" : " (n)", " for '", name, "', got ", io::name(entry.dtype),
            " ", std::span(entry.shape));
  std::vector<V> out(entry.bytes.size() / sizeof(V));
  if (!out.empty()) std::memcpy(out.data(), entry.bytes.data(), out.size() * sizeof(V));
  return out;
}

}  // namespace detail

inline void save_booster(const Booster& booster, io::StateDict& out, const std::string& prefix) {
  std::vector<std::int64_t> begin{0};
  std::vector<std::int32_t> links;
  std::vector<float> values;
  for (const RegressionTree& tree : booster.trees) {
    for (const TreeNode& node : tree.nodes()) {
      links.insert(links.end(), {node.left, node.right, node.parent, node.feature, node.default_left ? 1 : 0});
      values.insert(values.end(), {node.threshold, node.gain, node.cover, node.base_weight});
    }
    begin.push_back(begin.back() + tree.size());
  }
  using List = std::vector<std::int64_t>;
  detail::add_list(out, prefix + "objective", {1}, List{static_cast<std::int64_t>(booster.objective)});
  detail::add_list(out, prefix + "shape", {3},
                   List{booster.features, booster.groups, booster.best_iteration.value_or(-1)});
  detail::add_list(out, prefix + "base_score", {static_cast<std::int64_t>(booster.base_score.size())},
                   booster.base_score);
  const std::vector<double> best = booster.best_score ? std::vector{*booster.best_score} : std::vector<double>{};
  detail::add_list(out, prefix + "best_score", {static_cast<std::int64_t>(best.size())}, best);
  detail::add_list(out, prefix + "tree_begin", {static_cast<std::int64_t>(begin.size())}, begin);
  detail::add_list(out, prefix + "links", {begin.back(), 5}, links);
  detail::add_list(out, prefix + "values", {begin.back(), 4}, values);
}

/// What save_booster wrote; throws where anything does not hold together.
inline Booster load_booster(const io::StateDict& in, const std::string& prefix) {
  Booster out;
  const auto objective = detail::list_of<std::int64_t>(in, prefix + "objective", 0);
  const auto shape = detail::list_of<std::int64_t>(in, prefix + "shape", 0);
  QRS_CHECK(objective.size() == 1 && objective[0] >= 0 && objective[0] <= 2,
            "[boost] expected one objective of 0, 1 or 2, got ", std::span(objective));
  QRS_CHECK(shape.size() == 3, "[boost] expected features, groups and best iteration, got ", shape.size(), " numbers");
  out.objective = static_cast<Objective>(objective[0]);
  out.features = shape[0];
  out.groups = shape[1];
  if (shape[2] >= 0) out.best_iteration = shape[2];
  out.base_score = detail::list_of<float>(in, prefix + "base_score", 0);
  const auto best = detail::list_of<double>(in, prefix + "best_score", 0);
  QRS_CHECK(best.size() <= 1, "[boost] expected at most one best score, got ", best.size());
  if (!best.empty()) out.best_score = best[0];
  const auto begin = detail::list_of<std::int64_t>(in, prefix + "tree_begin", 0);
  const auto links = detail::list_of<std::int32_t>(in, prefix + "links", 5);
  const auto values = detail::list_of<float>(in, prefix + "values", 4);
  const auto nodes = static_cast<std::int64_t>(links.size() / 5);
  QRS_CHECK(static_cast<std::int64_t>(values.size() / 4) == nodes && !begin.empty() && begin.front() == 0 &&
                begin.back() == nodes,
            "[boost] expected links, values and tree_begin of as many nodes, got ", nodes, ", ", values.size() / 4,
            " and ", begin.empty() ? -1 : begin.back());
  for (std::size_t t = 1; t < begin.size(); ++t) {
    QRS_CHECK(begin[t - 1] < begin[t] && begin[t] <= nodes, "[boost] expected tree_begin to rise to ", nodes, ", got ",
              begin[t], " after ", begin[t - 1]);
    std::vector<TreeNode> tree;
    for (std::int64_t n = begin[t - 1]; n < begin[t]; ++n) {
      const std::int32_t* link = links.data() + n * 5;
      const float* value = values.data() + n * 4;
      QRS_CHECK((link[0] < 0) == (link[1] < 0), "[boost] expected two children or none, got ", link[0], " and ",
                link[1]);
      tree.push_back({.left = std::max(link[0], -1),
                      .right = std::max(link[1], -1),
                      .parent = link[2],
                      .feature = link[3],
                      .threshold = value[0],
                      .default_left = link[4] != 0,
                      .gain = value[1],
                      .cover = value[2],
                      .base_weight = value[3]});
    }
    out.trees.emplace_back(std::move(tree));
  }
  out.check("boost");
  return out;
}

}  // namespace qrs::ml::boosting
