#include "classifier_stage.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include "../../estimators/instances.hpp"
#include "classifier_grids.hpp"
#include "qrs/data/k_fold.hpp"
#include "qrs/ml/pca/pca.hpp"
#include "qrs/ml/pipeline.hpp"
#include "qrs/ml/search.hpp"

namespace qrs::reproduce {

namespace {

/// The rows of these items.
ml::Matrix<float> rows_of(const ml::Matrix<float>& all, const std::vector<std::int64_t>& items) {
  ml::Matrix<float> out(static_cast<std::int64_t>(items.size()), all.cols());
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::copy_n(all.row(items[i]), all.cols(), out.row(static_cast<std::int64_t>(i)));
  }
  return out;
}

std::vector<std::int64_t> labels_of(const std::vector<std::int64_t>& all, const std::vector<std::int64_t>& items) {
  std::vector<std::int64_t> out;
  for (const std::int64_t i : items) out.push_back(all[static_cast<std::size_t>(i)]);
  return out;
}

/// A pipeline (scaler,) PCA, classifier with the parameters that every candidate shares.
std::unique_ptr<ml::Classifier<float>> pipeline_of(const ClassifierPlan& classifier, const Plan& plan,
                                                   std::uint64_t seed) {
  const std::string kind(classifier.kind);
  auto model = estimators::create_classifier<float>("pipeline", (plan.scale ? "scaler,pca," : "pca,") + kind);
  model->set("pca.n_components", plan.pca);
  model->set("pca.svd_solver", "full");
  for (const auto& [name, value] : classifier.fixed) model->set(kind + "." + name, value);
  model->set(kind + ".random_state", static_cast<std::int64_t>(seed));
  return model;
}

/// Probabilities in the columns of all classes, also where training lacked one.
std::vector<double> probabilities_of(const ml::Classifier<float>& model, const ml::Matrix<float>& x,
                                     std::int64_t classes) {
  const ml::Matrix<double> p = model.predict_proba(x);
  std::vector<double> out(static_cast<std::size_t>(x.rows() * classes));
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::size_t c = 0; c < model.classes().size(); ++c) {
      out[static_cast<std::size_t>(i * classes + model.classes()[c])] = p(i, static_cast<std::int64_t>(c));
    }
  }
  return out;
}

}  // namespace

ClassifierStage run_classifiers(const Plan& plan, const Repeat& repeat, const ml::Matrix<float>& features,
                                const std::vector<std::int64_t>& labels, ml::Observer& observer) {
  const ml::Matrix<float> x_train = rows_of(features, repeat.parts.train);
  const ml::Matrix<float> x_validation = rows_of(features, repeat.parts.validation);
  const ml::Matrix<float> x_test = rows_of(features, repeat.parts.test);
  const std::vector<std::int64_t> y_train = labels_of(labels, repeat.parts.train);
  const std::vector<std::int64_t> y_validation = labels_of(labels, repeat.parts.validation);
  ClassifierStage out;
  for (const ClassifierPlan& classifier : classifier_plans()) {
    const std::string kind(classifier.kind);
    ml::ParamGrid grid;
    for (const auto& [name, values] : classifier.axes) grid.add(kind + "." + name, values);
    const ml::SearchResult<float> found =
        ml::grid_search(*pipeline_of(classifier, plan, repeat.seed), grid, x_train, y_train,
                        {.splits = data::stratified_k_fold(y_train, {.n_splits = plan.folds}), .observer = &observer});
    ecg_images::ModelRecord record;
    record.name = kind;
    record.kind = "classifier";
    record.validation_accuracy = accuracy_of(found.best->predict(x_validation), y_validation);
    score_test(record, probabilities_of(*found.best, x_test, repeat.test.classes), found.best->predict(x_test),
               repeat.test);
    for (const auto& [name, value] : found.best_params) {
      record.best_params.emplace_back(name.substr(kind.size() + 1), value.text());
    }
    record.cross_validation_accuracy = found.best_score;
    record.candidates = static_cast<std::int64_t>(found.candidates.size());
    estimators::save<float>(repeat_folder(plan, repeat.number) + "/" + kind + ".safetensors", *found.best);
    out.records.push_back(std::move(record));
    if (out.features.columns > 0) continue;
    const auto& pipeline = dynamic_cast<const ml::Pipeline<float>&>(*found.best);
    const auto& pca = dynamic_cast<const ml::Pca<float>&>(pipeline.transformer(plan.scale ? 1 : 0));
    out.features.columns = features.cols();
    out.features.scaled = plan.scale;
    out.features.components = pca.components().rows();
    out.features.explained_variance_ratio = pca.explained_variance_ratio();
  }
  return out;
}

}  // namespace qrs::reproduce
