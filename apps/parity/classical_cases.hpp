// The cases of a file of classical learning, one source file a subject. What the learners compute is float64, or float32
// where the peer's is (trees, boosting); `--dtype` does not change it.
//
// A case is named by the beginning of its tensors' names: split/permutation_928_0, iris/scaler, iris/pca95, iris/svc_3,
// iris/grid, iris/tree4, iris/rf, iris/xgb_1, missing, metrics. Which data sets, seeds and cases there are is read from the
// file, never known.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "files.hpp"
#include "qrs/ml/matrix.hpp"

namespace qrs::parity {

/// Runs the wanted cases of every subject.
void run_classical_file(Report& report, const ReferenceFile& file);

// ---- subjects: each runs its own cases through run_case(report, name, body), after file.wants(name) -------------------------

/// split/...: splits and permutations, index for index.
void run_split_cases(Report& report, const ReferenceFile& file);
/// <set>/scaler and <set>/pca95.
void run_preprocessing_cases(Report& report, const ReferenceFile& file);
/// <set>/svc_<i>, from the metadata `svc_cases`, and <set>/grid.
void run_svc_cases(Report& report, const ReferenceFile& file);
/// <set>/tree4 and <set>/rf.
void run_forest_cases(Report& report, const ReferenceFile& file);
/// <set>/xgb_<i>, missing, and the stored xgb_<set>.json files beside the file.
void run_boosting_cases(Report& report, const ReferenceFile& file);
/// metrics.
void run_metrics_cases(Report& report, const ReferenceFile& file);

// ---- reading --------------------------------------------------------------------------------------------------------------

/// The names of the data sets: of each data/<set>/x.
inline std::vector<std::string> data_sets(const ReferenceFile& file) {
  std::vector<std::string> out;
  for (const auto& [name, entry] : file.tensors()) {
    if (name.starts_with("data/") && name.ends_with("/x")) out.push_back(name.substr(5, name.size() - 7));
  }
  return out;
}

/// A tensor of any numeric type as a vector of values; throws where it is missing.
template <class V>
std::vector<V> values_of(const ReferenceFile& file, const std::string& name) {
  const Tensor<V> tensor = file.tensors().at(name).to<V>();
  return std::vector<V>(tensor.data(), tensor.data() + tensor.size());
}

/// A tensor of two axes as a matrix.
template <class V>
ml::Matrix<V> matrix_of(const ReferenceFile& file, const std::string& name) {
  const io::Entry& entry = file.tensors().at(name);
  QRS_CHECK(entry.shape.size() == 2, "[parity] expected two axes of ", name, ", got ", std::span(entry.shape));
  return ml::Matrix<V>(entry.shape[0], entry.shape[1], values_of<V>(file, name));
}

/// One data set, split as the reference split it.
template <class V>
struct TrainTest {
  ml::Matrix<V> train;
  ml::Matrix<V> test;
  std::vector<std::int64_t> y_train;
  std::vector<std::int64_t> y_test;
};

template <class V>
TrainTest<V> train_test_of(const ReferenceFile& file, const std::string& set) {
  const auto x = matrix_of<V>(file, "data/" + set + "/x");
  const auto y = values_of<std::int64_t>(file, "data/" + set + "/y");
  QRS_CHECK(static_cast<std::int64_t>(y.size()) == x.rows(), "[parity] expected a label for each of ", x.rows(),
            " rows of ", set, ", got ", y.size());
  const auto train = values_of<std::int64_t>(file, set + "/train");
  const auto test = values_of<std::int64_t>(file, set + "/test");
  return {.train = ml::take_rows<V>(ml::MatrixView<V>(x), train),  // throws where an index is not a row
          .test = ml::take_rows<V>(ml::MatrixView<V>(x), test),
          .y_train = ml::take<std::int64_t>(y, train),
          .y_test = ml::take<std::int64_t>(y, test)};
}

/// How many elements differ, as the fraction of all; 1 where the sizes differ.
template <class V>
double share_different(const std::vector<V>& got, const std::vector<V>& reference) {
  if (got.size() != reference.size()) return 1.0;
  std::size_t different = 0;
  for (std::size_t i = 0; i < got.size(); ++i) different += got[i] != reference[i] ? 1 : 0;
  return got.empty() ? 0.0 : static_cast<double>(different) / static_cast<double>(got.size());
}

}  // namespace qrs::parity
