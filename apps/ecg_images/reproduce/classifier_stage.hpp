// The second stage: support vector machine, random forest and gradient boosting on the features of the best network, each with
// the parameters that its grid search chose on the training images alone.
#pragma once

#include <vector>

#include "../report/results.hpp"
#include "backbone_stage.hpp"
#include "plan.hpp"
#include "qrs/ml/matrix.hpp"
#include "qrs/ml/observer.hpp"

namespace qrs::reproduce {

struct ClassifierStage {
  std::vector<ecg_images::ModelRecord> records;
  ecg_images::FeatureRecord features;  // without the network's name
};

/// Searches, fits, saves (repeat folder, <kind>.safetensors) and scores each classifier. features: a row an image.
ClassifierStage run_classifiers(const Plan& plan, const Repeat& repeat, const ml::Matrix<float>& features,
                                const std::vector<std::int64_t>& labels, ml::Observer& observer);

}  // namespace qrs::reproduce
