// <set>/scaler and <set>/pca95: what is fitted on the training rows, and what it makes of the test rows.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "classical_cases.hpp"
#include "qrs/ml/pca.hpp"
#include "qrs/ml/scaler.hpp"

namespace qrs::parity {

namespace {

/// Both sides compute in float64; components of near variances are known to fewer digits than the variances.
constexpr double tolerance = 1e-8;

/// The rows that a data set is fitted on and tried on.
struct Rows {
  ml::Matrix<double> train;
  ml::Matrix<double> test;
};

Rows rows_of(const ReferenceFile& file, const std::string& set) {
  const ml::Matrix<double> x = matrix_of<double>(file, "data/" + set + "/x");
  const auto take = [&](const std::string& part) {
    const auto indices = values_of<std::int64_t>(file, set + "/" + part);
    return ml::take_rows<double>(ml::MatrixView<double>(x), std::span<const std::int64_t>(indices));
  };
  return {take("train"), take("test")};
}

void compare(CaseRows& rows, const ReferenceFile& file, const std::string& name, const std::string& quantity,
             std::span<const double> got) {
  const std::string tensor = name + "/" + quantity;
  if (!file.tensors().contains(tensor)) return;
  rows.add(quantity, relative_error(got, values_of<double>(file, tensor)), tolerance);
}

void run_scaler(CaseRows& rows, const ReferenceFile& file, const std::string& set) {
  ml::StandardScaler<double> scaler;
  scaler.fit(rows_of(file, set).train);
  compare(rows, file, rows.name(), "mean", scaler.mean());
  compare(rows, file, rows.name(), "scale", scaler.scale());
}

void run_pca(CaseRows& rows, const ReferenceFile& file, const std::string& set) {
  const Rows data = rows_of(file, set);
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
  const io::Entry* stored = file.tensors().find(rows.name() + "/reconstructed_test");
  if (stored == nullptr || stored->shape.empty()) return;  // the first rows of the test part
  const std::int64_t count = std::min(back.rows(), stored->shape[0]);
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
