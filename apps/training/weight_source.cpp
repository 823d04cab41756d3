#include "weight_source.hpp"

#include <cstdio>
#include <optional>
#include <vector>

#include "qrs/core/sha256.hpp"
#include "qrs/io/checkpoint.hpp"
#include "qrs/io/name_map.hpp"
#include "qrs/nn/fit_names.hpp"

namespace qrs::training {

namespace {

using Notices = std::vector<std::string>;

/// A weight file, and what the user says about its names.
class Source {
 public:
  explicit Source(const WeightSource& options) : options_(options), bytes_(io::read_file(options.file)) {}

  std::string hash() const { return sha256(bytes_); }
  /// The mappings among which a torch checkpoint leaves a choice.
  std::vector<std::string> keys() const {
    if (!options_.key.empty()) return {};
    return io::torch_weight_keys(bytes_, options_.file);
  }
  io::StateDict read(const std::string& key, Notices& notices) const {
    io::FileContents contents = io::parse_weights(bytes_, options_.file, key);
    notices = std::move(contents.notices);
    io::StateDict dict = std::move(contents.tensors);
    if (!options_.strip_prefix.empty()) dict = stripped(dict, notices);
    if (!options_.map.empty()) {
      const std::vector<std::byte> table = io::read_file(options_.map);
      dict = io::rename_by(dict, io::as_text(table), options_.map);
    }
    return dict;
  }

 private:
  /// The entries under the prefix; the others are left out, and said to be.
  io::StateDict stripped(const io::StateDict& dict, Notices& notices) const {
    io::StateDict out;
    out.metadata = dict.metadata;
    std::vector<std::string> left;
    for (const auto& [name, entry] : dict) {
      if (!name.starts_with(options_.strip_prefix)) {
        left.push_back(name);
      } else if (name.size() > options_.strip_prefix.size()) {
        out.add(name.substr(options_.strip_prefix.size()), entry);
      }
    }
    QRS_CHECK(!out.empty(), "[weights] ", options_.file, ": expected names that begin with '", options_.strip_prefix,
              "' (--strip-prefix), got ", dict.empty() ? "none at all" : text("'", dict[0].name, "' and others"));
    if (!left.empty()) notices.push_back("left out, outside of the prefix: " + io::detail::some_of(left));
    return out;
  }

  const WeightSource& options_;
  std::vector<std::byte> bytes_;
};

void say(const WeightSource& source, const Notices& notices) {
  for (const std::string& notice : notices) {
    std::fprintf(stderr, "qrs: note: %s: %s\n", source.file.c_str(), notice.c_str());
  }
}

nn::NameFit fitted(models::Model<float>& net, io::StateDict dict, const WeightSource& source) {
  try {
    return nn::fit_names(net, dict, net.state_rules());
  } catch (const Error& error) {
    fail(error.what(), ", in ", source.file);
  }
}

/// Of several mappings the only one that holds the network.
std::optional<std::string> only_key(models::Model<float>& net, const Source& file, const WeightSource& source) {
  std::optional<std::string> found;
  const std::vector<std::string> keys = file.keys();
  if (keys.size() < 2) return std::nullopt;
  for (const std::string& key : keys) {
    Notices notices;
    if (key.empty() || !fitted(net, file.read(key, notices), source).whole) continue;
    if (found) return std::nullopt;
    found = key;
  }
  return found;
}

}  // namespace

void add_weight_options(CLI::App& verb, WeightSource& source) {
  verb.add_option(
      "--key", source.key,
      "Of a torch checkpoint with several sets of weights: the path of keys of the one to read (ema.state_dict)");
  verb.add_option("--strip-prefix", source.strip_prefix,
                  "Take the entries whose names begin so, without this beginning");
  verb.add_option("--map", source.map,
                  "A table of two columns, old name and new name, for names that no prefix explains")
      ->check(CLI::ExistingFile);
}

Weights read_weights(const WeightSource& source) {
  const Source file(source);
  Notices notices;
  Weights out{file.read(source.key, notices), file.hash()};
  say(source, notices);
  return out;
}

Weights read_weights_of(models::Model<float>& net, const WeightSource& source) {
  const Source file(source);
  Notices notices;
  const std::string key = only_key(net, file, source).value_or(source.key);
  nn::NameFit fit = fitted(net, file.read(key, notices), source);
  notices.insert(notices.end(), fit.notices.begin(), fit.notices.end());
  say(source, notices);
  return {std::move(fit.dict), file.hash()};
}

}  // namespace qrs::training
