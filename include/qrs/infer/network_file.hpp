// A trained network as one file: weights, and what is needed to give it a page: architecture, class names, preprocessing.
//
//   NetworkFile file = load_network("best.safetensors");         file.net->forward(...), file.info.class_names
//   save_network("best.safetensors", *net, info);
//
// The file is a safetensors of nn::state_dict(net), in torch's names and layout, with the metadata
//
//   model          "densenet121", one of models::names()
//   classes        a JSON list of the class names, in the order of the logits
//   in_channels    "1", or "3" where the network sees the grey page three times
//   preprocessing  {"size": 224, "filter": "bicubic", "order": "rows_first", "grey_first": false, "equalize": true}
//                  order is optional (image/resize.hpp has the words)
//   weights_sha256 nn::weights_sha256(net); may be absent. A file whose weights have another is refused: it is damaged
//   temperature    a number; absent where the probabilities are not calibrated (metrics/temperature.hpp)
//
// Other keys are the writer's own and stay unread.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../data/preprocessing.hpp"
#include "../image/transform.hpp"
#include "../io/file_kind.hpp"
#include "../io/json_list.hpp"
#include "../io/safetensors.hpp"
#include "../models/registry.hpp"
#include "../nn/state.hpp"
#include "../nn/weights_hash.hpp"

namespace qrs::infer {

struct NetworkInfo {
  std::string model;
  std::vector<std::string> class_names;
  std::int64_t in_channels = 1;
  image::PreprocessOptions preprocessing = {};
  std::optional<double> temperature = {};
};

struct NetworkFile {
  NetworkInfo info;
  std::unique_ptr<models::Model<float>> net;  // in evaluation mode
};

namespace detail {

using Json = nlohmann::ordered_json;

/// Throws `[network] PATH: expected ..., got ...`.
template <class... Parts>
[[noreturn]] void fail_in(const std::string& path, const Parts&... parts) {
  fail("[network] ", path, ": ", parts...);
}

inline const std::string& value_of(const std::string& path, const io::StateDict& dict, const std::string& key) {
  const auto found = dict.metadata.find(key);
  if (found == dict.metadata.end()) {
    fail_in(path, "expected metadata '", key, "', got none; a file written by qrs train has it, plain weights do not");
  }
  return found->second;
}

inline Json json_of(const std::string& path, const io::StateDict& dict, const std::string& key) {
  const std::string& value = value_of(path, dict, key);
  Json json = Json::parse(value, nullptr, false);
  if (json.is_discarded()) fail_in(path, "expected JSON in metadata '", key, "', got '", value, "'");
  return json;
}

inline bool printable(std::string_view name) {
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return false;
  }
  return true;
}

inline std::vector<std::string> class_names(const std::string& path, const Json& json) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  const bool is_list = json.is_array() && json.size() >= 2;
  if (!is_list) fail_in(path, "expected metadata 'classes' as a list of at least two names, got ", json.dump());
  for (const Json& name : json) {
    if (!name.is_string() || name.get_ref<const std::string&>().empty() ||
        !printable(name.get_ref<const std::string&>())) {
      fail_in(path, "expected a class name as a text without control characters, got ", name.dump());
    }
    names.push_back(name.get<std::string>());
    if (!seen.insert(names.back()).second) {
      fail_in(path, "expected class names that differ, got '", names.back(), "' twice");
    }
  }
  return names;
}

inline double temperature(const std::string& path, const std::string& value) {
  double out = 0.0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (code != std::errc() || end != value.data() + value.size() || !(out > 0.0) || !std::isfinite(out)) {
    fail_in(path, "expected metadata 'temperature' as a number above 0, got '", value, "'");
  }
  return out;
}

/// The file's entries; what is no safetensors is refused by what it is.
inline io::StateDict read_network(const std::string& path) {
  const std::vector<std::byte> bytes = io::read_file(path);
  const std::string_view kind = io::file_kind(bytes);
  if (kind == "a torch checkpoint (.pth)" || kind == "a tar archive") {
    fail_in(path, "expected a network that qrs train wrote (.safetensors), got ", kind,
            ", which holds weights alone; qrs train MODEL --weights ", path, " begins with them");
  }
  if (kind != "a safetensors file" && kind != io::unknown_kind) {
    fail_in(path, "expected a network that qrs train wrote (.safetensors), got ", io::kind_and_advice(bytes));
  }
  return io::parse_safetensors(bytes, path);
}

inline NetworkInfo read_info(const std::string& path, const io::StateDict& dict) {
  NetworkInfo info;
  info.model = value_of(path, dict, "model");
  if (!models::known(info.model)) {
    fail_in(path, "expected metadata 'model' as one of ", models::names_text(), ", got '", info.model, "'");
  }
  info.class_names = class_names(path, json_of(path, dict, "classes"));
  const std::string& channels = value_of(path, dict, "in_channels");
  if (channels != "1" && channels != "3") {
    fail_in(path, "expected metadata 'in_channels' as 1 or 3, got '", channels, "'");
  }
  info.in_channels = channels == "1" ? 1 : 3;
  info.preprocessing =
      data::parse_preprocessing(value_of(path, dict, "preprocessing"), text("metadata 'preprocessing' of ", path));
  if (dict.metadata.contains("temperature")) info.temperature = temperature(path, dict.metadata.at("temperature"));
  return info;
}

/// Puts `info` into the metadata, and throws where load_network would refuse it.
inline void describe(const std::string& path, const NetworkInfo& info, io::StateDict& dict) {
  dict.metadata["model"] = info.model;
  dict.metadata["classes"] = io::json_list(info.class_names);
  dict.metadata["in_channels"] = std::to_string(info.in_channels);
  dict.metadata["preprocessing"] = data::preprocessing_json(info.preprocessing);
  dict.metadata.erase("temperature");
  if (info.temperature) dict.metadata["temperature"] = Json(*info.temperature).dump();
  read_info(path, dict);
}

}  // namespace detail

/// Throws where save_network(path, ...) would refuse `info`: to be asked before the training, not after it.
inline void check_network_info(const std::string& path, const NetworkInfo& info) {
  io::StateDict nothing;
  detail::describe(path, info, nothing);
}

/// Reads and checks all of it; the network is new, its weights the file's. Throws an Error that names the file where it is
/// no safetensors, lacks a key, has a value that makes no sense, or weights that are not the network's or not finite.
inline NetworkFile load_network(const std::string& path) {
  const io::StateDict dict = detail::read_network(path);
  NetworkFile out{.info = detail::read_info(path, dict), .net = nullptr};
  out.net = models::create<float>(out.info.model, {.classes = static_cast<std::int64_t>(out.info.class_names.size()),
                                                   .in_channels = out.info.in_channels,
                                                   .image_size = out.info.preprocessing.size});
  try {
    const nn::LoadReport report = nn::load(*out.net, dict);
    QRS_CHECK(!report.summed_input_channels, "a first kernel of 3 input channels");
    nn::check_finite(*out.net);
  } catch (const Error& error) {
    detail::fail_in(path, "expected the weights of ", out.info.model, " with ", out.info.class_names.size(),
                    " classes and ", out.info.in_channels, " input channels, got: ", error.what());
  }
  const auto written = dict.metadata.find("weights_sha256");
  const std::string hash = written == dict.metadata.end() ? std::string() : nn::weights_sha256(*out.net);
  if (!hash.empty() && hash != written->second) {
    detail::fail_in(path, "expected weights with the SHA-256 ", written->second, ", which its metadata names, got ",
                    hash,
                    ": the file is damaged; take it from where it was written (or, if another program changed the "
                    "weights on purpose, drop weights_sha256 from the metadata)");
  }
  out.net->eval();
  return out;
}

/// Writes the file, complete or not at all. `more`: metadata of the writer's own, under other keys. Throws where `info` does
/// not describe the network. Not for a network whose batch norms were folded.
inline void save_network(const std::string& path, models::Model<float>& net, const NetworkInfo& info,
                         const std::map<std::string, std::string>& more = {}) {
  io::StateDict dict = nn::state_dict(net);
  dict.metadata = more;
  detail::describe(path, info, dict);  // what load_network would refuse is not written
  const auto classes = static_cast<std::int64_t>(info.class_names.size());
  if (net.classes() != classes) {
    detail::fail_in(path, "expected a name for each of ", net.classes(), " classes of the network, got ", classes);
  }
  io::write_safetensors(path, dict);
}

}  // namespace qrs::infer
