// Which part each group goes to, so that the classes are shared out as wanted: the search behind the stratified grouped
// splits.
//
//   minimise  sum_p sum_c ( n[p][c] / N[c] - target[p] )^2      over the part of each group, no part left empty
//
// n[p][c] counts the samples of class c in part p, N[c] all of class c: every class weighs the same, however rare. A branch
// and bound proves the best assignment where there are few groups (most often up to about 25); it gives up
// after `budget` nodes. Beyond, the best of 16 local searches is taken: each begins with a greedy assignment of the groups
// in random order, and moves one group or exchanges two while that lowers the objective, so no single move or tried
// exchange betters the result. Which of equally good assignments is found depends on the seed alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/rng.hpp"

namespace qrs::data {

/// How near to the wanted shares an assignment is.
struct GroupBalance {
  double objective = 0.0;    // the sum of squares above
  double lower_bound = 0.0;  // no assignment of whole groups can be better than this
  bool proven = false;       // that this is the best assignment (among those not excluded)
  double worst_share = 0.0;  // the largest |n[p][c] / N[c] - target[p]|
};

namespace detail {

/// Samples of each class in each group, and what to make of them.
struct GroupProblem {
  std::int64_t groups = 0;
  std::int64_t classes = 0;
  std::vector<double> share;         // (groups, classes): the group's samples of the class / all of the class
  std::vector<std::int64_t> totals;  // samples of each class
  std::vector<double> targets;       // one a part; they sum to 1
  std::int64_t budget = 2000000;

  std::int64_t parts() const { return static_cast<std::int64_t>(targets.size()); }
  const double* row(std::int64_t group) const { return share.data() + group * classes; }
};

class GroupSearch {
 public:
  using Assignment = std::vector<std::int32_t>;

  GroupSearch(const GroupProblem& problem, Mt19937& rng) : p_(problem), rng_(rng) {}

  /// The best assignment that is not among `excluded`; empty where there is none.
  Assignment run(const std::set<Assignment>& excluded, GroupBalance& balance) {
    excluded_ = &excluded;
    best_.clear();
    best_value_ = infinity;
    const double floor = whole_samples_bound();
    for (int start = 0; start < 16 && best_value_ > floor + gain; ++start) local_search();
    const bool proven = best_value_ <= floor + gain || (p_.groups <= most_for_proof && branch_and_bound());
    balance = GroupBalance{};
    if (best_.empty()) return best_;
    balance.objective = exact_objective(best_, balance.worst_share);
    balance.proven = proven;
    balance.lower_bound = proven ? balance.objective : floor;
    return best_;
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  /// Differences below this are rounding, not a better assignment.
  static constexpr double gain = 1e-12;
  /// Beyond, the tree is not begun: its depth is the number of groups, and it would not be seen to its end.
  static constexpr std::int64_t most_for_proof = 64;

  /// The objective if every sample were its own group: no class can be shared out better than its samples allow.
  double whole_samples_bound() const {
    double sum = 0.0;
    for (const std::int64_t total : p_.totals) {
      std::vector<double> remainder;
      std::int64_t missing = total;
      for (const double target : p_.targets) {
        const double exact = target * static_cast<double>(total);
        missing -= static_cast<std::int64_t>(std::floor(exact));
        remainder.push_back(exact - std::floor(exact));
      }
      std::sort(remainder.begin(), remainder.end(), std::greater<>());
      for (std::size_t i = 0; i < remainder.size(); ++i) {
        const double off = remainder[i] - (static_cast<std::int64_t>(i) < missing ? 1.0 : 0.0);
        sum += off * off / (static_cast<double>(total) * static_cast<double>(total));
      }
    }
    return sum;
  }

  double& at(std::int64_t part, std::int64_t c) { return filled_[static_cast<std::size_t>(part * p_.classes + c)]; }

  /// A sum over the groups in their order, free of what moving back and forth left behind.
  double exact_objective(const Assignment& assignment, double& worst) const {
    std::vector<double> filled(static_cast<std::size_t>(p_.parts() * p_.classes));
    for (std::int64_t g = 0; g < p_.groups; ++g) {
      double* part = filled.data() + assignment[static_cast<std::size_t>(g)] * p_.classes;
      for (std::int64_t c = 0; c < p_.classes; ++c) part[c] += p_.row(g)[c];
    }
    double sum = 0.0;
    worst = 0.0;
    for (std::int64_t p = 0; p < p_.parts(); ++p) {
      for (std::int64_t c = 0; c < p_.classes; ++c) {
        const double off =
            filled[static_cast<std::size_t>(p * p_.classes + c)] - p_.targets[static_cast<std::size_t>(p)];
        sum += off * off;
        worst = std::max(worst, std::abs(off));
      }
    }
    return sum;
  }

  void consider(const Assignment& assignment) {
    double worst = 0.0;
    const double value = exact_objective(assignment, worst);
    if (value < best_value_ - gain && !excluded_->contains(assignment)) {
      best_value_ = value;
      best_ = assignment;
    }
  }

  /// What adding `sign` times a group changes in the part's sum of squares.
  double change(std::int64_t part, std::int64_t group, double sign) {
    const double* row = p_.row(group);
    const double target = p_.targets[static_cast<std::size_t>(part)];
    double sum = 0.0;
    for (std::int64_t c = 0; c < p_.classes; ++c) sum += row[c] * (2.0 * sign * (at(part, c) - target) + row[c]);
    return sum;
  }
  void add(std::int64_t part, std::int64_t group, double sign) {
    for (std::int64_t c = 0; c < p_.classes; ++c) at(part, c) += sign * p_.row(group)[c];
    members_[static_cast<std::size_t>(part)] += sign > 0.0 ? 1 : -1;
  }
  void clear() {
    filled_.assign(static_cast<std::size_t>(p_.parts() * p_.classes), 0.0);
    members_.assign(p_.targets.size(), 0);
  }

  void local_search() {
    clear();
    Assignment part_of(static_cast<std::size_t>(p_.groups), -1);
    const std::vector<std::int64_t> order = rng_.permutation(p_.groups);
    for (std::int64_t i = 0; i < p_.groups; ++i) {
      const std::int64_t group = order[static_cast<std::size_t>(i)];
      std::int64_t empty = std::count(members_.begin(), members_.end(), 0);
      std::int64_t chosen = -1;
      double lowest = infinity;
      for (std::int64_t p = 0; p < p_.parts(); ++p) {
        if (empty >= p_.groups - i && members_[static_cast<std::size_t>(p)] != 0) continue;  // the rest fills the empty
        const double value = change(p, group, 1.0);
        if (value < lowest) lowest = value, chosen = p;
      }
      part_of[static_cast<std::size_t>(group)] = static_cast<std::int32_t>(chosen);
      add(chosen, group, 1.0);
    }
    // Each round lowers the objective; the limit is for rounding, which might go in circles.
    for (int round = 0; round < 200; ++round) {
      bool better = false;
      for (const std::int64_t group : order) better = improve(group, part_of) || better;
      consider(part_of);
      if (!better) break;
    }
  }

  /// The first move of this group to another part, or exchange with a group of another part, that lowers the objective.
  bool improve(std::int64_t group, Assignment& part_of) {
    const std::int64_t from = part_of[static_cast<std::size_t>(group)];
    if (members_[static_cast<std::size_t>(from)] > 1) {
      for (std::int64_t to = 0; to < p_.parts(); ++to) {
        if (to == from || change(from, group, -1.0) + change(to, group, 1.0) >= -gain) continue;
        add(from, group, -1.0);
        add(to, group, 1.0);
        part_of[static_cast<std::size_t>(group)] = static_cast<std::int32_t>(to);
        return true;
      }
    }
    const double without = change(from, group, -1.0);
    add(from, group, -1.0);
    // All partners where they are few, otherwise as many drawn at random.
    constexpr std::int64_t most = 256;
    for (std::int64_t i = 0; i < std::min(p_.groups, most); ++i) {
      const std::int64_t other = p_.groups <= most ? i : rng_.randint(0, p_.groups);
      const std::int64_t to = part_of[static_cast<std::size_t>(other)];
      if (to == from) continue;
      double sum = without + change(from, other, 1.0) + change(to, other, -1.0);
      add(to, other, -1.0);
      sum += change(to, group, 1.0);
      if (sum < -gain) {
        add(to, group, 1.0);
        add(from, other, 1.0);
        std::swap(part_of[static_cast<std::size_t>(group)], part_of[static_cast<std::size_t>(other)]);
        return true;
      }
      add(to, other, 1.0);
    }
    add(from, group, 1.0);
    return false;
  }

  /// Completes a partial assignment in every way that may still win. True where the whole tree was seen.
  bool branch_and_bound() {
    clear();
    // The largest groups first: their place decides most.
    order_ = rng_.permutation(p_.groups);
    std::vector<double> weight(static_cast<std::size_t>(p_.groups));
    for (std::int64_t g = 0; g < p_.groups; ++g) {
      for (std::int64_t c = 0; c < p_.classes; ++c) weight[static_cast<std::size_t>(g)] += p_.row(g)[c] * p_.row(g)[c];
    }
    std::stable_sort(order_.begin(), order_.end(), [&](std::int64_t a, std::int64_t b) {
      return weight[static_cast<std::size_t>(a)] > weight[static_cast<std::size_t>(b)];
    });
    nodes_left_ = p_.budget;
    partial_.assign(static_cast<std::size_t>(p_.groups), -1);
    visit(0);
    return nodes_left_ > 0;
  }

  /// No completion can have a lower objective: what a part has too much of a class stays, and the others lack as much
  /// between them.
  double bound() {
    double sum = 0.0;
    for (std::int64_t c = 0; c < p_.classes; ++c) {
      double excess = 0.0;
      std::int64_t short_of = 0;
      for (std::int64_t p = 0; p < p_.parts(); ++p) {
        const double off = at(p, c) - p_.targets[static_cast<std::size_t>(p)];
        if (off > 0.0) {
          excess += off;
          sum += off * off;
        } else {
          ++short_of;
        }
      }
      if (short_of > 0) sum += excess * excess / static_cast<double>(short_of);
    }
    return sum;
  }

  void visit(std::int64_t depth) {
    if (--nodes_left_ <= 0) return;
    if (std::count(members_.begin(), members_.end(), 0) > p_.groups - depth) return;  // one part would stay empty
    if (depth == p_.groups) {
      consider(partial_);
      return;
    }
    if (bound() >= best_value_ - gain) return;
    const std::int64_t group = order_[static_cast<std::size_t>(depth)];
    std::vector<std::pair<double, std::int64_t>> choices;
    for (std::int64_t p = 0; p < p_.parts(); ++p) {
      // Empty parts with the same target are the same choice. Excluded assignments name their parts, so only without any.
      bool same = false;
      for (std::int64_t q = 0; q < p && excluded_->empty(); ++q) {
        same = same || (members_[static_cast<std::size_t>(p)] == 0 && members_[static_cast<std::size_t>(q)] == 0 &&
                        p_.targets[static_cast<std::size_t>(p)] == p_.targets[static_cast<std::size_t>(q)]);
      }
      if (!same) choices.emplace_back(change(p, group, 1.0), p);
    }
    std::sort(choices.begin(), choices.end());
    for (const auto& choice : choices) {
      const std::int64_t part = choice.second;
      const std::vector<double> before(filled_.begin() + part * p_.classes, filled_.begin() + (part + 1) * p_.classes);
      add(part, group, 1.0);
      partial_[static_cast<std::size_t>(group)] = static_cast<std::int32_t>(part);
      visit(depth + 1);
      std::copy(before.begin(), before.end(), filled_.begin() + part * p_.classes);  // the same bits as before
      --members_[static_cast<std::size_t>(part)];
      if (nodes_left_ <= 0) return;
    }
  }

  const GroupProblem& p_;
  Mt19937& rng_;
  const std::set<Assignment>* excluded_ = nullptr;
  Assignment best_;
  double best_value_ = infinity;
  std::vector<double> filled_;         // (parts, classes)
  std::vector<std::int64_t> members_;  // groups in each part
  std::vector<std::int64_t> order_;
  Assignment partial_;
  std::int64_t nodes_left_ = 0;
};

}  // namespace detail

}  // namespace qrs::data
