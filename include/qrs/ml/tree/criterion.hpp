// How mixed the classes of a node are, and what a split would gain.
//
//   gini    G = 1 - sum_c p_c^2            entropy  H = -sum_c p_c log2 p_c            p_c = weight of class c / weight
//   gain    (W_node / W_tree) * (I_node - W_right / W_node * I_right - W_left / W_node * I_left)
//
// The search maximises the part of the gain that depends on the split, score = -(W_right I_right + W_left I_left), and
// takes the first of equals; so the rounding of the score decides between splits that are equally good. It is therefore
// computed in one fixed order with no product fused into a sum, as scikit-learn computes it: on data where its trees and
// these could differ by a tie, they do not. log_loss is another name of entropy.
// Source: Breiman, Friedman, Olshen, Stone, Classification and Regression Trees, 1984, chapter 4.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

#include "../../core/error.hpp"
#include "../../core/rounded.hpp"

namespace qrs::ml {

enum class Criterion { gini, entropy };

/// The criterion of a name: gini, entropy or log_loss.
inline Criterion parse_criterion(std::string_view op, std::string_view name) {
  QRS_CHECK(name == "gini" || name == "entropy" || name == "log_loss", "[", op,
            "] expected criterion gini, entropy or log_loss, got ", name);
  return name == "gini" ? Criterion::gini : Criterion::entropy;
}

/// Impurity of class weights that sum to `total` > 0.
inline double impurity(Criterion criterion, std::span<const double> classes, double total) {
  if (criterion == Criterion::gini) {
    double squares = 0.0;
    for (const double weight : classes) squares += rounded(weight * weight);
    return 1.0 - squares / (total * total);
  }
  double sum = 0.0;
  for (const double weight : classes) {
    if (weight <= 0.0) continue;
    const double share = weight / total;
    sum -= rounded(share * (std::log(share) / std::log(2.0)));
  }
  return sum;
}

/// What a split maximises: 0 at best, where both sides are pure.
inline double split_score(double left_weight, double left_impurity, double right_weight, double right_impurity) {
  return -rounded(right_weight * right_impurity) - rounded(left_weight * left_impurity);
}

/// The decrease of impurity that a split brings to the whole tree.
inline double impurity_decrease(double tree_weight, double node_weight, double node_impurity, double left_weight,
                                double left_impurity, double right_weight, double right_impurity) {
  const double right = rounded(right_weight / node_weight * right_impurity);
  const double left = rounded(left_weight / node_weight * left_impurity);
  return node_weight / tree_weight * (node_impurity - right - left);
}

/// Impurities at or under this are pure: what rounding leaves of 0.
inline constexpr double pure_impurity = std::numeric_limits<double>::epsilon();

}  // namespace qrs::ml
