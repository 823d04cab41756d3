// Trees: each split is the best there is (judged by a plain search), what files and parameters may hold, and traces.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/core/named_values.hpp"
#include "qrs/ml/tree/decision_tree_classifier.hpp"
#include "qrs/ml/tree/ref.hpp"
#include "qrs/ml/tree/sort_keys.hpp"

using namespace qrs::ml;

namespace tree_test {

namespace {

struct Data {
  Matrix<float> x;
  std::vector<std::int64_t> y;
};

/// Continuous features; the labels follow three of them, and some are wrong.
Data continuous(const std::string& name, std::int64_t rows, std::int64_t features, std::int64_t classes) {
  const qrs::NamedValues values(name);
  Data out{Matrix<float>(rows, features), {}};
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < features; ++j) out.x(i, j) = static_cast<float>(4.0 * values(i * features + j) - 2.0);
    const double score = out.x(i, 0) + out.x(i, 1) * out.x(i, features - 1) + 2.0 * values(rows * features + i);
    out.y.push_back(static_cast<std::int64_t>(std::floor(score * 2.0) + 100) % classes);
  }
  return out;
}

using qrs::tests::error_message;

}  // namespace

TEST_CASE("every split is the best of all cuts, and children hold the rows that go their way") {
  const Data data = continuous("tree/best", 120, 4, 3);
  DecisionTreeClassifier<float> learner;
  learner.fit(data.x, data.y);
  const Tree& tree = learner.tree();
  std::vector<qrs::Array<std::int64_t>> rows(tree.nodes.size());
  for (std::int64_t i = 0; i < data.x.rows(); ++i) rows[0].push_back(i);
  for (std::size_t n = 0; n < tree.nodes.size(); ++n) {
    CHECK(tree.samples[n] == rows[n].size());
    const double best = ref::best_cut(data.x, data.y, rows[n], 3).decrease;
    const TreeNode& node = tree.nodes[n];
    if (node.leaf()) {
      CHECK((tree.impurity[n] <= 1e-12 || best <= 1e-12));
      continue;
    }
    for (const std::int64_t row : rows[n]) {
      rows[static_cast<std::size_t>(data.x(row, node.feature) <= node.threshold ? node.left : node.right)].push_back(
          row);
    }
    const auto left = static_cast<std::size_t>(node.left);
    const auto right = static_cast<std::size_t>(node.right);
    const double decrease = tree.weight[n] * tree.impurity[n] - tree.weight[left] * tree.impurity[left] -
                            tree.weight[right] * tree.impurity[right];
    CHECK(decrease == doctest::Approx(best).epsilon(1e-10));
  }
  CHECK(learner.predict(data.x) == data.y);  // grown out: every row of the fit is its own label
  CHECK(tree.leaves() * 2 - 1 == tree.size());
}

TEST_CASE("the first levels are the plain grower's, node for node") {
  for (const std::string name : {"tree/plain/a", "tree/plain/b", "tree/plain/c", "tree/plain/d"}) {
    CAPTURE(name);
    const Data data = continuous(name, 220, 5, 3);
    DecisionTreeClassifier<float> learner({.max_depth = 3});  // deeper, few rows make features tie
    learner.fit(data.x, data.y);
    qrs::Array<std::int64_t> rows;
    for (std::int64_t i = 0; i < data.x.rows(); ++i) rows.push_back(i);
    const Tree plain = ref::grow_tree(data.x, data.y, rows, 3, 3);
    CHECK(learner.tree().samples == plain.samples);
    CHECK(learner.tree().values == plain.values);
    REQUIRE(learner.tree().size() == plain.size());
    CHECK(plain.size() >= 7);
    for (std::size_t n = 0; n < plain.nodes.size(); ++n) {
      CHECK(learner.tree().nodes[n].feature == plain.nodes[n].feature);
      CHECK(learner.tree().nodes[n].threshold == plain.nodes[n].threshold);
      CHECK(learner.tree().impurity[n] == doctest::Approx(plain.impurity[n]).epsilon(1e-12));
    }
  }
}

TEST_CASE("the quick scan of whole weights and the plain scan of any weights choose the same splits") {
  for (const char* criterion : {"gini", "entropy"}) {
    const Data data = continuous("tree/scans", 700, 6, 4);
    const std::vector<double> quarter(data.y.size(), 0.25);  // not whole: the plain scan; sums stay exact
    DecisionTreeClassifier<float> quick({.criterion = criterion});
    DecisionTreeClassifier<float> plain({.criterion = criterion});
    quick.fit(data.x, data.y);
    plain.fit(data.x, data.y, quarter);
    CHECK(quick.tree().nodes == plain.tree().nodes);
    CHECK(quick.tree().size() > 100);
  }
}

TEST_CASE("a weight of three is three rows") {
  const Data data = continuous("tree/weights", 90, 3, 2);
  std::vector<double> weight;
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < data.x.rows(); ++i) {
    weight.push_back(static_cast<double>(i % 4));
    rows.insert(rows.end(), static_cast<std::size_t>(i % 4), i);
  }
  const Matrix<float> repeated = take_rows<float>(MatrixView<float>(data.x), rows);
  DecisionTreeClassifier<float> weighted({.max_depth = 5});
  DecisionTreeClassifier<float> twice({.max_depth = 5});
  weighted.fit(data.x, data.y, weight);
  twice.fit(repeated, take<std::int64_t>(data.y, rows));
  CHECK(weighted.tree().impurity == twice.tree().impurity);
  CHECK(weighted.tree().weight == twice.tree().weight);
  for (std::size_t n = 0; n < weighted.tree().nodes.size(); ++n) {
    CHECK(weighted.tree().nodes[n].threshold == twice.tree().nodes[n].threshold);
    CHECK(weighted.tree().nodes[n].feature == twice.tree().nodes[n].feature);
  }
}

TEST_CASE("features of more than 65,535 distinct values, and subtrees read from copies, grow the same tree") {
  // 70,000 rows: ranks of 4 bytes. The same values rounded to a grid need 2 bytes, and the cuts between stay the same.
  const std::int64_t rows = 70'000;
  const qrs::NamedValues values("tree/wide");
  Matrix<float> fine(rows, 2);
  Matrix<float> coarse(rows, 2);
  std::vector<std::int64_t> y;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < 2; ++j) {
      coarse(i, j) = static_cast<float>(std::floor(values(2 * i + j) * 64.0));
      fine(i, j) = coarse(i, j) + static_cast<float>(values(2 * rows + 2 * i + j)) * 0.25F;
    }
    y.push_back(static_cast<std::int64_t>(coarse(i, 0)) / 16 +
                (static_cast<std::int64_t>(coarse(i, 1)) % 8 == 3 ? 4 : 0));
  }
  DecisionTreeClassifier<float> of_fine;
  DecisionTreeClassifier<float> of_coarse;
  of_fine.fit(fine, y);
  of_coarse.fit(coarse, y);
  REQUIRE(of_fine.tree().size() == of_coarse.tree().size());
  CHECK(of_fine.tree().samples == of_coarse.tree().samples);
  CHECK(of_fine.tree().impurity == of_coarse.tree().impurity);
  CHECK(of_fine.predict(fine) == y);
  CHECK(of_coarse.tree().size() > 20);
}

TEST_CASE("keys are sorted by rank whatever their number and spread") {
  const qrs::NamedValues values("tree/sort");
  qrs::ml::detail::SortCounters counters;
  for (const std::size_t count : {1u, 2u, 24u, 25u, 100u, 511u, 512u, 3000u, 9000u}) {
    for (const double spread : {1.0, 30.0, 500.0, 65000.0}) {
      for (const bool clustered : {false, true}) {
        std::vector<std::uint32_t> keys;
        for (std::size_t i = 0; i < count; ++i) {
          double at = values(static_cast<std::int64_t>(i));
          if (clustered && i > 0) at *= 0.01;  // most in few buckets
          keys.push_back(static_cast<std::uint32_t>(100.0 + at * spread) << 16 | static_cast<std::uint32_t>(i));
        }
        std::vector<std::uint32_t> expected = keys;
        std::sort(expected.begin(), expected.end());
        std::vector<std::uint64_t> wide(keys.begin(), keys.end());
        for (std::uint64_t& key : wide) key = (key >> 16) << 32 | (key & 0xffff);
        std::vector<std::uint32_t> spare(count);
        std::vector<std::uint64_t> wide_spare(count);
        const std::uint32_t* got = qrs::ml::detail::sort_keys(keys.data(), spare.data(), count, expected.front(),
                                                              expected.back(), 16, counters);
        const auto widen = [](std::uint32_t key) { return std::uint64_t{key >> 16} << 32 | (key & 0xffff); };
        const std::uint64_t* got_wide = qrs::ml::detail::sort_keys(
            wide.data(), wide_spare.data(), count, widen(expected.front()), widen(expected.back()), 32, counters);
        bool same = true;
        for (std::size_t i = 0; i < count; ++i)
          same = same && got[i] >> 16 == expected[i] >> 16 && got_wide[i] >> 32 == expected[i] >> 16;
        CHECK(same);
        CHECK(std::is_permutation(got, got + count, expected.begin()) == true);
      }
    }
  }
}

TEST_CASE("a split's candidates are told, and telling changes nothing") {
  struct Listener : Observer {
    bool traces() const override { return true; }
    void split_candidate(const SplitCandidate& event) override { heard.push_back(event); }
    std::vector<SplitCandidate> heard;
  };
  const Data data = continuous("tree/trace", 80, 3, 2);
  DecisionTreeClassifier<float> silent({.max_depth = 3});
  DecisionTreeClassifier<float> traced({.max_depth = 3});
  Listener listener;
  traced.observe(&listener);
  silent.fit(data.x, data.y);
  traced.fit(data.x, data.y);
  CHECK(silent.tree() == traced.tree());
  const Tree& tree = traced.tree();
  for (std::int64_t n = 0; n < tree.size(); ++n) {
    const TreeNode& node = tree.nodes[static_cast<std::size_t>(n)];
    if (node.leaf()) continue;
    double best = 0.0;
    bool chosen = false;
    for (const SplitCandidate& event : listener.heard) {
      if (event.node != n) continue;
      best = std::max(best, event.gain);
      CHECK(event.samples == tree.samples[static_cast<std::size_t>(n)]);
      if (event.feature != node.feature) continue;
      chosen = event.threshold == node.threshold;
      const auto at = [&](std::int64_t i) {
        return tree.weight[static_cast<std::size_t>(i)] * tree.impurity[static_cast<std::size_t>(i)];
      };
      CHECK(event.gain == doctest::Approx((at(n) - at(node.left) - at(node.right)) / tree.weight[0]));
    }
    CHECK(chosen);
    CHECK(best > 0.0);
  }
}

TEST_CASE("what was saved is loaded, and predicts the same; NaN goes the way it went") {
  Data data = continuous("tree/file", 60, 3, 3);
  for (std::int64_t i = 0; i < 60; i += 5) data.x(i, 1) = std::numeric_limits<float>::quiet_NaN();
  DecisionTreeClassifier<float> tree;
  tree.fit(data.x, data.y);
  qrs::io::StateDict file;
  tree.save(file, "model.");
  DecisionTreeClassifier<float> loaded;
  loaded.load(file, "model.");
  CHECK(loaded.tree() == tree.tree());
  CHECK(loaded.predict_proba(data.x) == tree.predict_proba(data.x));
  CHECK(loaded.clone()->predict(data.x) == data.y);
}

TEST_CASE("a model file that lies is refused with one error") {
  const Data data = continuous("tree/hostile", 60, 3, 3);
  DecisionTreeClassifier<float> tree;
  tree.fit(data.x, data.y);
  qrs::io::StateDict file;
  tree.save(file, "");
  using Spoil = std::function<void(qrs::io::StateDict&)>;
  const auto write = []<class V>(qrs::io::StateDict& f, const char* name, std::size_t at, V value) {
    std::memcpy(f.at(name).bytes.data() + at * sizeof(V), &value, sizeof(V));
  };
  const std::vector<Spoil> spoils = {
      [&](auto& f) { write(f, "links", 1, std::int32_t{0}); },        // a child that is its parent
      [&](auto& f) { write(f, "links", 1, std::int32_t{1 << 30}); },  // behind the last node
      [&](auto& f) { write(f, "links", 2, std::int32_t{1}); },        // both children the same
      [&](auto& f) { write(f, "links", 5, std::int32_t{-7}); },       // neither leaf nor split
      [&](auto& f) { write(f, "links", 0, std::int32_t{3}); },        // no such feature
      [&](auto& f) { write(f, "links", 0, std::int32_t{-1}); },       // no such feature
      [&](auto& f) { write(f, "links", 3, std::int32_t{2}); },        // not a direction
      [&](auto& f) { write(f, "threshold", 0, std::nan("")); },       //
      [&](auto& f) { write(f, "value", 0, 1.5); },                    // not a share
      [&](auto& f) { write(f, "value", 1, std::nan("")); },           //
      [&](auto& f) { write(f, "impurity", 0, -std::numeric_limits<double>::infinity()); },  //
      [&](auto& f) { write(f, "n_node_samples", 0, std::int32_t{-1}); },                    //
      [&](auto& f) { write(f, "offsets", 0, std::int64_t{1}); },                            //
      [&](auto& f) { write(f, "offsets", 1, std::int64_t{1} << 40); },                      //
      [&](auto& f) { write(f, "classes", 1, std::int64_t{-5}); },                           // not ascending
      [&](auto& f) { write(f, "n_features", 0, std::int64_t{0}); },                         //
      [&](auto& f) {
        f.at("value").shape = {f.at("value").shape[0] * 3, 1};
      },
      [&](auto& f) { f.at("links").dtype = qrs::io::DType::f32; },
  };
  for (std::size_t i = 0; i < spoils.size(); ++i) {
    CAPTURE(i);
    qrs::io::StateDict bad = file;
    spoils[i](bad);
    DecisionTreeClassifier<float> loaded;
    CHECK(error_message([&] { loaded.load(bad, ""); }).starts_with("[tree] expected"));
    CHECK(error_message([&] { loaded.predict(data.x); }).find("fitted") != std::string::npos);  // nothing half read
  }
  CHECK(error_message([&] { DecisionTreeClassifier<float>().load(qrs::io::StateDict(), ""); }) != "no error");
}

TEST_CASE("bad input is one error that says what was expected") {
  const Data data = continuous("tree/bad", 20, 3, 2);
  const auto fit = [&](const char* name, const ParamValue& value) {
    return error_message([&] {
      DecisionTreeClassifier<float> tree;
      tree.set(name, value);
      tree.fit(data.x, data.y);
    });
  };
  CHECK(fit("criterion", "mse") == "[tree] expected criterion gini, entropy or log_loss, got mse");
  CHECK(fit("max_depth", 0) == "[tree] expected max_depth >= 1 or none, got 0");
  CHECK(fit("min_samples_split", 1).find("min_samples_split") != std::string::npos);
  CHECK(fit("min_samples_split", 1.5).find("got 1.5") != std::string::npos);
  CHECK(fit("min_samples_leaf", 0).find("min_samples_leaf") != std::string::npos);
  CHECK(fit("min_samples_leaf", 1.0).find("share under 1") != std::string::npos);
  CHECK(fit("min_weight_fraction_leaf", 0.6).find("[0, 0.5]") != std::string::npos);
  CHECK(fit("max_features", "all").find("got all") != std::string::npos);
  CHECK(fit("max_leaf_nodes", 1) == "[tree] expected max_leaf_nodes >= 2 or none, got 1");
  CHECK(fit("min_impurity_decrease", -1.0).find("min_impurity_decrease >= 0") != std::string::npos);
  CHECK(fit("ccp_alpha", std::nan("")).find("ccp_alpha >= 0") != std::string::npos);
  CHECK(fit("monotonic_cst", "1,2,0").find("-1, 0 and 1") != std::string::npos);
  CHECK(fit("monotonic_cst", "1,0").find("for 3 features, got 2") != std::string::npos);
  CHECK(fit("random_state", -1).find("random_state") != std::string::npos);
  CHECK(fit("class_weight", "balanced_subsample").find("got balanced_subsample") != std::string::npos);

  Data broken = data;
  broken.x(7, 1) = -INFINITY;
  DecisionTreeClassifier<float> tree;
  CHECK(error_message([&] { tree.fit(broken.x, data.y); }) ==
        "[tree] expected values that are finite in float32, or NaN, got -inf in row 7, column 1");
  CHECK(error_message([&] { tree.fit(data.x, Labels(data.y).first(3)); }) ==
        "[tree] expected 20 labels, one a row, got 3");
  const std::vector<double> nothing(20, 0.0);
  CHECK(error_message([&] { tree.fit(data.x, data.y, nothing); }).find("total weight") != std::string::npos);
  CHECK(error_message([&] { tree.predict(data.x); }).find("fitted") != std::string::npos);
  tree.fit(data.x, data.y);
  CHECK(error_message([&] { tree.predict(Matrix<float>(2, 4)); }) == "[tree] expected 3 columns as when fitted, got 4");
  CHECK(error_message([&] { tree.predict(broken.x); }).find("row 7") != std::string::npos);
}

TEST_CASE("one class, one row, constant features: a tree that is one leaf") {
  const std::vector<std::int64_t> same(4, -2);
  DecisionTreeClassifier<float> tree;
  Matrix<float> x(4, 2, {1, 2, 3, 4, 5, 6, 7, 8});
  tree.fit(x, same);
  CHECK(tree.tree().size() == 1);
  CHECK(tree.predict(x) == same);
  CHECK(tree.feature_importances() == std::vector<double>{0.0, 0.0});
  const std::vector<std::int64_t> two = {0, 1, 0, 1};
  tree.fit(Matrix<float>(4, 2), two);
  CHECK(tree.tree().size() == 1);
  CHECK(tree.predict_proba(Matrix<float>(1, 2))(0, 0) == 0.5);
  tree.fit(Matrix<float>(1, 1), std::vector<std::int64_t>{7});
  CHECK(tree.predict(Matrix<float>(1, 1)) == std::vector<std::int64_t>{7});
}

}  // namespace tree_test
