// What fitted trees say about rows: leaves, the mean of the leaves' class shares, the likeliest label; and how trees with
// their labels stand in a file.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "../../core/argmax.hpp"
#include "../../core/error.hpp"
#include "../../core/parallel.hpp"
#include "../../io/state_dict.hpp"
#include "../matrix.hpp"
#include "tree.hpp"

namespace qrs::ml::detail {

/// Calls body(begin, rows, pitch, count) for blocks of rows as float32. Throws on infinite values.
template <class T, class Body>
void for_row_blocks(std::string_view op, MatrixView<T> x, const Body& body) {
  // Enough rows that a tree, once read into cache, serves many of them; few enough that every thread has work.
  const std::int64_t grain = std::clamp<std::int64_t>((x.rows() + 7) / 8, 32, 1024);
  parallel_chunks(x.rows(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t j = 0; j < x.cols(); ++j) {
        QRS_CHECK(!std::isinf(static_cast<float>(x(i, j))), "[", op,
                  "] expected values that are finite in float32, or NaN, got ", x(i, j), " in row ", i, ", column ", j);
      }
    }
    if constexpr (std::is_same_v<T, float>) {
      body(begin, x.row(begin), x.pitch(), end - begin);
    } else {
      const Matrix<float> block = convert<float>(x.rows_from(begin, end));
      body(begin, block.data(), block.cols(), end - begin);
    }
  });
}

/// The leaf of each row.
template <class T>
std::vector<std::int32_t> leaves_reached(std::string_view op, const Tree& tree, MatrixView<T> x) {
  std::vector<std::int32_t> out(x.rows());
  for_row_blocks(op, x, [&](std::int64_t begin, const float* rows, std::int64_t pitch, std::int64_t count) {
    leaves_of(tree, rows, pitch, count, out.data() + begin);
  });
  return out;
}

/// (rows, classes): the mean over trees of the class shares of each row's leaf; the trees are added in their order.
template <class T>
Matrix<double> mean_vote(std::string_view op, std::span<const Tree> trees, MatrixView<T> x) {
  const std::int64_t classes = trees[0].classes;
  Matrix<double> out(x.rows(), classes);
  for_row_blocks(op, x, [&](std::int64_t begin, const float* rows, std::int64_t pitch, std::int64_t count) {
    std::vector<std::int32_t> leaves(count);
    for (const Tree& tree : trees) {
      leaves_of(tree, rows, pitch, count, leaves.data());
      double* to = out.row(begin);
      for (const std::int32_t leaf : leaves) {
        const double* share = tree.values.data() + std::int64_t{leaf} * classes;
        for (std::int64_t c = 0; c < classes; ++c) to[c] += share[c];
        to += classes;
      }
    }
    for (double *at = out.row(begin), *end = at + count * classes; at < end; ++at) {
      *at /= static_cast<double>(trees.size());
    }
  });
  return out;
}

/// The label of each row's greatest probability, the first of equals.
inline std::vector<std::int64_t> most_likely(const Matrix<double>& proba, const std::vector<std::int64_t>& labels) {
  std::vector<std::int64_t> out(proba.rows());
  for (std::int64_t i = 0; i < proba.rows(); ++i) {
    out[i] = labels[argmax(proba.row(i), proba.cols())];
  }
  return out;
}

/// Trees and labels of a file.
struct StoredForest {
  std::vector<Tree> trees;
  std::vector<std::int64_t> classes;
};

inline void save_forest(io::StateDict& out, const std::string& prefix, std::span<const Tree> trees,
                        const std::vector<std::int64_t>& classes) {
  const std::vector<std::int64_t> features = {trees[0].features};
  out.add(prefix + "classes",
          entry_of(std::span<const std::int64_t>(classes), {static_cast<std::int64_t>(classes.size())}));
  out.add(prefix + "n_features", entry_of(std::span<const std::int64_t>(features), {1}));
  save_trees(out, prefix, trees);
}

inline StoredForest load_forest(const io::StateDict& in, const std::string& prefix) {
  using Extents = std::vector<std::int64_t>;
  StoredForest out;
  out.classes = entry_values<std::int64_t>(in, prefix + "classes", Extents{-1});
  QRS_CHECK(!out.classes.empty(), "[tree] expected at least one class in '", prefix, "classes', got none");
  for (std::size_t c = 1; c < out.classes.size(); ++c) {
    QRS_CHECK(out.classes[c - 1] < out.classes[c], "[tree] expected ascending labels in '", prefix, "classes', got ",
              out.classes[c - 1], " then ", out.classes[c]);
  }
  const auto features = entry_values<std::int64_t>(in, prefix + "n_features", Extents{1});
  QRS_CHECK(features[0] > 0 && features[0] < 0x7fffffff, "[tree] expected a number of features in [1, 2^31), got ",
            features[0]);
  out.trees = load_trees(in, prefix, features[0], static_cast<std::int64_t>(out.classes.size()));
  return out;
}

}  // namespace qrs::ml::detail
