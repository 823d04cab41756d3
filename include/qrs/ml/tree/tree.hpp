// A grown tree as flat arrays: node 0 is the root, children stand behind their parent.
//
// A row goes left where x[feature] <= threshold, x rounded to float32; NaN goes where missing_left says. A threshold of
// +infinity sends every number left and only NaN right. What a leaf holds, every node holds (its class shares, impurity,
// samples), so that pruning only cuts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/error.hpp"
#include "../../io/state_dict.hpp"

namespace qrs::ml {

/// Where a row goes from here; a leaf has no children.
struct TreeNode {
  double threshold = 0.0;
  std::int32_t feature = -1;
  std::int32_t left = -1;
  std::int32_t right = -1;
  std::int32_t missing_left = 0;

  bool leaf() const { return left < 0; }
  bool operator==(const TreeNode&) const = default;
};

struct Tree {
  std::int64_t features = 0;
  std::int64_t classes = 0;
  std::vector<TreeNode> nodes;
  std::vector<double> impurity;       // of each node
  std::vector<std::int32_t> samples;  // rows that reach the node, whatever their weight
  std::vector<double> weight;         // their total weight
  std::vector<double> values;         // (nodes, classes): share of each class

  std::int64_t size() const { return std::ssize(nodes); }
  std::span<const double> value(std::int64_t node) const {
    return std::span<const double>(values).subspan(node * classes, classes);
  }
  std::int64_t leaves() const {
    return std::count_if(nodes.begin(), nodes.end(), [](const TreeNode& node) { return node.leaf(); });
  }
  /// Splits on the longest way from the root to a leaf.
  std::int64_t depth() const {
    std::vector<std::int64_t> depths(nodes.size());
    std::int64_t deepest = 0;
    for (std::int64_t i = 0; i < size(); ++i) {
      deepest = std::max(deepest, depths[i]);
      if (nodes[i].leaf()) continue;
      depths[nodes[i].left] = depths[i] + 1;
      depths[nodes[i].right] = depths[i] + 1;
    }
    return deepest;
  }
  /// Impurity decrease of each feature's splits; `normalize` makes them sum to 1 (all 0 where there is no split).
  std::vector<double> feature_importances(bool normalize = true) const;

  /// Gives back what the arrays have to spare.
  void shrink() {
    nodes.shrink_to_fit();
    impurity.shrink_to_fit();
    samples.shrink_to_fit();
    weight.shrink_to_fit();
    values.shrink_to_fit();
  }
  bool operator==(const Tree&) const = default;
};

/// The leaf that one row of float32 values reaches.
inline std::int32_t leaf_of(const Tree& tree, const float* row) {
  const TreeNode* nodes = tree.nodes.data();
  std::int32_t at = 0;
  while (!nodes[at].leaf()) {
    const TreeNode& node = nodes[at];
    const float value = row[node.feature];
    const bool left = std::isnan(value) ? node.missing_left != 0 : static_cast<double>(value) <= node.threshold;
    at = left ? node.left : node.right;
  }
  return at;
}

/// The leaves of several rows: row i stands at rows + i * pitch. Eight rows walk side by side, so that the processor waits
/// for eight nodes at once and not for one; where one arrives, the next row takes its lane.
inline void leaves_of(const Tree& tree, const float* rows, std::int64_t pitch, std::int64_t count,
                      std::int32_t* leaves) {
  constexpr std::int64_t lanes = 8;
  const TreeNode* nodes = tree.nodes.data();
  std::int64_t first = 0;
  if (count >= lanes && !nodes[0].leaf()) {
    std::int32_t at[lanes] = {};
    std::int64_t row[lanes];
    for (std::int64_t lane = 0; lane < lanes; ++lane) row[lane] = lane;
    for (first = lanes; first < count;) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        const TreeNode& node = nodes[at[lane]];
        if (node.leaf()) {
          if (first == count) break;
          leaves[row[lane]] = at[lane];
          row[lane] = first++;
          at[lane] = 0;
          continue;
        }
        const float value = rows[row[lane] * pitch + node.feature];
        // By arithmetic: which way a row goes is what no branch predictor knows.
        const std::int32_t goes_left = static_cast<std::int32_t>(static_cast<double>(value) <= node.threshold) |
                                       (static_cast<std::int32_t>(std::isnan(value)) & node.missing_left);
        at[lane] = node.right ^ ((node.left ^ node.right) & -goes_left);
      }
    }
    for (const std::int64_t last : row) leaves[last] = leaf_of(tree, rows + last * pitch);
    return;
  }
  for (; first < count; ++first) leaves[first] = leaf_of(tree, rows + first * pitch);
}

inline std::vector<double> Tree::feature_importances(bool normalize) const {
  std::vector<double> out(features, 0.0);
  for (std::int64_t i = 0; i < size(); ++i) {
    if (nodes[i].leaf()) continue;
    const std::int32_t left = nodes[i].left;
    const std::int32_t right = nodes[i].right;
    out[nodes[i].feature] += weight[i] * impurity[i] - weight[left] * impurity[left] - weight[right] * impurity[right];
  }
  double sum = 0.0;
  for (double& importance : out) {
    importance /= weight.empty() ? 1.0 : weight[0];
    sum += importance;
  }
  if (normalize && sum > 0.0) {
    for (double& importance : out) importance /= sum;
  }
  return out;
}

// ---- files -----------------------------------------------------------------------------------------------------------------

namespace detail {

template <class V>
io::Entry entry_of(std::span<const V> values, std::vector<std::int64_t> shape) {
  io::Entry out;
  out.dtype = io::dtype_of<V>();
  out.shape = std::move(shape);
  out.bytes.resize(values.size_bytes());
  if (!values.empty()) std::memcpy(out.bytes.data(), values.data(), values.size_bytes());
  return out;
}

/// The values of an entry of exactly this type and shape; an extent of -1 is any.
template <class V>
std::vector<V> entry_values(const io::StateDict& in, const std::string& name, std::span<const std::int64_t> shape) {
  const io::Entry& entry = in.at(name);
  bool same = entry.dtype == io::dtype_of<V>() && entry.shape.size() == shape.size();
  for (std::size_t i = 0; same && i < shape.size(); ++i) same = shape[i] < 0 || entry.shape[i] == shape[i];
  QRS_CHECK(same, "[tree] expected '", name, "' of type ", io::name(io::dtype_of<V>()), " and shape ", shape, ", got ",
            io::name(entry.dtype), " ", std::span(entry.shape));
  std::vector<V> out(entry.bytes.size() / sizeof(V));
  if (!out.empty()) std::memcpy(out.data(), entry.bytes.data(), out.size() * sizeof(V));
  return out;
}

/// The lists of a file of trees, as save_trees writes them.
struct TreeLists {
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> links;
  std::vector<double> thresholds;
  std::vector<double> impurity;
  std::vector<std::int32_t> samples;
  std::vector<double> weight;
  std::vector<double> values;
};

inline TreeLists read_tree_lists(const io::StateDict& in, const std::string& prefix, std::int64_t classes) {
  using Extents = std::vector<std::int64_t>;
  TreeLists out;
  out.offsets = entry_values<std::int64_t>(in, prefix + "offsets", Extents{-1});
  out.links = entry_values<std::int32_t>(in, prefix + "links", Extents{-1, 4});
  const auto total = static_cast<std::int64_t>(out.links.size() / 4);
  out.thresholds = entry_values<double>(in, prefix + "threshold", Extents{total});
  out.impurity = entry_values<double>(in, prefix + "impurity", Extents{total});
  out.samples = entry_values<std::int32_t>(in, prefix + "n_node_samples", Extents{total});
  out.weight = entry_values<double>(in, prefix + "weighted_n_node_samples", Extents{total});
  out.values = entry_values<double>(in, prefix + "value", Extents{total, classes});
  QRS_CHECK(out.offsets.size() >= 2 && out.offsets.front() == 0 && out.offsets.back() == total,
            "[tree] expected offsets from 0 to ", total, " nodes in '", prefix, "offsets', got ", out.offsets.size(),
            " offsets");
  return out;
}

/// Throws where node i of tree t, of `size` nodes, does not lead on as it should.
inline void check_links(const TreeNode& node, std::int64_t i, std::size_t t, std::int64_t size, std::int64_t features) {
  if (node.leaf()) {
    QRS_CHECK(node.left == -1 && node.right == -1 && node.feature == -1, "[tree] expected -1 for the links of leaf ", i,
              " of tree ", t, ", got ", node.feature, ", ", node.left, ", ", node.right);
    return;
  }
  const bool forward = node.left > i && node.left < size && node.right > i && node.right < size;
  QRS_CHECK(forward && node.left != node.right, "[tree] expected two children behind node ", i, " of tree ", t,
            " and before ", size, ", got ", node.left, " and ", node.right);
  QRS_CHECK(node.feature >= 0 && node.feature < features, "[tree] expected a feature in [0, ", features, ") of node ",
            i, " of tree ", t, ", got ", node.feature);
  const bool ordered = !std::isnan(node.threshold) && node.threshold > -std::numeric_limits<double>::infinity();
  QRS_CHECK(ordered, "[tree] expected a threshold that is a number of node ", i, " of tree ", t, ", got ",
            node.threshold);
}

/// The nodes of tree t, checked.
inline std::vector<TreeNode> nodes_of(const TreeLists& lists, std::size_t t, std::int64_t features,
                                      std::int64_t classes) {
  const std::int64_t size = lists.offsets[t + 1] - lists.offsets[t];
  std::vector<TreeNode> nodes;
  std::vector<std::uint8_t> has_parent(size, 0);
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t at = lists.offsets[t] + i;
    const std::int32_t* links = lists.links.data() + 4 * at;
    const TreeNode node{lists.thresholds[at], links[0], links[1], links[2], links[3]};
    QRS_CHECK(i == 0 || has_parent[i] == 1, "[tree] expected one parent of node ", i, " of tree ", t,
              ", got none before it");
    QRS_CHECK(node.missing_left == 0 || node.missing_left == 1, "[tree] expected missing_left 0 or 1 of node ", i,
              " of tree ", t, ", got ", node.missing_left);
    const double impurity = lists.impurity[at];
    const double weight = lists.weight[at];
    QRS_CHECK(std::isfinite(impurity) && impurity >= -1e-9 && std::isfinite(weight) && weight >= 0.0 &&
                  lists.samples[at] >= 0,
              "[tree] expected finite counts >= 0 of node ", i, " of tree ", t, ", got impurity ", impurity,
              ", weight ", weight, ", samples ", lists.samples[at]);
    check_links(node, i, t, size, features);
    if (!node.leaf()) {
      for (const std::int32_t child : {node.left, node.right}) {
        QRS_CHECK(has_parent[child]++ == 0, "[tree] expected one parent of node ", child, " of tree ", t, ", got two");
      }
    }
    for (std::int64_t c = 0; c < classes; ++c) {
      const double share = lists.values[at * classes + c];
      QRS_CHECK(share >= -1e-9 && share <= 1.0 + 1e-9, "[tree] expected class shares in [0, 1] of node ", i,
                " of tree ", t, ", got ", share);
    }
    nodes.push_back(node);
  }
  return nodes;
}

}  // namespace detail

/// Writes trees one behind the other: `offsets` says where each begins, and node numbers count from there.
inline void save_trees(io::StateDict& out, const std::string& prefix, std::span<const Tree> trees) {
  std::vector<std::int64_t> offsets = {0};
  std::vector<std::int32_t> links;  // (nodes, 4): feature, left, right, missing_left
  std::vector<double> thresholds;
  std::vector<double> impurity;
  std::vector<std::int32_t> samples;
  std::vector<double> weight;
  std::vector<double> values;
  for (const Tree& tree : trees) {
    offsets.push_back(offsets.back() + tree.size());
    for (const TreeNode& node : tree.nodes) {
      links.insert(links.end(), {node.feature, node.left, node.right, node.missing_left});
      thresholds.push_back(node.threshold);
    }
    impurity.insert(impurity.end(), tree.impurity.begin(), tree.impurity.end());
    samples.insert(samples.end(), tree.samples.begin(), tree.samples.end());
    weight.insert(weight.end(), tree.weight.begin(), tree.weight.end());
    values.insert(values.end(), tree.values.begin(), tree.values.end());
  }
  const std::int64_t total = offsets.back();
  const std::int64_t classes = trees.empty() ? 0 : trees[0].classes;
  const auto add = [&]<class V>(const char* name, const std::vector<V>& list, std::vector<std::int64_t> shape) {
    out.add(prefix + name, detail::entry_of(std::span<const V>(list), std::move(shape)));
  };
  add("offsets", offsets, {static_cast<std::int64_t>(offsets.size())});
  add("links", links, {total, 4});
  add("threshold", thresholds, {total});
  add("impurity", impurity, {total});
  add("n_node_samples", samples, {total});
  add("weighted_n_node_samples", weight, {total});
  add("value", values, {total, classes});
}

/// Reads what save_trees wrote. Whatever the file holds, the trees that come out can be walked: links point forward, every
/// node but the root is the child of exactly one other, features exist, and no value is out of range.
inline std::vector<Tree> load_trees(const io::StateDict& in, const std::string& prefix, std::int64_t features,
                                    std::int64_t classes) {
  const detail::TreeLists lists = detail::read_tree_lists(in, prefix, classes);
  const std::vector<std::int64_t>& offsets = lists.offsets;
  std::vector<Tree> out;
  for (std::size_t t = 0; t + 1 < offsets.size(); ++t) {
    QRS_CHECK(offsets[t] < offsets[t + 1] && offsets[t + 1] <= offsets.back(),
              "[tree] expected ascending offsets and a node in every tree, got ", offsets[t], " then ", offsets[t + 1]);
    const auto part = [&](const auto& list, std::int64_t width) {
      return std::decay_t<decltype(list)>(list.begin() + offsets[t] * width, list.begin() + offsets[t + 1] * width);
    };
    Tree tree;
    tree.features = features;
    tree.classes = classes;
    tree.nodes = detail::nodes_of(lists, t, features, classes);
    tree.impurity = part(lists.impurity, 1);
    tree.samples = part(lists.samples, 1);
    tree.weight = part(lists.weight, 1);
    tree.values = part(lists.values, classes);
    out.push_back(std::move(tree));
  }
  return out;
}

}  // namespace qrs::ml
