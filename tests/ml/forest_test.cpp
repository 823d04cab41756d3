// Forests: the same bits on any number of threads, files, warm starts, who listens, and bad input.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/core/named_values.hpp"
#include "qrs/ml/forest/importance.hpp"
#include "qrs/ml/forest/random_forest_classifier.hpp"
#include "qrs/ml/forest/ref.hpp"

using namespace qrs::ml;

namespace forest_test {

namespace {

struct Data {
  Matrix<float> x;
  std::vector<std::int64_t> y;
};

/// Three classes by the first two of `features` features.
Data blobs(const std::string& name, std::int64_t rows, std::int64_t features) {
  const qrs::NamedValues values(name);
  Data out{Matrix<float>(rows, features), {}};
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < features; ++j) out.x(i, j) = static_cast<float>(values(i * features + j));
    const double noise = 0.2 * values(rows * features + i);
    out.y.push_back(out.x(i, 0) + noise > 0.6 ? 4 : out.x(i, 1) > 0.5F ? 1 : -1);
  }
  return out;
}

using qrs::tests::error_message;

}  // namespace

TEST_CASE("a forest has the same bits for 1, 2, 3 and 7 threads") {
  const Data data = blobs("forest/threads", 300, 20);
  std::vector<Tree> trees;
  Matrix<double> proba;
  Matrix<double> oob;
  for (const int threads : {1, 2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    RandomForestClassifier<float> forest({.n_estimators = 9, .oob_score = true, .random_state = 5});
    forest.fit(data.x, data.y);
    if (threads == 1) {
      trees = forest.trees();
      proba = forest.predict_proba(data.x);
      oob = forest.oob_decision_function();
    }
    CHECK(forest.trees() == trees);
    CHECK(forest.predict_proba(data.x) == proba);
    CHECK(forest.oob_decision_function() == oob);
  }
}

TEST_CASE("with every feature at every node, a forest votes as plain trees on the same draws do") {
  for (const std::int64_t seed : {0, 1, 17}) {
    CAPTURE(seed);
    const Data data = blobs("forest/plain", 160, 4);
    std::vector<std::int64_t> codes;
    for (const std::int64_t label : data.y) codes.push_back(label == -1 ? 0 : label == 1 ? 1 : 2);
    RandomForestClassifier<float> forest(
        {.n_estimators = 6, .max_depth = 2, .max_features = ParamValue(), .random_state = seed});
    forest.fit(data.x, data.y);
    const auto plain = ref::grow_forest(data.x, codes, 3, 6, 2, static_cast<std::uint32_t>(seed));
    const Matrix<double> expected = ref::vote(plain, data.x, 3);
    const Matrix<double> got = forest.predict_proba(data.x);
    for (std::int64_t i = 0; i < got.rows(); ++i) {
      for (std::int64_t c = 0; c < 3; ++c) CHECK(got(i, c) == doctest::Approx(expected(i, c)).epsilon(1e-12));
    }
  }
}

TEST_CASE("subtrees read from copies of ranks are those read from the columns") {
  // Of 40,000 rows and 30 features, subtrees are copied; of the first 30,000 alone they are not. Rows of weight 0 are not
  // there for a tree, so both are the same.
  const Data data = blobs("forest/copies", 40'000, 30);
  const std::int64_t kept = 30'000;
  std::vector<double> weight(data.y.size(), 0.0);
  std::fill_n(weight.begin(), kept, 1.0);
  const DecisionTreeClassifierParams params = {.max_features = 10};
  DecisionTreeClassifier<float> copied(params);
  DecisionTreeClassifier<float> direct(params);
  copied.fit(data.x, data.y, weight);
  direct.fit(MatrixView<float>(data.x).rows_from(0, kept), Labels(data.y).first(kept));
  CHECK(copied.tree() == direct.tree());
  CHECK(direct.tree().size() > 500);
}

TEST_CASE("the vote is the mean of the trees' leaves, and rows do not depend on their neighbours") {
  const Data data = blobs("forest/vote", 150, 6);
  RandomForestClassifier<double> forest({.n_estimators = 5, .max_depth = 3});
  const Matrix<double> x = convert<double>(MatrixView<float>(data.x));
  forest.fit(x, data.y);
  const Matrix<double> proba = forest.predict_proba(x);
  for (const std::int64_t row : {0, 7, 8, 149}) {
    std::vector<double> sum(3, 0.0);
    for (const Tree& tree : forest.trees()) {
      const auto share = tree.value(leaf_of(tree, data.x.row(row)));
      for (std::size_t c = 0; c < 3; ++c) sum[c] += share[c];
    }
    const Matrix<double> alone = forest.predict_proba(MatrixView<double>(x).rows_from(row, row + 1));
    for (std::int64_t c = 0; c < 3; ++c) {
      CHECK(proba(row, c) == sum[static_cast<std::size_t>(c)] / 5.0);
      CHECK(alone(0, c) == proba(row, c));
    }
  }
}

TEST_CASE("a warm start keeps its trees and adds those that a cold one would have grown") {
  const Data data = blobs("forest/warm", 120, 5);
  RandomForestClassifier<float> warm({.n_estimators = 3, .oob_score = true, .warm_start = true});
  warm.fit(data.x, data.y);
  warm.set("n_estimators", 7);
  warm.fit(data.x, data.y);
  RandomForestClassifier<float> cold({.n_estimators = 7, .oob_score = true});
  cold.fit(data.x, data.y);
  CHECK(warm.trees() == cold.trees());
  CHECK(warm.oob_score() == cold.oob_score());
  warm.set("n_estimators", 2);
  CHECK(error_message([&] { warm.fit(data.x, data.y); }).find("n_estimators >= the 7 trees") != std::string::npos);
  cold.fit(data.x, data.y);  // without warm_start everything begins anew
  CHECK(cold.trees().size() == 7);
}

TEST_CASE("noise matters less than what the labels follow, by impurity and by permutation") {
  const Data data = blobs("forest/importance", 400, 6);
  RandomForestClassifier<float> forest({.n_estimators = 30});
  forest.fit(data.x, data.y);
  const std::vector<double> importances = forest.feature_importances();
  double sum = 0.0;
  for (const double importance : importances) sum += importance;
  CHECK(sum == doctest::Approx(1.0));
  const PermutationImportance permuted = permutation_importance<float>(forest, data.x, data.y, {.n_repeats = 3});
  for (std::size_t noise = 2; noise < 6; ++noise) {
    for (std::size_t j = 0; j < 2; ++j) {
      CHECK(importances[j] > 2.0 * importances[noise]);
      CHECK(permuted.mean[j] > 0.1 + permuted.mean[noise]);
    }
  }
}

TEST_CASE("progress counts every tree once; traces come tree by tree and change nothing") {
  struct Listener : Observer {
    bool traces() const override { return wanted; }
    void progress(std::string_view what, std::int64_t done, std::int64_t total) override {
      CHECK(what == "tree");
      CHECK(total == 4);
      CHECK(done == ++counted);
    }
    void split_candidate(const SplitCandidate& event) override { trees.push_back(event.tree); }
    bool wanted = false;
    std::int64_t counted = 0;
    std::vector<std::int64_t> trees;
  };
  const Data data = blobs("forest/listen", 80, 4);
  std::vector<Tree> silent;
  for (const bool wanted : {false, true}) {
    Listener listener;
    listener.wanted = wanted;
    RandomForestClassifier<float> forest({.n_estimators = 4});
    forest.observe(&listener);
    forest.fit(data.x, data.y);
    CHECK(listener.counted == 4);
    CHECK(listener.trees.empty() == !wanted);
    CHECK(std::is_sorted(listener.trees.begin(), listener.trees.end()));
    if (!wanted) silent = forest.trees();
    CHECK(forest.trees() == silent);
  }
}

TEST_CASE("what was saved is loaded; a file that lies is refused") {
  const Data data = blobs("forest/file", 60, 3);
  RandomForestClassifier<float> forest({.n_estimators = 3});
  forest.fit(data.x, data.y);
  qrs::io::StateDict file;
  forest.save(file, "m.");
  RandomForestClassifier<float> loaded;
  loaded.load(file, "m.");
  CHECK(loaded.trees() == forest.trees());
  CHECK(loaded.classes() == std::vector<std::int64_t>{-1, 1, 4});
  CHECK(loaded.predict_proba(data.x) == forest.predict_proba(data.x));
  CHECK(error_message([&] { loaded.oob_score(); }).find("oob_score") != std::string::npos);
  const std::int64_t offset = 1'000'000;
  std::memcpy(file.at("m.offsets").bytes.data() + 8, &offset, 8);
  CHECK(error_message([&] { loaded.load(file, "m."); }).starts_with("[tree] expected ascending offsets"));
  CHECK(loaded.trees() == forest.trees());  // what it had before stays
}

TEST_CASE("a row that every tree saw has no vote out of bag") {
  const Data data = blobs("forest/oob", 12, 3);
  RandomForestClassifier<float> forest({.n_estimators = 1, .oob_score = true, .max_samples = 40});
  forest.fit(data.x, data.y);
  int without = 0;
  for (std::int64_t i = 0; i < 12; ++i) {
    const double* vote = forest.oob_decision_function().row(i);
    const double sum = vote[0] + vote[1] + vote[2];
    CHECK((sum == 0.0 || sum == doctest::Approx(1.0)));
    without += sum == 0.0 ? 1 : 0;
  }
  CHECK(without > 6);
}

TEST_CASE("bad input is one error that says what was expected") {
  const Data data = blobs("forest/bad", 30, 3);
  const auto fit = [&](const std::vector<std::pair<std::string, ParamValue>>& params) {
    return error_message([&] {
      RandomForestClassifier<float> forest({.n_estimators = 2});
      for (const auto& [name, value] : params) forest.set(name, value);
      forest.fit(data.x, data.y);
    });
  };
  CHECK(fit({{"n_estimators", 0}}) == "[forest] expected n_estimators in [1, 1000000), got 0");
  CHECK(fit({{"bootstrap", false}, {"oob_score", true}}).find("bootstrap = true where oob_score") != std::string::npos);
  CHECK(fit({{"bootstrap", false}, {"max_samples", 5}}).find("bootstrap = true where max_samples") !=
        std::string::npos);
  CHECK(fit({{"max_samples", 0}}).find("got 0") != std::string::npos);
  CHECK(fit({{"max_samples", -0.5}}).find("got -0.5") != std::string::npos);
  CHECK(fit({{"criterion", "poisson"}}).find("got poisson") != std::string::npos);
  CHECK(fit({{"class_weight", "7:2.0"}}).find("got one for 7") != std::string::npos);
  CHECK(fit({{"max_features", 2.0}}).find("max_features") != std::string::npos);
  CHECK(fit({{"monotonic_cst", "1,0,0"}}).find("expected two classes") != std::string::npos);
  CHECK(fit({{"max_depth", 2}, {"max_features", "log2"}, {"max_samples", 0.5}}) == "no error");
  RandomForestClassifier<float> forest;
  CHECK(error_message([&] { forest.predict(data.x); }).find("fitted") != std::string::npos);
  CHECK(error_message([&] { forest.feature_importances(); }).find("fitted") != std::string::npos);
  qrs::io::StateDict file;
  CHECK(error_message([&] { forest.save(file, ""); }).find("fitted") != std::string::npos);
  CHECK(error_message([&] { forest.fit(Matrix<float>(0, 3), {}); }).find("got none") != std::string::npos);
}

}  // namespace forest_test
