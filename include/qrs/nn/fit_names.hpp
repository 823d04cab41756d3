// Names of a file as a network knows them: what wrapped the network when it was saved is found and taken off.
//
//   NameFit fit = fit_names(net, weights, net.state_rules());    fit.dict: under the network's names; fit.notices: what was done
//
// torch's DataParallel writes "module." before every name, torch.compile "_orig_mod.", a training program "model.",
// "encoder." or several of these. A prefix is a reading of the file if what stands under it has every entry of the network;
// second best, every one but the classifier's; third, more of them than any other prefix and more than half. Two that are
// equally good are a question, never a guess.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../io/state_dict.hpp"
#include "state.hpp"

namespace qrs::nn {

/// A file's entries under the names of a network.
struct NameFit {
  io::StateDict dict;
  std::string prefix;                // what was taken off; empty where the names were the network's
  bool whole = false;                // every entry of the network is there, but perhaps the classifier's
  bool with_head = false;            // and those as well
  std::vector<std::string> notices;  // what was done, in words
};

namespace detail {

/// Segments that wrappers put between names, wherever they wrapped.
inline std::string without_wrappers(std::string name) {
  constexpr auto wrappers = std::to_array<std::string_view>(
      {"_orig_mod.", "module.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.", "_forward_module."});
  for (const std::string_view wrapper : wrappers) {
    for (std::size_t at = 0; (at = name.find(wrapper, at)) != std::string::npos;) {
      const bool whole = at == 0 || name[at - 1] == '.';
      if (whole) {
        name.erase(at, wrapper.size());
      } else {
        at += wrapper.size();
      }
    }
  }
  return name;
}

/// Counts, for each prefix of a file's names, how much of a network stands under it.
class PrefixCounts {
 public:
  PrefixCounts(const std::vector<std::string>& wanted, const StateRules& rules) : rules_(rules) {
    for (const std::string& name : wanted) {
      wanted_.insert(name);
      if (!is_head(name)) ++body_;
    }
  }

  bool wants(const std::string& file_name) const { return wanted_.contains(known(file_name)); }
  std::string known(const std::string& name) const { return rules_.rename ? rules_.rename(name) : name; }

  void count(const io::StateDict& dict) {
    constexpr std::size_t most_segments = 16;  // a prefix of more is none, and a hostile name could have millions
    for (const auto& [name, entry] : dict) {
      std::size_t at = 0;
      for (std::size_t i = 0; i < most_segments && name.size() < 1024; ++i) {
        const std::string rest = known(name.substr(at));
        if (wanted_.contains(rest)) add(name.substr(0, at), is_head(rest));
        const std::size_t dot = name.find('.', at);
        if (dot == std::string::npos) break;
        at = dot + 1;
      }
    }
  }

  /// The prefixes of the best reading, in the file's order; empty where there is none. `whole`: all but perhaps the head.
  std::vector<std::string> best(bool& whole, bool& with_head) const {
    whole = true;
    std::vector<std::string> out = those([&](const Count& c) { return c.all == wanted_.size(); });
    with_head = !out.empty();
    if (out.empty() && body_ > 0) out = those([&](const Count& c) { return c.body == body_; });
    if (!out.empty()) return out;
    whole = false;
    std::size_t most = wanted_.size() / 2 + 1;
    for (const Count& c : counts_) most = std::max(most, c.all);
    return those([&](const Count& c) { return c.all == most; });
  }

 private:
  struct Count {
    std::string prefix;
    std::size_t all = 0;
    std::size_t body = 0;  // without the head
  };

  bool is_head(const std::string& name) const { return !rules_.head.empty() && name.starts_with(rules_.head); }
  void add(const std::string& prefix, bool head) {
    const auto [position, fresh] = index_.emplace(prefix, counts_.size());
    if (fresh) counts_.push_back({.prefix = prefix});
    ++counts_[position->second].all;
    if (!head) ++counts_[position->second].body;
  }
  template <class Passes>
  std::vector<std::string> those(const Passes& passes) const {
    std::vector<std::string> out;
    for (const Count& c : counts_) {
      if (passes(c)) out.push_back(c.prefix);
    }
    if (std::find(out.begin(), out.end(), "") != out.end()) return {""};
    return out;
  }

  const StateRules& rules_;
  std::unordered_set<std::string> wanted_;
  std::size_t body_ = 0;
  std::vector<Count> counts_;
  std::unordered_map<std::string, std::size_t> index_;
};

/// The entries under a prefix without it; of the others, those the network asks for and has not found under it.
inline NameFit take_prefix(const io::StateDict& dict, const std::string& prefix, const PrefixCounts& names) {
  NameFit out;
  out.prefix = prefix;
  out.dict.metadata = dict.metadata;
  for (const auto& [name, entry] : dict) {
    if (name.starts_with(prefix)) out.dict.add(name.substr(prefix.size()), entry);
  }
  std::vector<std::string> left;
  for (const auto& [name, entry] : dict) {
    if (name.starts_with(prefix)) continue;
    if (names.wants(name) && !out.dict.contains(name)) {
      out.dict.add(name, entry);
    } else {
      left.push_back(name);
    }
  }
  out.notices.push_back(text("took '", prefix, "' off the names"));
  if (!left.empty()) {
    std::string some;
    for (std::size_t i = 0; i < left.size() && i < 8; ++i) some += (i > 0 ? ", " : "") + left[i].substr(0, 80);
    out.notices.push_back(
        text("left out ", left.size(), " entries outside of it: ", some, left.size() > 8 ? " and others" : ""));
  }
  return out;
}

}  // namespace detail

/// The entries of `dict` under the network's names. What is no reading of the network comes back as it is. Throws where two
/// prefixes fit equally well.
template <class T>
NameFit fit_names(Module<T>& module, const io::StateDict& dict, const StateRules& rules) {
  std::vector<std::string> wanted;
  for (const auto& e : module.state_entries()) {
    if (e.counter == nullptr) wanted.push_back(e.name);
  }
  const auto reading = [&](const io::StateDict& given) {
    detail::PrefixCounts counts(wanted, rules);
    counts.count(given);
    bool whole = false;
    bool with_head = false;
    const std::vector<std::string> best = counts.best(whole, with_head);
    if (best.size() > 1) {
      std::string names;
      for (const std::string& prefix : best) names += (names.empty() ? "'" : ", '") + prefix + "'";
      fail("[weights] expected the network once, got it under ", best.size(), " prefixes: ", names,
           "; choose one (--strip-prefix ", best.front(), ")");
    }
    const bool bare_names = best.empty() || best.front().empty();
    NameFit out = bare_names ? NameFit{.dict = given, .prefix = {}, .notices = {}}
                             : detail::take_prefix(given, best.front(), counts);
    out.whole = whole && !best.empty();
    out.with_head = with_head;
    return out;
  };
  NameFit plain = reading(dict);
  if (plain.with_head) return plain;
  io::StateDict bare;
  bare.metadata = dict.metadata;
  bool changed = false;
  for (const auto& [name, entry] : dict) {
    std::string inner = detail::without_wrappers(name);
    changed = changed || inner != name;
    if (bare.contains(inner)) return plain;
    bare.add(std::move(inner), entry);
  }
  if (!changed) return plain;
  NameFit unwrapped = reading(bare);
  if (!unwrapped.with_head && (plain.whole || !unwrapped.whole)) return plain;
  unwrapped.notices.insert(unwrapped.notices.begin(),
                           "took what wrappers write ('module.', '_orig_mod.') out of the names");
  return unwrapped;
}

}  // namespace qrs::nn
