// XGBoost's JSON model: gbtree models of one target without categories, as Booster.save_model("model.json") writes them.
//
//   XgboostModel model = read_xgboost_json("model.json");      write_xgboost_json("copy.json", model);
//
// Read are the layouts of XGBoost 1 to 3 (in 3.1 and later base_score may be a list in a text, one a class). Written is the
// layout of 3 with what 1.7 needs beside it, so that both read the file. Source: XGBoost's "Introduction to Model IO" and its
// JSON schema, doc/model.schema. The file may be anything: nothing is believed before it is checked, and nesting is limited.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "file.hpp"
#include "ubjson.hpp"

namespace qrs::io {

/// The lists of one tree, one value a node. A leaf has children -1 and its value in split_conditions.
struct XgboostTree {
  std::vector<std::int32_t> left_children;
  std::vector<std::int32_t> right_children;
  std::vector<std::int32_t> parents;  // 2^31 - 1 of the root
  std::vector<std::int32_t> split_indices;
  std::vector<float> split_conditions;
  std::vector<char> default_left;
  std::vector<float> base_weights;
  std::vector<float> loss_changes;
  std::vector<float> sum_hessian;

  std::size_t size() const { return left_children.size(); }
  bool operator==(const XgboostTree&) const = default;
};

struct XgboostModel {
  std::array<std::int64_t, 3> version = {3, 0, 0};
  std::string objective;
  std::int64_t num_feature = 0;
  std::int64_t num_class = 0;     // 0 unless the objective is of several classes
  std::vector<float> base_score;  // one for all, or one a class
  float scale_pos_weight = 1.0f;
  std::vector<XgboostTree> trees;
  std::vector<std::int32_t> tree_info;            // the class of each tree
  std::map<std::string, std::string> attributes;  // best_iteration, best_score of early stopping
  std::vector<std::string> feature_names;         // empty where it was fitted on columns without names

  bool operator==(const XgboostModel&) const = default;
};

namespace detail {

/// Walks a parsed model and says where it is not one.
class XgboostJson {
 public:
  using Json = nlohmann::json;

  XgboostJson(std::string_view file) : file_(file) {}

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    fail("[xgboost] ", file_, ": ", parts...);
  }

  const Json& member(const Json& object, const char* name) const {
    if (!object.is_object()) refuse("expected an object with '", name, "', got ", object.type_name());
    const auto found = object.find(name);
    if (found == object.end()) refuse("expected '", name, "', got an object without it");
    return *found;
  }
  const Json& list(const Json& object, const char* name) const {
    const Json& value = member(object, name);
    if (!value.is_array()) refuse("expected a list for '", name, "', got ", value.type_name());
    return value;
  }
  const std::string& word(const Json& object, const char* name) const {
    const Json& value = member(object, name);
    if (!value.is_string()) refuse("expected a text for '", name, "', got ", value.type_name());
    return value.get_ref<const std::string&>();
  }

  /// A number that is written as a text.
  template <class V>
  V number(std::string_view digits, const char* name) const {
    V value{};
    const auto done = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    bool good = done.ec == std::errc() && done.ptr == digits.data() + digits.size();
    if constexpr (std::is_floating_point_v<V>) good = good && std::isfinite(value);
    if (!good) refuse("expected a number for '", name, "', got '", shown(digits), "'");
    return value;
  }
  std::int64_t count(const Json& object, const char* name, std::int64_t otherwise) const {
    if (!object.is_object() || !object.contains(name)) return otherwise;
    const auto value = number<std::int64_t>(word(object, name), name);
    if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
      refuse("expected '", name, "' in [0, 2^31), got ", value);
    }
    return value;
  }

  /// A float of a list; infinity where `infinite` allows it.
  float single(const Json& value, const char* name, bool infinite) const {
    if (infinite && value == "inf") return std::numeric_limits<float>::infinity();
    if (infinite && value == "-inf") return -std::numeric_limits<float>::infinity();
    const double number = value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
    const bool fits =
        std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max()) || (infinite && std::isinf(number));
    if (!fits) refuse("expected numbers within float32 in '", name, "', got ", shown(value.dump().substr(0, 40)));
    return static_cast<float>(number);
  }

  /// Numbers of a list: whole ones inside int32, or floats; true and false are 1 and 0.
  template <class V>
  std::vector<V> numbers(const Json& object, const char* name, std::size_t size, bool infinite = false) const {
    const Json& values = list(object, name);
    if (values.size() != size) refuse("expected ", size, " values of '", name, "', got ", values.size());
    std::vector<V> out;
    out.reserve(size);
    for (const Json& value : values) {
      if constexpr (std::is_same_v<V, float>) {
        out.push_back(single(value, name, infinite));
      } else {
        std::int64_t number = -2;
        if (value.is_boolean())
          number = value.get<bool>() ? 1 : 0;
        else if (value.is_number_unsigned())
          number = value.get<std::uint64_t>() > 0x7fffffffu ? -2 : value.get<std::int64_t>();
        else if (value.is_number_integer())
          number = value.get<std::int64_t>();
        if (number < -1)
          refuse("expected whole numbers in [-1, 2^31) in '", name, "', got ", shown(value.dump().substr(0, 40)));
        out.push_back(static_cast<V>(number));
      }
    }
    return out;
  }

  XgboostTree tree(const Json& json) const {
    const std::size_t size = list(json, "left_children").size();
    if (size == 0) refuse("expected at least one node in a tree, got none");
    if (json.contains("tree_param") && count(json["tree_param"], "size_leaf_vector", 1) > 1) {
      refuse(
          "expected leaves of one value, got vector leaves of several (multi_strategy = multi_output_tree): fit with ",
          "one_output_per_tree");
    }
    XgboostTree out;
    out.left_children = numbers<std::int32_t>(json, "left_children", size);
    out.right_children = numbers<std::int32_t>(json, "right_children", size);
    out.parents = numbers<std::int32_t>(json, "parents", size);
    out.split_indices = numbers<std::int32_t>(json, "split_indices", size);
    out.split_conditions = numbers<float>(json, "split_conditions", size, true);
    out.default_left = numbers<char>(json, "default_left", size);
    out.base_weights = numbers<float>(json, "base_weights", size);
    out.loss_changes = numbers<float>(json, "loss_changes", size);
    out.sum_hessian = numbers<float>(json, "sum_hessian", size);
    if (json.contains("split_type")) {
      for (const std::int32_t type : numbers<std::int32_t>(json, "split_type", size)) {
        if (type != 0) refuse("expected splits by value, got one by categories");
      }
    }
    return out;
  }

  /// "5E-1", or "[5E-1,2.5E-1]".
  std::vector<float> scores(std::string_view digits) const {
    std::vector<float> out;
    if (digits.starts_with('[') && digits.ends_with(']') && digits.size() >= 2) {
      digits = digits.substr(1, digits.size() - 2);
    }
    do {
      const std::string_view item = digits.substr(0, digits.find(','));
      digits.remove_prefix(std::min(digits.size(), item.size() + 1));
      out.push_back(number<float>(item, "base_score"));
    } while (!digits.empty());
    return out;
  }

 private:
  std::string_view file_;
};

/// The same text with Infinity and -Infinity outside quotes as texts, which JSON knows; blanks fill up, so that the
/// bytes behind keep their places. XGBoost writes them for splits that tell values from missing ones.
inline std::string quoted_infinities(std::string_view text) {
  std::string out(text);
  bool in_text = false;
  for (std::size_t at = 0; at < out.size(); ++at) {
    if (out[at] == '\\' && in_text) {
      ++at;
    } else if (out[at] == '"') {
      in_text = !in_text;
    } else if (!in_text && out[at] == 'I' && std::string_view(out).substr(at, 8) == "Infinity") {
      const bool negative = at > 0 && out[at - 1] == '-';
      out.replace(negative ? at - 1 : at, negative ? 9 : 8, negative ? "\"-inf\"   " : "\"inf\"   ");
      at += 7;
    }
  }
  return out;
}

/// Shortest digits that give the float back, always with a point or an exponent; infinity as XGBoost writes it, where it
/// is allowed.
inline void append_float(std::string& out, float value, bool infinite = false) {
  if (infinite && std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
    return;
  }
  QRS_CHECK(std::isfinite(value), "[xgboost] expected finite numbers in a model, got ", value);
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  const std::string_view text(digits, static_cast<std::size_t>(end.ptr - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += "E0";
}

inline std::string quoted(const std::string& value) {
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

template <class V>
void append_list(std::string& out, const char* name, const std::vector<V>& values, bool infinite = false) {
  out += text("\"", name, "\":[");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    if constexpr (std::is_same_v<V, float>) {
      append_float(out, values[i], infinite);
    } else {
      out += std::to_string(static_cast<int>(values[i]));
    }
  }
  out += "],";
}

/// One score where all classes have the same, else a list in a text.
inline std::string base_score_text(const XgboostModel& model) {
  bool same = true;
  for (const float score : model.base_score) same = same && score == model.base_score.front();
  QRS_CHECK(!model.base_score.empty(), "[xgboost] expected a base_score, got none");
  std::string scores;
  for (std::size_t i = 0; i < (same ? 1 : model.base_score.size()); ++i) {
    if (i > 0) scores += ',';
    append_float(scores, model.base_score[i]);
  }
  return same ? scores : "[" + scores + "]";
}

inline void append_tree(std::string& out, const XgboostModel& model, std::size_t t) {
  const XgboostTree& tree = model.trees[t];
  out += t > 0 ? ",{" : "{";
  append_list(out, "base_weights", tree.base_weights);
  out += "\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[],\"categories_sizes\":[],";
  append_list(out, "default_left", tree.default_left);
  out += text("\"id\":", t, ",");
  append_list(out, "left_children", tree.left_children);
  append_list(out, "loss_changes", tree.loss_changes);
  append_list(out, "parents", tree.parents);
  append_list(out, "right_children", tree.right_children);
  append_list(out, "split_conditions", tree.split_conditions, true);
  append_list(out, "split_indices", tree.split_indices);
  append_list(out, "split_type", std::vector<char>(tree.size(), 0));
  append_list(out, "sum_hessian", tree.sum_hessian);
  out += text("\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"", model.num_feature, "\",\"num_nodes\":\"",
              tree.size(), "\",\"size_leaf_vector\":\"1\"}}");
}

/// The members of gradient_booster's model.
inline void append_trees(std::string& out, const XgboostModel& model) {
  const std::int64_t groups = std::max<std::int64_t>(1, model.num_class);
  out += text(
      "\"cats\":{\"enc\":[],\"feature_segments\":[],\"sorted_idx\":[]},\"gbtree_model_param\":{\"num_parallel_tree\":"
      "\"1\",",
      "\"num_trees\":\"", model.trees.size(), "\",\"size_leaf_vector\":\"0\"},\"iteration_indptr\":[0");
  for (std::int64_t end = groups; end <= static_cast<std::int64_t>(model.trees.size()); end += groups)
    out += text(",", end);
  out += "],";
  append_list(out, "tree_info", model.tree_info);
  out += "\"trees\":[";
  for (std::size_t t = 0; t < model.trees.size(); ++t) append_tree(out, model, t);
}

}  // namespace detail

/// Deepest nesting of lists and objects that is read; XGBoost's models have 8.
inline constexpr int max_xgboost_nesting = 32;

namespace detail {

/// The JSON of a text: no key twice in an object, no deep nesting.
inline nlohmann::json parse_model_text(std::string_view text, std::string_view file) {
  using Json = nlohmann::json;
  const XgboostJson in(file);
  const bool infinities = text.find("Infinity") != std::string_view::npos;
  const std::string quoted = infinities ? quoted_infinities(text) : std::string();
  if (infinities) text = quoted;
  std::vector<std::set<std::string>> keys(max_xgboost_nesting + 2);  // of the open object at each depth
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > max_xgboost_nesting) in.refuse("expected nesting up to ", max_xgboost_nesting, ", got more");
    if (event == Json::parse_event_t::object_start) keys[static_cast<std::size_t>(depth) + 1].clear();
    if (event == Json::parse_event_t::key &&
        !keys[static_cast<std::size_t>(depth)].insert(parsed.get<std::string>()).second) {
      in.refuse("expected each key once in an object, got ", shown(parsed.dump()), " twice");
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    fail_at("xgboost", file, error.byte > 0 ? error.byte - 1 : 0, "expected JSON, got: ", shown(error.what()));
  } catch (const Json::exception& error) {  // a number beyond double
    in.refuse("expected JSON, got: ", shown(error.what()));
  }
}

}  // namespace detail

/// What the members of a model mean, from JSON or UBJSON; `file` is its name in messages.
inline XgboostModel xgboost_model_of(const nlohmann::json& root, std::string_view file) {
  using Json = nlohmann::json;
  const detail::XgboostJson in(file);
  XgboostModel out;
  const auto version = in.numbers<std::int32_t>(root, "version", 3);
  for (std::size_t i = 0; i < 3; ++i) out.version[i] = version[i];
  if (out.version[0] < 1) in.refuse("expected a model of XGBoost 1.0 or later, got version ", out.version[0]);
  const Json& learner = in.member(root, "learner");
  const Json& parameters = in.member(learner, "learner_model_param");
  out.num_feature = in.count(parameters, "num_feature", 0);
  out.num_class = in.count(parameters, "num_class", 0);
  if (in.count(parameters, "num_target", 1) > 1) in.refuse("expected one target, got several");
  out.base_score = in.scores(in.word(parameters, "base_score"));
  const Json& objective = in.member(learner, "objective");
  out.objective = in.word(objective, "name");
  if (objective.contains("reg_loss_param") && in.member(objective, "reg_loss_param").contains("scale_pos_weight")) {
    out.scale_pos_weight =
        in.number<float>(in.word(objective["reg_loss_param"], "scale_pos_weight"), "scale_pos_weight");
  }
  const Json& booster = in.member(learner, "gradient_booster");
  if (const std::string& name = in.word(booster, "name"); name != "gbtree") {
    in.refuse("expected a gbtree model, got ", shown(name));
  }
  const Json& model = in.member(booster, "model");
  const Json& shape = in.member(model, "gbtree_model_param");
  if (in.count(shape, "num_parallel_tree", 1) > 1) in.refuse("expected num_parallel_tree 1, got more");
  if (in.count(shape, "size_leaf_vector", 0) > 1) in.refuse("expected leaves of one value, got more");
  const Json& trees = in.list(model, "trees");
  out.tree_info = in.numbers<std::int32_t>(model, "tree_info", trees.size());
  out.trees.reserve(trees.size());
  for (const Json& tree : trees) out.trees.push_back(in.tree(tree));
  if (learner.contains("feature_names") && learner["feature_names"].is_array()) {
    for (const Json& name : learner["feature_names"]) {
      if (!name.is_string()) in.refuse("expected texts in 'feature_names', got ", name.type_name());
      out.feature_names.push_back(name.get<std::string>());
    }
  }
  if (learner.contains("attributes") && learner["attributes"].is_object()) {
    for (const auto& [key, value] : learner["attributes"].items()) {
      if (value.is_string()) out.attributes[key] = value.get<std::string>();
    }
  }
  return out;
}

/// Reads the text of a model; `file` is its name in messages.
inline XgboostModel parse_xgboost_json(std::string_view text, std::string_view file) {
  return xgboost_model_of(detail::parse_model_text(text, file), file);
}

/// Reads a model that save_model wrote, JSON or UBJSON by its content.
inline XgboostModel parse_xgboost(Bytes bytes, std::string_view file) {
  return reads_as_ubjson(bytes) ? xgboost_model_of(parse_ubjson(bytes, file), file)
                                : parse_xgboost_json(as_text(bytes), file);
}

inline XgboostModel read_xgboost_json(const std::string& path) { return parse_xgboost(read_file(path), path); }

/// The text of a model.
inline std::string xgboost_json(const XgboostModel& model) {
  const std::string scores = detail::base_score_text(model);
  std::string out = "{\"learner\":{\"attributes\":{";
  for (const auto& [key, value] : model.attributes) out += detail::quoted(key) + ":" + detail::quoted(value) + ",";
  if (!model.attributes.empty()) out.pop_back();
  out += "},\"feature_names\":[";
  for (const std::string& name : model.feature_names) out += detail::quoted(name) + ",";
  if (!model.feature_names.empty()) out.pop_back();
  out += "],\"feature_types\":[],\"gradient_booster\":{\"model\":{";
  detail::append_trees(out, model);
  out += text("]},\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"", scores,
              "\",\"boost_from_average\":\"1\",\"num_class\":\"", model.num_class, "\",\"num_feature\":\"",
              model.num_feature, "\",\"num_target\":\"1\"},\"objective\":{\"name\":", detail::quoted(model.objective));
  if (model.num_class > 0) {
    out += text(",\"softmax_multiclass_param\":{\"num_class\":\"", model.num_class, "\"}");
  } else {
    out += ",\"reg_loss_param\":{\"scale_pos_weight\":\"";
    detail::append_float(out, model.scale_pos_weight);
    out += "\"}";
  }
  out += text("}},\"version\":[", model.version[0], ",", model.version[1], ",", model.version[2], "]}");
  return out;
}

/// Writes a model; the same model gives the same bytes.
inline void write_xgboost_json(const std::string& path, const XgboostModel& model) {
  const std::string json = xgboost_json(model);
  AtomicFile file(path);
  file.write(json);
  file.commit();
}

}  // namespace qrs::io
