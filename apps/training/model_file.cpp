#include "model_file.hpp"

#include <nlohmann/json.hpp>

#include "qrs/io/safetensors.hpp"
#include "qrs/nn/weights_hash.hpp"
#include "qrs/train/batches.hpp"

namespace qrs::training {

namespace {

/// The entry of a file that a network knows as `name`, or null.
const io::Entry* find_renamed(const io::StateDict& dict, const nn::StateRules& rules, const std::string& name) {
  for (const auto& [key, entry] : dict) {
    if ((rules.rename ? rules.rename(key) : key) == name) return &entry;
  }
  return nullptr;
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

void save_model(const std::string& path, models::Model<float>& net, const ModelFacts& facts) {
  io::StateDict out = nn::state_dict(net);
  out.metadata = facts.others;
  out.metadata["model"] = facts.model;
  out.metadata["in_channels"] = text(train::input_channels(net));
  out.metadata["classes"] = nlohmann::json(facts.class_names).dump();
  out.metadata["weights_sha256"] = nn::weights_sha256(net);
  if (!facts.preprocessing.empty()) out.metadata["preprocessing"] = facts.preprocessing;
  io::write_safetensors(path, out);
}

LoadedModel load_model(const std::string& path) {
  const io::StateDict dict = io::read_safetensors(path);
  const auto field = [&](const char* key) {
    const auto found = dict.metadata.find(key);
    QRS_CHECK(found != dict.metadata.end(), "[model] ", path, ": expected '", key,
              "' in the metadata, got none (qrs train writes such files)");
    return found->second;
  };
  LoadedModel out;
  out.facts.model = field("model");
  QRS_CHECK(models::known(out.facts.model), "[model] ", path, ": expected a network of `qrs summary --help`, got '",
            out.facts.model, "'");
  const auto classes = nlohmann::json::parse(field("classes"), nullptr, false);
  QRS_CHECK(classes.is_array() && !classes.empty(), "[model] ", path,
            ": expected a JSON list of class names in the metadata, got '", field("classes").substr(0, 80), "'");
  for (const auto& name : classes) {
    QRS_CHECK(name.is_string(), "[model] ", path, ": expected texts as class names, got ", name.dump().substr(0, 80));
    out.facts.class_names.push_back(name.get<std::string>());
  }
  const std::string channels = field("in_channels");
  QRS_CHECK(channels == "1" || channels == "3", "[model] ", path, ": expected in_channels 1 or 3, got '", channels,
            "'");
  out.net = models::create<float>(out.facts.model, {.classes = static_cast<std::int64_t>(out.facts.class_names.size()),
                                                    .in_channels = channels == "1" ? 1 : 3});
  nn::load(*out.net, dict);
  out.net->eval();
  out.facts.others = dict.metadata;
  for (const char* key : {"model", "classes", "in_channels"}) out.facts.others.erase(key);
  if (const auto said = out.facts.others.find("preprocessing"); said != out.facts.others.end()) {
    out.facts.preprocessing = said->second;
    out.facts.others.erase(said);
  }
  return out;
}

nn::LoadReport load_weights(models::Model<float>& net, const io::StateDict& weights, bool allow_missing) {
  const io::Entry* head = find_renamed(weights, net.state_rules(), head_weight(net));
  const bool other_classes = head != nullptr && !head->shape.empty() && head->shape[0] != net.classes();
  return nn::load(net, weights, {.allow_missing = allow_missing, .skip_head = other_classes});
}

}  // namespace qrs::training
