// Boosted models in files: what is saved comes back, and whatever a file holds, it is a model or one clear error.
#include <doctest/doctest.h>
#include <qrs/ml/boosting/xgboost_model.hpp>

#include <cstring>
#include <string>

#include "boosting_data.hpp"

using namespace qrs::ml;

namespace {

GradientBoostingClassifier<float> small_model() {
  const BoostingData data = boosting_data(150, 3, 3, 21, 0.1);
  GradientBoostingClassifier<float> model({.n_estimators = 2, .max_depth = 3});
  model.fit(data.x, data.labels);
  return model;
}

/// The error of loading the state after `change`.
template <class V, class Change>
std::string error_after(const std::string& name, const Change& change) {
  qrs::io::StateDict state;
  small_model().save(state, "m.");
  qrs::io::Entry& entry = state.at("m." + name);
  std::vector<V> values(entry.bytes.size() / sizeof(V));
  std::memcpy(values.data(), entry.bytes.data(), entry.bytes.size());
  change(values);
  std::memcpy(entry.bytes.data(), values.data(), entry.bytes.size());
  GradientBoostingClassifier<float> model;
  try {
    model.load(state, "m.");
  } catch (const qrs::Error& error) {
    return error.what();
  }
  return "no error";
}

bool reads(std::string_view json, std::string* message = nullptr) {
  try {
    GradientBoostingClassifier<float> model;
    model.adopt(boosting::from_xgboost(qrs::io::parse_xgboost_json(json, "model.json")));
    const Matrix<float> x(3, model.booster().features);
    (void)model.predict_proba(x);
    (void)model.shap_values(x);
    return true;
  } catch (const qrs::Error& error) {
    if (message != nullptr) *message = error.what();
    return false;
  }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a saved model comes back, bit for bit") {
  const BoostingData data = boosting_data(150, 3, 3, 21, 0.1);
  const auto model = small_model();
  qrs::io::StateDict state;
  model.save(state, "steps.boost.");
  GradientBoostingClassifier<float> again;
  again.load(state, "steps.boost.");
  CHECK(again.booster().trees == model.booster().trees);
  CHECK(again.classes() == model.classes());
  CHECK(again.predict_proba(data.x) == model.predict_proba(data.x));

  GradientBoostingRegressor<float> regressor({.n_estimators = 2});
  regressor.fit(data.x, data.values);
  qrs::io::StateDict other;
  regressor.save(other, "");
  GradientBoostingRegressor<float> restored;
  restored.load(other, "");
  CHECK(restored.predict(data.x) == regressor.predict(data.x));
  CHECK_THROWS_AS(restored.load(state, "steps.boost."), qrs::Error);
}

TEST_CASE("a state with a link, a range or a number that is wrong is refused") {
  using I32 = std::vector<std::int32_t>;
  using I64 = std::vector<std::int64_t>;
  using F32 = std::vector<float>;
  const auto says = [](const std::string& message, const char* expected) {
    CHECK_MESSAGE(message.find(expected) != std::string::npos, message);
  };
  says(error_after<std::int32_t>("links", [](I32& v) { v[0] = 0; }), "expected children of node 0");
  says(error_after<std::int32_t>("links", [](I32& v) { v[1] = v[0]; }), "expected one parent");
  says(error_after<std::int32_t>("links", [](I32& v) { v[0] = 1 << 30; }), "expected children of node 0");
  says(error_after<std::int32_t>("links", [](I32& v) { v[0] = -1; }), "two children or none");
  says(error_after<std::int32_t>("links", [](I32& v) { v[0] = v[1] = -1; }), "apart from it");
  says(error_after<std::int32_t>("links", [](I32& v) { v[3] = 3; }), "expected a feature in [0, 3)");
  says(error_after<std::int32_t>("links", [](I32& v) { v[7] = 9; }), "expected parent 0");
  says(error_after<float>("values", [](F32& v) { v[0] = NAN; }), "finite leaf values");
  says(error_after<float>("values", [](F32& v) { v[2] = -1.0f; }), "cover >= 0");
  says(error_after<std::int64_t>("tree_begin", [](I64& v) { v[1] = 0; }), "tree_begin to rise");
  says(error_after<std::int64_t>("tree_begin", [](I64& v) { v[1] = 1 << 30; }), "tree_begin to rise");
  says(error_after<std::int64_t>("shape", [](I64& v) { v[1] = 4; }), "starting scores");
  says(error_after<std::int64_t>("shape", [](I64& v) { v[0] = -1; }), "features and groups > 0");
  says(error_after<std::int64_t>("shape", [](I64& v) { v[2] = 2; }), "best_iteration in [0, 2)");
  says(error_after<std::int64_t>("objective", [](I64& v) { v[0] = 7; }), "objective of 0, 1 or 2");
  says(error_after<std::int64_t>("classes", [](I64& v) { v[0] = v[1]; }), "labels, ascending");
  says(error_after<std::int64_t>("classes", [](I64&) {}), "no error");
}

TEST_CASE("XGBoost's JSON: both layouts of base_score, and what is not read says so") {
  const std::string json = qrs::io::xgboost_json(boosting::to_xgboost(small_model().booster()));
  std::string message;
  CHECK(reads(json));
  const std::size_t begin = json.find("\"base_score\":\"") + 14;
  const std::string score = json.substr(begin, json.find('"', begin) - begin);
  CHECK(score.front() == '[');
  CHECK(reads(replaced(json, score, "5E-1")));
  CHECK(reads(replaced(json, score, "[5E-1]")));
  const auto refused = [&](const std::string& from, const std::string& to, const char* expected) {
    CHECK_FALSE(reads(replaced(json, from, to), &message));
    CHECK_MESSAGE(message.find(expected) != std::string::npos, message);
    CHECK_MESSAGE(message.find("[xgboost]") != std::string::npos, message);
  };
  refused(score, "[5E-1,nan,0E0]", "expected a number for 'base_score'");
  refused(score, "[5E-1,1E0]", "expected 3 starting scores");
  refused("multi:softprob", "rank:pairwise", "expected objective");
  refused("\"gbtree\"", "\"dart\"", "expected a gbtree model");
  refused("\"num_class\":\"3\"", "\"num_class\":\"99999999999\"", "num_class");
  refused("\"num_parallel_tree\":\"1\"", "\"num_parallel_tree\":\"4\"", "num_parallel_tree");
  refused("\"tree_info\":[0,1", "\"tree_info\":[1,0", "to be of class");
  refused("\"split_type\":[0", "\"split_type\":[1", "by categories");
  refused("\"left_children\":[1", "\"left_children\":[0", "each of one parent");
  refused("\"left_children\":[1", "\"left_children\":[99", "children inside");
  refused("\"version\":[3", "\"version\":[0", "XGBoost 1.0 or later");
  refused("\"num_feature\":\"3\",\"num_target\"", "\"num_feature\":\"1\",\"num_target\"",
          "expected a feature in [0, 1)");
  CHECK_FALSE(reads("", &message));
  CHECK_FALSE(reads(std::string(100000, '['), &message));
  CHECK(message.find("nesting") != std::string::npos);
  CHECK_FALSE(reads("[1,2]", &message));
}

TEST_CASE("a JSON model cut or changed anywhere is read or refused, never more") {
  const std::string json = qrs::io::xgboost_json(boosting::to_xgboost(small_model().booster()));
  for (std::size_t size = 0; size < json.size(); size += 7) CHECK_FALSE(reads(std::string_view(json).substr(0, size)));
  qrs::Mt19937 rng(5);
  const std::string_view letters = "0123456789-[]{}\",:eE.nt ";
  int read = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string changed = json;
    for (int c = 0; c < 2; ++c) {
      changed[static_cast<std::size_t>(rng.randint(0, static_cast<std::int64_t>(json.size())))] =
          letters[static_cast<std::size_t>(rng.randint(0, static_cast<std::int64_t>(letters.size())))];
    }
    read += reads(changed) ? 1 : 0;
  }
  CHECK(read > 100);
  CHECK(read < 1400);
}
