// State dicts of modules: what a file keeps of a network, in torch's names, order and axis layout.
//
//   qrs::io::StateDict weights = qrs::nn::state_dict(net);
//   qrs::nn::LoadReport report = qrs::nn::load(net, weights, {.skip_head = true});
//
// load checks every name and shape before it writes the first value: a network is loaded whole, or (with allow_missing) as
// far as the names go with the rest reported, or not at all. This is the one place where convolution weights turn from
// torch's (C_out, C_in / groups, KH, KW) to (KH, KW, C_in / groups, C_out) and back.
#pragma once

#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "../io/state_dict.hpp"
#include "module.hpp"

namespace qrs::nn {

/// What a model knows about files written for it by others.
struct StateRules {
  std::function<std::string(const std::string&)> rename;  // today's name of a file's name; empty: names as they are
  std::string first_convolution;  // its 3-channel weight may be summed to 1 channel; empty: none
  std::string head;               // prefix of the classifier's entries; empty: none
};

struct LoadOptions {
  bool allow_missing = false;  // load what fits and report the rest
  bool skip_head = false;      // leave the classifier as it is, whatever the file says of it
};

/// What a load did, and what did not fit.
struct LoadReport {
  std::size_t loaded = 0;               // entries of the network written
  std::size_t expected = 0;             // entries the network has
  std::vector<std::string> missing;     // in the network, not in the file
  std::vector<std::string> unexpected;  // in the file, not in the network
  std::vector<std::string> mismatched;  // "name: expected (..), got (..)"
  std::vector<std::string> skipped;     // the head, where asked for
  bool summed_input_channels = false;   // the first kernel was summed over RGB

  bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
  std::string text() const {
    std::string out = qrs::text("loaded ", loaded, " of ", expected, " entries");
    if (summed_input_channels) out += "; the first kernel was summed over its three input channels";
    const auto list = [&out](const char* what, const std::vector<std::string>& names) {
      if (names.empty()) return;
      out += qrs::text("; ", names.size(), " ", what, ": ");
      constexpr std::size_t shown = 12;
      for (std::size_t i = 0; i < names.size() && i < shown; ++i) out += (i > 0 ? ", " : "") + names[i];
      if (names.size() > shown) out += qrs::text(" and ", names.size() - shown, " more");
    };
    list("missing", missing);
    list("unexpected", unexpected);
    list("of another shape", mismatched);
    list("left as they were", skipped);
    return out;
  }
};

namespace detail {

/// (KH, KW, I, O) to (O, I, KH, KW).
template <class T>
Tensor<T> to_torch_layout(const Tensor<T>& w) {
  Tensor<T> out({w.dim(3), w.dim(2), w.dim(0), w.dim(1)});
  T* to = out.data();
  for (std::int64_t o = 0; o < w.dim(3); ++o) {
    for (std::int64_t i = 0; i < w.dim(2); ++i) {
      for (std::int64_t tap = 0; tap < w.dim(0) * w.dim(1); ++tap) {
        *to++ = w.data()[(tap * w.dim(2) + i) * w.dim(3) + o];
      }
    }
  }
  return out;
}

/// (O, I, KH, KW) into (KH, KW, I, O); three input channels are summed where the target has one.
template <class T>
void from_torch_layout(const Tensor<T>& from, const Tensor<T>& to) {
  const std::int64_t taps = to.dim(0) * to.dim(1);
  const bool sum = from.dim(1) != to.dim(2);
  if (sum) to.fill(T(0));
  const T* value = from.data();
  for (std::int64_t o = 0; o < from.dim(0); ++o) {
    for (std::int64_t i = 0; i < from.dim(1); ++i) {
      for (std::int64_t tap = 0; tap < taps; ++tap, ++value) {
        T& target = to.data()[(tap * to.dim(2) + (sum ? 0 : i)) * to.dim(3) + o];
        target = sum ? target + *value : *value;
      }
    }
  }
}

/// The shape an entry has in a file.
template <class Entry>
std::vector<std::int64_t> file_shape(const Entry& e) {
  if (e.counter != nullptr) return {};
  const auto extents = e.tensor.shape().extents();
  if (e.layout == Layout::convolution) return {extents[3], extents[2], extents[0], extents[1]};
  return {extents.begin(), extents.end()};
}

}  // namespace detail

/// Everything a network keeps, as torch's state_dict() holds it.
template <class T>
io::StateDict state_dict(Module<T>& module) {
  io::StateDict out;
  for (const auto& e : module.state_entries()) {
    if (e.counter != nullptr) {
      out.add(e.name, Tensor<std::int64_t>::full({}, *e.counter));
    } else {
      out.add(e.name, e.layout == Layout::convolution ? detail::to_torch_layout(e.tensor) : e.tensor);
    }
  }
  return out;
}

/// Throws and names the entry where a weight is NaN or infinite, or a running variance below 0: whatever went through such a
/// network would come out as no number, and as the first of its classes.
template <class T>
void check_finite(Module<T>& module) {
  for (const auto& e : module.state_entries()) {
    if (e.counter != nullptr) continue;
    const Tensor<T> host = e.tensor.to(Device::cpu).as_contiguous();
    const bool variance = e.name.ends_with("running_var");
    for (std::int64_t i = 0; i < host.size(); ++i) {
      const T value = host.data()[i];
      QRS_CHECK(std::isfinite(value) && !(variance && value < T(0)), "[weights] expected ",
                variance ? "a variance of 0 or more" : "a finite number", " in ", e.name, ", value ", i, ", got ",
                value, ": the weights are damaged, or of a training that diverged");
    }
  }
}

/// Writes a state dict into a network; see the head of this file. Throws, and changes nothing, where an entry is missing,
/// unexpected or of another shape, unless options.allow_missing is set; and where nothing fits at all. A missing
/// num_batches_tracked is no mistake (files older than torch 0.4.1 have none).
template <class T>
LoadReport load(Module<T>& module, const io::StateDict& dict, const LoadOptions& options, const StateRules& rules) {
  std::unordered_map<std::string, const io::Entry*> source;
  for (const auto& [name, entry] : dict) {
    source.emplace(rules.rename ? rules.rename(name) : name, &entry);
  }
  LoadReport report;
  struct Copy {
    typename Module<T>::StateEntry to;
    const io::Entry* from;
  };
  std::vector<Copy> copies;
  const auto entries = module.state_entries();
  report.expected = entries.size();
  for (const auto& e : entries) {
    const auto found = source.find(e.name);
    if (options.skip_head && !rules.head.empty() && e.name.starts_with(rules.head)) {
      report.skipped.push_back(e.name);
    } else if (found == source.end()) {
      if (e.counter == nullptr || options.allow_missing) report.missing.push_back(e.name);
    } else {
      const std::vector<std::int64_t> expected = detail::file_shape(e);
      std::vector<std::int64_t> got = found->second->shape;
      if (e.name == rules.first_convolution && got.size() == 4 && got[1] == 3 && expected[1] == 1) {
        report.summed_input_channels = true;
        got[1] = 1;
      }
      if (got == expected) {
        copies.push_back({e, found->second});
      } else {
        report.mismatched.push_back(
            text(e.name, ": expected ", std::span(expected), ", got ", std::span(found->second->shape)));
      }
    }
    if (found != source.end()) source.erase(found);
  }
  for (const auto& [name, entry] : dict) {  // in the file's order
    const std::string known = rules.rename ? rules.rename(name) : name;
    if (!source.contains(known)) continue;
    if (options.skip_head && !rules.head.empty() && known.starts_with(rules.head)) continue;
    report.unexpected.push_back(name);
  }
  report.loaded = copies.size();
  QRS_CHECK(options.allow_missing || report.complete(),
            "[load] expected a file with every entry of the network, got one of which it ", report.text(),
            " (allow_missing loads what fits)");
  QRS_CHECK(report.loaded > 0 || report.expected == 0 || report.skipped.size() == report.expected,
            "[load] expected weights of the network, got a file of which nothing fits: it ", report.text());
  for (const Copy& copy : copies) {
    if (copy.to.counter != nullptr) {
      *copy.to.counter = copy.from->template to<std::int64_t>().item();
    } else if (copy.to.layout == Layout::convolution) {
      detail::from_torch_layout(copy.from->template to<T>(), copy.to.tensor);
    } else {
      copy.from->template to<T>().copy_into(copy.to.tensor);
    }
  }
  return report;
}

/// load for a network that knows its files (a model) or has no rules of its own.
template <class Net>
LoadReport load(Net& net, const io::StateDict& dict, const LoadOptions& options = {}) {
  using T = typename Net::value_type;
  if constexpr (requires { net.state_rules(); }) {
    return load(static_cast<Module<T>&>(net), dict, options, net.state_rules());
  } else {
    return load(static_cast<Module<T>&>(net), dict, options, StateRules{});
  }
}

}  // namespace qrs::nn
