// Model files of the learners: safetensors, one file a model, parameters as text and what was fitted as tensors.
//
//   save_model("model.safetensors", pipeline);      std::unique_ptr<Classifier<float>> model = load_classifier<float>(path);
//
//   __metadata__: "qrs_model": "pipeline", "qrs_model_version": "1", "dtype": "f32", "steps": "scaler=scaler,pca=pca,svc=svc",
//                 "param.svc.C": "10.0", ...
//                 "columns": "[\"age\", ...]", "first_index": "0"      of the table it was fitted on, where it has them
//
// A reader refuses a file of another version, a learner it does not know, and whatever does not hold together.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../io/json_list.hpp"
#include "../io/safetensors.hpp"
#include "pipeline.hpp"
#include "registry.hpp"
#include "table_notes.hpp"

namespace qrs::ml {

inline constexpr std::string_view model_version = "1";

namespace detail {

template <class T>
std::string_view dtype_text() {
  return std::is_same_v<T, double> ? "f64" : "f32";
}

inline const std::string& model_metadata(const io::StateDict& file, const std::string& key, std::string_view path) {
  const auto found = file.metadata.find(key);
  QRS_CHECK(found != file.metadata.end(), "[model] ", path, ": expected a model of qrs, with '", key,
            "' in its metadata, got a file without it");
  return found->second;
}

/// Sets the parameters that the file holds.
inline void set_params(Estimator& estimator, const io::StateDict& file) {
  constexpr std::string_view prefix = "param.";
  for (const auto& [key, value] : file.metadata) {
    if (key.starts_with(prefix)) estimator.set(std::string_view(key).substr(prefix.size()), parse_param(value));
  }
}

/// "a=scaler,b=svc" as pairs.
inline std::vector<std::pair<std::string, std::string>> parse_steps(std::string_view text, std::string_view path) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string_view item : split_text(text, ',')) {
    const std::size_t equals = item.find('=');
    QRS_CHECK(equals != std::string_view::npos, "[model] ", path, ": expected steps like scaler=scaler, got '",
              io::shown(item), "'");
    out.emplace_back(item.substr(0, equals), item.substr(equals + 1));
  }
  return out;
}

/// Builds the learner that the file names, with its parameters, not yet its state.
template <class T>
std::unique_ptr<Classifier<T>> unfitted(const io::StateDict& file, const std::string& kind, std::string_view path) {
  if (kind != "pipeline") return make_classifier<T>(kind);
  auto out = std::make_unique<Pipeline<T>>();
  for (const auto& [step, step_kind] : parse_steps(model_metadata(file, "steps", path), path)) {
    if (is_transformer(step_kind)) {
      out->add(make_transformer<T>(step_kind), step);
    } else {
      out->add(make_classifier<T>(step_kind), step);
    }
  }
  return out;
}

}  // namespace detail

/// What a model file says of itself.
struct ModelHeader {
  std::string kind;   // "svc", "pca", "pipeline", ...
  std::string dtype;  // f32 or f64
  TableNotes table;
};

/// Reads the header; throws where the file is no model of this version.
inline ModelHeader model_header(const io::StateDict& file, std::string_view path) {
  const std::string& kind = detail::model_metadata(file, "qrs_model", path);
  const std::string& version = detail::model_metadata(file, "qrs_model_version", path);
  QRS_CHECK(version == model_version, "[model] ", path, ": expected a model file of version ", model_version, ", got ",
            io::shown(version));
  const std::string& dtype = detail::model_metadata(file, "dtype", path);
  QRS_CHECK(dtype == "f32" || dtype == "f64", "[model] ", path, ": expected dtype f32 or f64, got ", io::shown(dtype));
  ModelHeader out{kind, dtype, {}};
  if (const auto found = file.metadata.find("columns"); found != file.metadata.end()) {
    out.table.columns = io::parse_json_list(found->second, "the names of columns");
  }
  const auto first = file.metadata.find("first_index");
  out.table.first_index = first != file.metadata.end() && first->second == "0" ? 0 : 1;
  return out;
}

/// The file of a fitted estimator.
template <class T>
io::StateDict model_to_state(const Estimator& model, const TableNotes& table = {}) {
  io::StateDict out;
  out.metadata["qrs_model"] = model.name();
  out.metadata["qrs_model_version"] = model_version;
  out.metadata["dtype"] = detail::dtype_text<T>();
  for (const auto& [name, value] : model.params()) out.metadata["param." + name] = value.text();
  if (const auto* steps = dynamic_cast<const Pipeline<T>*>(&model)) out.metadata["steps"] = steps->steps_text();
  if (!table.columns.empty()) out.metadata["columns"] = io::json_list(table.columns);
  if (table.first_index == 0) out.metadata["first_index"] = "0";
  model.save(out, "");
  return out;
}

/// The classifier in a file that was read; `path` stands in messages.
template <class T>
std::unique_ptr<Classifier<T>> classifier_from_state(const io::StateDict& file, std::string_view path) {
  const ModelHeader header = model_header(file, path);
  auto out = detail::unfitted<T>(file, header.kind, path);
  detail::set_params(*out, file);
  out->load(file, "");
  return out;
}

template <class T>
std::unique_ptr<Classifier<T>> load_classifier(const std::string& path) {
  return classifier_from_state<T>(io::read_safetensors(path), path);
}

/// The same of a transformer: a scaler or a PCA on its own.
template <class T>
std::unique_ptr<Transformer<T>> transformer_from_state(const io::StateDict& file, std::string_view path) {
  const ModelHeader header = model_header(file, path);
  auto out = make_transformer<T>(header.kind);
  detail::set_params(*out, file);
  out->load(file, "");
  return out;
}

template <class T>
std::unique_ptr<Transformer<T>> load_transformer(const std::string& path) {
  return transformer_from_state<T>(io::read_safetensors(path), path);
}

/// The same of a boosted regression.
template <class T>
std::unique_ptr<GradientBoostingRegressor<T>> regressor_from_state(const io::StateDict& file, std::string_view path) {
  const ModelHeader header = model_header(file, path);
  QRS_CHECK(is_regressor(header.kind), "[model] ", path, ": expected a regression, got ", io::shown(header.kind));
  auto out = std::make_unique<GradientBoostingRegressor<T>>();
  detail::set_params(*out, file);
  out->load(file, "");
  return out;
}

/// Writes the file of a fitted estimator. What could not be read again is refused, with nothing written.
template <class T>
void save_model(const std::string& path, const Estimator& model, const TableNotes& table = {}) {
  const io::StateDict state = model_to_state<T>(model, table);
  if (is_transformer(model.name())) {
    transformer_from_state<T>(state, path);
  } else if (is_regressor(model.name())) {
    regressor_from_state<T>(state, path);
  } else if (is_classifier(model.name()) || model.name() == "pipeline") {
    classifier_from_state<T>(state, path);
  }
  io::write_safetensors(path, state);
}

}  // namespace qrs::ml
