// <set>/scaler and <set>/pca95: what is fitted on the training rows, and what it makes of the test rows.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "classical_cases.hpp"
#include "qrs/ml/pca/pca.hpp"
#include "qrs/ml/scaler.hpp"

namespace qrs::parity {

namespace {

/// Both sides compute in float64; components of near variances are known to fewer digits than the variances.
constexpr double preprocessing_tolerance = 1e-8;

void compare(CaseRows& rows, const ReferenceFile& file, const std::string& name, const std::string& quantity,
             std::span<const double> got) {
  rows.add(quantity, difference(got, values_of<double>(file, name + "/" + quantity)), preprocessing_tolerance);
}

void run_scaler(CaseRows& rows, const ReferenceFile& file, const std::string& set) {
  ml::StandardScaler<double> scaler;
  scaler.fit(train_test_of<double>(file, set).train);
  compare(rows, file, rows.name(), "mean", scaler.mean());
  compare(rows, file, rows.name(), "scale", scaler.scale());
}

void run_pca(CaseRows& rows, const ReferenceFile& file, const std::string& set) {
  const TrainTest<double> data = train_test_of<double>(file, set);
  ml::StandardScaler<double> scaler;
  scaler.fit(data.train);
  ml::Pca<double> pca({.n_components = 0.95, .svd_solver = "full"});
  pca.fit(scaler.transform(data.train));
  compare(rows, file, rows.name(), "explained_variance_ratio", pca.explained_variance_ratio());
  compare(rows, file, rows.name(), "singular_values", pca.singular_values());
  std::vector<double> absolute;
  for (const double value : pca.components().values()) absolute.push_back(std::abs(value));
  compare(rows, file, rows.name(), "abs_components", absolute);
  const ml::Matrix<double> back = pca.inverse_transform(pca.transform(scaler.transform(data.test)));
  const auto count = matrix_of<double>(file, rows.name() + "/reconstructed_test").rows();  // the first of the test part
  QRS_CHECK(count <= back.rows(), "[parity] expected at most ", back.rows(), " reconstructed rows, got ", count);
  compare(rows, file, rows.name(), "reconstructed_test",
          back.values().first(static_cast<std::size_t>(count * back.cols())));
}

}  // namespace

void run_preprocessing_cases(Report& report, const ReferenceFile& file) {
  for (const std::string& set : data_sets(file)) {
    if (const std::string name = set + "/scaler"; file.wants(name)) {
      run_case(report, name, [&](CaseRows& rows) { run_scaler(rows, file, set); });
    }
    if (const std::string name = set + "/pca95"; file.wants(name)) {
      run_case(report, name, [&](CaseRows& rows) { run_pca(rows, file, set); });
    }
  }
}

}  // namespace qrs::parity
