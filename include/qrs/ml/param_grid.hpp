// Candidates of a search: sets of parameter values, in scikit-learn's order.
//
//   ParamGrid grid{{"C", {0.1, 1, 10}}, {"gamma", {"scale", 0.01}}};
//   grid.candidates()      C=0.1 gamma=scale, C=0.1 gamma=0.01, C=1 gamma=scale, ...
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../core/error.hpp"
#include "../core/rng.hpp"
#include "parameters.hpp"

namespace qrs::ml {

/// Values of some parameters, sorted by name.
using Candidate = std::map<std::string, ParamValue>;

/// Most candidates of a search; each is a fit on every fold.
inline constexpr std::int64_t max_candidates = 1'000'000;

/// As people read it: C=10, gamma=scale.
inline std::string candidate_text(const Candidate& candidate) {
  std::string out;
  for (const auto& [name, value] : candidate) out += text(out.empty() ? "" : ", ", name, "=", value.text());
  return out.empty() ? "defaults" : out;
}

/// Every combination of the listed values. As in scikit-learn's ParameterGrid the names are sorted and the last name's
/// values change fastest.
class ParamGrid {
 public:
  using Axis = std::pair<std::string, std::vector<ParamValue>>;

  ParamGrid() = default;
  ParamGrid(std::initializer_list<Axis> axes) {
    for (const Axis& axis : axes) add(axis.first, axis.second);
  }

  /// Adds the values to try for one parameter. Throws where there are none, or the parameter has been added before.
  void add(std::string name, std::vector<ParamValue> values) {
    QRS_CHECK(!values.empty(), "[param_grid] expected at least one value of ", name, ", got none");
    const bool fresh = axes_.emplace(name, std::move(values)).second;
    QRS_CHECK(fresh, "[param_grid] expected each parameter once, got ", name, " twice");
  }

  /// How many combinations there are.
  std::int64_t size() const {
    std::int64_t count = 1;
    for (const auto& [name, values] : axes_) {
      const bool overflow = __builtin_mul_overflow(count, static_cast<std::int64_t>(values.size()), &count);
      QRS_CHECK(!overflow, "[param_grid] expected fewer than 2^63 combinations, got more");
    }
    return count;
  }
  /// Combination number i.
  Candidate at(std::int64_t i) const {
    QRS_CHECK(i >= 0 && i < size(), "[param_grid] expected a number in [0, ", size(), "), got ", i);
    Candidate out;
    for (auto axis = axes_.rbegin(); axis != axes_.rend(); ++axis) {
      const auto count = static_cast<std::int64_t>(axis->second.size());
      out[axis->first] = axis->second[i % count];
      i /= count;
    }
    return out;
  }
  std::vector<Candidate> candidates() const {
    QRS_CHECK(size() <= max_candidates, "[param_grid] expected at most ", max_candidates, " combinations, got ", size(),
              ": list fewer values, or draw some (--random)");
    std::vector<Candidate> out;
    for (std::int64_t i = 0; i < size(); ++i) out.push_back(at(i));
    return out;
  }

 private:
  std::map<std::string, std::vector<ParamValue>> axes_;
};

/// A range to draw numbers from.
struct Uniform {
  double low = 0.0;
  double high = 1.0;
  bool logarithmic = false;  // uniform in the exponent: for C, gamma, learning rates
  bool integer = false;      // rounded down; high is then excluded
};

/// What a randomised search draws from: a list of values or a range, for each parameter.
class ParamDistributions {
 public:
  void add(std::string name, std::vector<ParamValue> values) {
    QRS_CHECK(!values.empty(), "[param_distributions] expected at least one value of ", name, ", got none");
    insert(std::move(name), std::move(values));
  }
  void add_range(std::string name, Uniform range) {
    QRS_CHECK(std::isfinite(range.low) && std::isfinite(range.high) && range.low < range.high,
              "[param_distributions] expected low < high for ", name, ", got ", range.low, " and ", range.high);
    QRS_CHECK(!range.logarithmic || range.low > 0.0,
              "[param_distributions] expected low > 0 for a logarithmic range of ", name, ", got ", range.low);
    insert(std::move(name), range);
  }

  /// `count` draws. Where every parameter has a list they are different combinations, and all of them where there are not
  /// more than `count`; with a range they are independent. The order of draws is this library's own.
  std::vector<Candidate> sample(std::int64_t count, std::uint32_t seed) const {
    QRS_CHECK(count > 0 && count <= max_candidates, "[param_distributions] expected from 1 to ", max_candidates,
              " candidates, got ", count);
    Mt19937 rng(seed);
    std::vector<Candidate> out;
    if (const ParamGrid grid = lists(); only_lists()) {
      const std::int64_t size = grid.size();
      if (size <= 1'000'000) {
        std::vector<std::int64_t> order = rng.permutation(size);
        order.resize(std::min(count, size));
        for (const std::int64_t i : order) out.push_back(grid.at(i));
        return out;
      }
      std::map<std::int64_t, bool> drawn;
      while (static_cast<std::int64_t>(out.size()) < count) {
        const std::int64_t i = rng.randint(0, size);
        if (drawn.emplace(i, true).second) out.push_back(grid.at(i));
      }
      return out;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      Candidate candidate;
      for (const auto& [name, source] : sources_) candidate[name] = draw(source, rng);
      out.push_back(std::move(candidate));
    }
    return out;
  }

 private:
  using Source = std::variant<std::vector<ParamValue>, Uniform>;

  void insert(std::string name, Source source) {
    const bool fresh = sources_.emplace(name, std::move(source)).second;
    QRS_CHECK(fresh, "[param_distributions] expected each parameter once, got ", name, " twice");
  }
  bool only_lists() const {
    return std::all_of(sources_.begin(), sources_.end(), [](const auto& entry) { return entry.second.index() == 0; });
  }
  ParamGrid lists() const {
    ParamGrid grid;
    for (const auto& [name, source] : sources_) {
      if (source.index() == 0) grid.add(name, std::get<0>(source));
    }
    return grid;
  }
  static ParamValue draw(const Source& source, Mt19937& rng) {
    if (source.index() == 0) {
      const auto& values = std::get<0>(source);
      return values[rng.randint(0, static_cast<std::int64_t>(values.size()))];
    }
    const Uniform& range = std::get<1>(source);
    const double drawn = range.logarithmic ? std::exp(rng.uniform(std::log(range.low), std::log(range.high)))
                                           : rng.uniform(range.low, range.high);
    const double inside = std::clamp(drawn, range.low, range.high);
    if (range.integer) return static_cast<std::int64_t>(std::floor(inside));
    return inside;
  }

  std::map<std::string, Source> sources_;
};

}  // namespace qrs::ml
