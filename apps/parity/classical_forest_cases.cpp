// <set>/tree4: accuracies of a tree of depth 4. <set>/rf: forests of 100 trees, by the seeds 0 ... 19.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "classical_cases.hpp"
#include "qrs/metrics/scores.hpp"
#include "qrs/ml/forest/random_forest_classifier.hpp"
#include "qrs/ml/tree/decision_tree_classifier.hpp"

namespace qrs::parity {

namespace {

double accuracy(const ml::Classifier<float>& model, const ml::Matrix<float>& x, const std::vector<std::int64_t>& y) {
  return metrics::accuracy(y, model.predict(x));
}

double single_value(const ReferenceFile& file, const std::string& name) {
  const auto values = values_of<double>(file, name);
  QRS_CHECK(values.size() == 1, "[parity] expected one value in ", name, ", got ", values.size());
  return values[0];
}

void run_tree(CaseRows& rows, const ReferenceFile& file, const std::string& set) {
  const TrainTest<float> data = train_test_of<float>(file, set);
  ml::DecisionTreeClassifier<float> tree({.max_depth = 4, .random_state = 0});
  tree.fit(data.train, data.y_train);
  // Ties between features are decided by the order in which they are drawn, and that is the reference's.
  for (const char* part : {"train", "test"}) {
    const bool train = part == std::string("train");
    const double got = train ? accuracy(tree, data.train, data.y_train) : accuracy(tree, data.test, data.y_test);
    rows.add(text(part, "_accuracy"), element_error(got, single_value(file, text(set, "/tree4/", part, "_accuracy"))),
             1e-12);
  }
}

void run_forest(CaseRows& rows, const ReferenceFile& file, const std::string& set) {
  const TrainTest<float> data = train_test_of<float>(file, set);
  const auto reference = values_of<double>(file, set + "/rf/test_accuracy_20_seeds");
  const bool finite = std::all_of(reference.begin(), reference.end(), [](double a) { return std::isfinite(a); });
  QRS_CHECK(!reference.empty() && finite && !data.y_test.empty(),
            "[parity] expected finite accuracies of forests on test items of ", set, ", got ", reference.size(), " on ",
            data.y_test.size());
  const auto [least, greatest] = std::minmax_element(reference.begin(), reference.end());
  Difference outside;  // how far the worst seed lies outside what the reference's seeds reached
  for (std::size_t seed = 0; seed < reference.size(); ++seed) {
    ml::RandomForestClassifier<float> forest({.n_estimators = 100, .random_state = static_cast<std::int64_t>(seed)});
    forest.fit(data.train, data.y_train);
    const double got = accuracy(forest, data.test, data.y_test);
    outside.add(got - std::clamp(got, *least, *greatest), 0.0);
  }
  rows.add("test_accuracy outside the reference's band", outside.max_error,
           2.0 / static_cast<double>(data.y_test.size()));
}

}  // namespace

void run_forest_cases(Report& report, const ReferenceFile& file) {
  for (const std::string& set : data_sets(file)) {
    const std::string tree = set + "/tree4";
    if (file.tensors().contains(tree + "/train_accuracy") && file.wants(tree)) {
      run_case(report, tree, [&](CaseRows& rows) { run_tree(rows, file, set); });
    }
    const std::string forest = set + "/rf";
    if (file.tensors().contains(forest + "/test_accuracy_20_seeds") && file.wants(forest)) {
      run_case(report, forest, [&](CaseRows& rows) { run_forest(rows, file, set); });
    }
  }
}

}  // namespace qrs::parity
