// A checkpoint: everything a training run needs to go on after an epoch as if it had never stopped, in one safetensors file.
//
//   network/<entry>                    weights, buffers and counters, in torch's names and layout
//   best/<entry>                       the same of the best epoch so far; absent before there is one
//   optimizer.tensor/<name>            the optimiser's moments         optimizer.number/<name>   its counts and rate
//   average.tensor/<name>              the moving average of the weights   average.number/<name>   how many it holds;
//                                      absent from a run without one
//   plateau/<name>                     numbers of the schedule         early_stopping/<name>     numbers of the rule
//   step                               training steps done: where the random layers and the schedule stand
//   metadata: format, settings (a JSON object, in the order of settings()), history (JSON lines), sha256 (of all the rest;
//   absent from older files): a damaged checkpoint is refused, not gone on with
//
// Numbers are float64 entries of rank 0. The file is written to a temporary name and renamed: a run killed at any moment
// leaves the checkpoint of the last epoch or of the one before, never half of one.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "../core/sha256.hpp"
#include "../io/safetensors.hpp"
#include "../optim/optimizer.hpp"
#include "history.hpp"
#include "options.hpp"

namespace qrs::train {

template <class T>
struct Checkpoint {
  Settings settings = {};
  History history = {};
  std::int64_t step = 0;
  io::StateDict network = {};
  io::StateDict best = {};  // empty: none yet
  optim::State<T> optimizer = {};
  optim::State<T> average = {};  // empty: none
  std::map<std::string, double> plateau = {};
  std::map<std::string, double> early_stopping = {};
};

inline constexpr std::string_view checkpoint_format = "qrs training checkpoint 1";

namespace detail {

inline std::string settings_json(const Settings& settings) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const auto& [name, value] : settings) out[name] = value;
  return out.dump();
}

inline Settings parse_settings(const std::string& json, std::string_view file) {
  const auto parsed = nlohmann::ordered_json::parse(json, nullptr, false);
  QRS_CHECK(parsed.is_object(), "[checkpoint] ", file, ": expected settings as a JSON object, got '",
            json.substr(0, 80), "'");
  Settings out;
  for (const auto& [name, value] : parsed.items()) {
    QRS_CHECK(value.is_string(), "[checkpoint] ", file, ": expected a text for the setting '", name, "', got ",
              value.dump());
    out.emplace_back(name, value.template get<std::string>());
  }
  return out;
}

/// The numbers that are measures and may have any value; all others count something.
inline bool is_measure(std::string_view name) { return name == "lr" || name == "best"; }

inline void add_numbers(io::StateDict& dict, const std::string& prefix, const std::map<std::string, double>& numbers) {
  for (const auto& [name, value] : numbers) dict.add(prefix + name, Tensor<double>::full({}, value));
}

/// A number of a checkpoint. Throws where it is no float64 of rank 0, not a number, or a count that is no count.
inline double read_number(const io::Entry& entry, std::string_view name, std::string_view key, std::string_view file) {
  QRS_CHECK(entry.dtype == io::DType::f64 && entry.shape.empty(), "[checkpoint] ", file,
            ": expected one float64 value for '", key, "', got ", io::name(entry.dtype), " of shape ",
            std::span(entry.shape));
  const double value = entry.to<double>().item();
  const bool fine =
      is_measure(name) ? !std::isnan(value) : value >= -1.0 && value <= 0x1p53 && value == std::floor(value);
  QRS_CHECK(fine, "[checkpoint] ", file, ": expected ", is_measure(name) ? "a number" : "a whole number from -1",
            " for '", key, "', got ", value);
  return value;
}

/// SHA-256 of what a checkpoint says and holds: its metadata but for the hash itself, names and bytes of its entries.
inline std::string content_sha256(const io::StateDict& dict) {
  Sha256 hash;
  for (const auto& [key, value] : dict.metadata) {
    if (key != "sha256") hash.update(io::as_bytes(text(key, '=', value, '\n')));
  }
  for (const auto& [name, entry] : dict) {
    hash.update(io::as_bytes(text(name, ' ', io::name(entry.dtype), ' ', std::span(entry.shape), '\n')));
    hash.update(entry.bytes);
  }
  return hash.hex();
}

}  // namespace detail

template <class T>
void save_checkpoint(const std::string& path, const Checkpoint<T>& c) {
  io::StateDict out;
  out.metadata = {{"format", std::string(checkpoint_format)},
                  {"settings", detail::settings_json(c.settings)},
                  {"history", json_lines(c.history)}};
  for (const auto& [name, entry] : c.network) out.add("network/" + name, entry);
  for (const auto& [name, entry] : c.best) out.add("best/" + name, entry);
  for (const auto& [name, tensor] : c.optimizer.tensors) out.add("optimizer.tensor/" + name, tensor);
  detail::add_numbers(out, "optimizer.number/", c.optimizer.numbers);
  for (const auto& [name, tensor] : c.average.tensors) out.add("average.tensor/" + name, tensor);
  detail::add_numbers(out, "average.number/", c.average.numbers);
  detail::add_numbers(out, "plateau/", c.plateau);
  detail::add_numbers(out, "early_stopping/", c.early_stopping);
  out.add("step", Tensor<std::int64_t>::full({}, c.step));
  out.metadata["sha256"] = detail::content_sha256(out);
  io::write_safetensors(path, out);
}

/// Throws where the file is broken, is no checkpoint, or holds an entry that a checkpoint does not have. Whether the entries
/// fit a network and an optimiser is their business.
template <class T>
Checkpoint<T> load_checkpoint(const std::string& path) {
  const io::StateDict dict = io::read_safetensors(path);
  const auto text_of = [&](const char* key) {
    const auto found = dict.metadata.find(key);
    QRS_CHECK(found != dict.metadata.end(), "[checkpoint] ", path, ": expected '", key, "' in the metadata, got none");
    return found->second;
  };
  QRS_CHECK(dict.metadata.contains("format") && text_of("format") == checkpoint_format, "[checkpoint] ", path,
            ": expected a file of the format '", checkpoint_format, "', got another");
  Checkpoint<T> out;
  out.settings = detail::parse_settings(text_of("settings"), path);
  out.history = parse_history(text_of("history"), path);
  out.step = dict.at("step").template to<std::int64_t>().item();
  QRS_CHECK(out.step >= 0, "[checkpoint] ", path, ": expected a step >= 0, got ", out.step);
  for (const auto& [key, entry] : dict) {
    const std::size_t slash = key.find('/');
    const std::string kind = key.substr(0, slash);
    const std::string name = slash == std::string::npos ? "" : key.substr(slash + 1);
    if (kind == "network") {
      out.network.add(name, entry);
    } else if (kind == "best") {
      out.best.add(name, entry);
    } else if (kind == "optimizer.tensor") {
      out.optimizer.tensors[name] = entry.template to<T>();
    } else if (kind == "optimizer.number") {
      out.optimizer.numbers[name] = detail::read_number(entry, name, key, path);
    } else if (kind == "average.tensor") {
      out.average.tensors[name] = entry.template to<T>();
    } else if (kind == "average.number") {
      out.average.numbers[name] = detail::read_number(entry, name, key, path);
    } else if (kind == "plateau") {
      out.plateau[name] = detail::read_number(entry, name, key, path);
    } else if (kind == "early_stopping") {
      out.early_stopping[name] = detail::read_number(entry, name, key, path);
    } else {
      QRS_CHECK(key == "step", "[checkpoint] ", path, ": expected the entries of a checkpoint, got '", key, "'");
    }
  }
  if (dict.metadata.contains("sha256")) {
    const std::string hash = detail::content_sha256(dict);
    QRS_CHECK(hash == text_of("sha256"), "[checkpoint] ", path, ": expected content with the SHA-256 ",
              text_of("sha256"), ", as it was written, got ", hash, ": the file is damaged; begin anew without it");
  }
  return out;
}

/// Throws, and names the setting, unless a run with `now` may go on from a checkpoint made with `then`.
inline void check_same_settings(const Settings& then, const Settings& now, std::string_view path) {
  const auto find = [](const Settings& in, const std::string& name) {
    for (const auto& [other, value] : in) {
      if (other == name) return value;
    }
    return std::string("nothing");
  };
  for (const Settings* list : {&now, &then}) {
    for (const auto& [name, value] : *list) {
      const std::string before = find(then, name);
      const std::string today = find(now, name);
      QRS_CHECK(before == today, "[resume] expected ", name, " = ", before, ", as ", path, " was made with, got ",
                today);
    }
  }
}

}  // namespace qrs::train
