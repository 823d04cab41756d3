#include "initial_weights.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "qrs/nn/state.hpp"

namespace qrs::training {

namespace {

/// The entry of a file that a network knows as `name`, or null.
const io::Entry* find_renamed(const io::StateDict& dict, const nn::StateRules& rules, const std::string& name) {
  for (const auto& [key, entry] : dict) {
    if ((rules.rename ? rules.rename(key) : key) == name) return &entry;
  }
  return nullptr;
}

/// A name of a file may hold any bytes; the metadata of a network is UTF-8, and what is none is replaced.
std::string in_utf8(const std::string& name) {
  using Json = nlohmann::json;
  return Json::parse(Json(name).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

/// The full name of the head's weight.
std::string head_weight(models::Model<float>& net) {
  const std::string prefix = net.state_rules().head;
  for (const auto& p : net.parameters()) {
    if (p.name.starts_with(prefix) && p.variable.value().rank() == 2) return p.name;
  }
  fail("[model] expected a head under '", prefix, "', got none");
}

}  // namespace

InitialNetwork initial_network(const std::string& name, const models::ModelOptions& options, const WeightSource& source,
                               bool allow_missing) {
  InitialNetwork out{models::create<float>(name, options), text("from scratch, seed ", options.seed), "none"};
  if (source.file.empty()) return out;
  models::Model<float>& net = *out.net;
  const Weights weights = read_weights_of(net, source);
  const io::Entry* head = find_renamed(weights.dict, net.state_rules(), head_weight(net));
  const bool other_classes = head != nullptr && !head->shape.empty() && head->shape[0] != net.classes();
  try {
    const nn::LoadReport report =
        nn::load(net, weights.dict, {.allow_missing = allow_missing, .skip_head = other_classes});
    out.words = text(in_utf8(std::filesystem::path(source.file).filename().string()), ": ", report.text());
    nn::check_finite(net);
  } catch (const Error& error) {
    fail("[weights] ", source.file, ": expected weights of ", name, ", got: ", error.what());
  }
  out.sha256 = weights.sha256;
  return out;
}

}  // namespace qrs::training
