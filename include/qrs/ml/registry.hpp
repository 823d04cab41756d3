// The learners by name, as the command line and model files know them. Parameters have their defaults.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "../core/error.hpp"
#include "boosting/gradient_boosting.hpp"
#include "forest/random_forest_classifier.hpp"
#include "names.hpp"
#include "pca/pca.hpp"
#include "scaler.hpp"
#include "svm/svc.hpp"
#include "tree/decision_tree_classifier.hpp"

namespace qrs::ml {

/// A classifier: svc, forest, boost or tree.
template <class T>
std::unique_ptr<Classifier<T>> make_classifier(std::string_view name) {
  if (name == "svc") return std::make_unique<Svc<T>>();
  if (name == "forest") return std::make_unique<RandomForestClassifier<T>>();
  if (name == "boost") return std::make_unique<GradientBoostingClassifier<T>>();
  if (name == "tree") return std::make_unique<DecisionTreeClassifier<T>>();
  fail("[model] expected a classifier (", names_text(classifier_names), "), got ", name);
}

/// A transformer: scaler or pca.
template <class T>
std::unique_ptr<Transformer<T>> make_transformer(std::string_view name) {
  if (name == "scaler") return std::make_unique<StandardScaler<T>>();
  if (name == "pca") return std::make_unique<Pca<T>>();
  fail("[model] expected a transformer (", names_text(transformer_names), "), got ", name);
}

}  // namespace qrs::ml
