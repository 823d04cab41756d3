// Values and parameters at the ends of what numbers hold: a fit stays finite, or ends in an error that says why; what is
// written is read again.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../contains.hpp"
#include "../error_message.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/ml/boosting/xgboost_model.hpp"
#include "qrs/ml/model_file.hpp"
#include "qrs/ml/scoring.hpp"
#include "svc_data.hpp"

using namespace qrs::ml;
using qrs::tests::contains;
using qrs::tests::error_message;

namespace {

template <class T>
Matrix<T> scaled(const Matrix<T>& x, double factor) {
  Matrix<T> out = x;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.cols(); ++j) out(i, j) = static_cast<T>(static_cast<double>(x(i, j)) * factor);
  }
  return out;
}

}  // namespace

TEST_CASE("SVC of rbf and gamma scale gives the same labels whatever the size of the features") {
  const qrs::test::Blobs<float> data(60, 3, 3, 5);
  Svc<float> usual;
  usual.fit(data.x, data.y);
  const std::vector<std::int64_t> labels = usual.predict(data.x);
  for (const double factor : {1e-30, 1e-36, 1e12, 1e30, 1e36}) {
    CAPTURE(factor);
    const Matrix<float> x = scaled(data.x, factor);
    Svc<float> svc;
    svc.fit(x, data.y);
    CHECK(svc.predict(x) == labels);
    const auto state = model_to_state<float>(svc);
    CHECK(classifier_from_state<float>(state, "m")->predict(x) == labels);
  }
}

TEST_CASE("SVC refuses what leaves float32, or makes no step, and says why") {
  const qrs::test::Blobs<float> data(40, 3, 2, 5);
  const auto said = [&](const SvcParams& params, double factor) {
    return error_message([&] {
      Svc<float> svc(params);
      svc.fit(scaled(data.x, factor), data.y);
    });
  };
  CHECK(contains(said({.kernel = "poly", .degree = 1000, .gamma = 100.0}, 1.0), "scale the features first"));
  CHECK(contains(said({.kernel = "linear"}, 1e30), "features reach"));
  CHECK(contains(said({.max_iter = 0}, 1.0), "max_iter is 0"));
  CHECK(contains(said({.tol = 1e300}, 1.0), "tol is above"));
}

TEST_CASE("SVC with a gamma beyond float32 and a tol beyond rounding ends") {
  const qrs::test::Blobs<float> data(40, 3, 2, 5);
  Svc<float> sharp({.gamma = 1e300});
  sharp.fit(data.x, data.y);
  CHECK(sharp.predict(data.x) == data.y);
  Matrix<float> two(4, 1);
  for (std::int64_t i = 0; i < 4; ++i) two(i, 0) = 0.1F * static_cast<float>(i);
  Svc<float> exact({.tol = 1e-300});
  exact.fit(two, std::vector<std::int64_t>{0, 1, 0, 1});
  CHECK(exact.support_vectors().rows() > 0);
}

TEST_CASE("a boosted split between present and missing values has an infinite threshold, and is read again") {
  Matrix<float> x(40, 1);
  std::vector<std::int64_t> y;
  for (std::int64_t i = 0; i < 40; ++i) {
    y.push_back(i % 2);
    x(i, 0) = i % 2 == 0 ? std::numeric_limits<float>::max() : std::numeric_limits<float>::quiet_NaN();
  }
  for (const char* method : {"exact", "hist"}) {
    CAPTURE(method);
    GradientBoostingClassifier<float> boost({.n_estimators = 5, .tree_method = method});
    boost.fit(x, y);
    CHECK(boost.predict(x) == y);
    CHECK(classifier_from_state<float>(model_to_state<float>(boost), "m")->predict(x) == y);
    GradientBoostingClassifier<float> again;
    const std::string json = qrs::io::xgboost_json(boosting::to_xgboost(boost.booster()));
    again.adopt(boosting::from_xgboost(qrs::io::parse_xgboost_json(json, "m.json")));
    CHECK(again.predict(x) == y);
  }
}

TEST_CASE("boosting, scaler and components refuse what ends beyond their numbers") {
  const qrs::test::Blobs<double> data(40, 3, 2, 5);
  GradientBoostingClassifier<double> boost({.n_estimators = 3, .learning_rate = 1e300});
  CHECK(contains(error_message([&] { boost.fit(data.x, data.y); }), "learning_rate >= 0, finite in float32"));
  GradientBoostingClassifier<double> fast({.n_estimators = 30, .learning_rate = 3e38});
  CHECK(contains(error_message([&] { fast.fit(data.x, data.y); }), "margins within float32"));
  StandardScaler<double> scaler;
  CHECK(contains(error_message([&] { scaler.fit(scaled(data.x, 1e300)); }), "of column 0: its values are too large"));
  Pca<double> pca;
  CHECK(contains(error_message([&] { pca.fit(scaled(data.x, 1e300)); }), "scale the features first"));
  DecisionTreeClassifier<double> tree;
  const std::vector<double> weights(40, 1e300);
  const std::string said = error_message([&] {
    tree.fit(data.x, data.y, weights);
    save_model<double>("/nowhere/model.safetensors", tree);
  });
  CHECK(contains(said, "[tree] expected"));
}

TEST_CASE("a search by roc_auc ranks by an SVC's decision values") {
  const qrs::test::Blobs<float> data(60, 2, 2, 5);
  Svc<float> svc;
  svc.fit(data.x, data.y);
  const Matrix<double> values = svc.decision_function(data.x);
  const double expected = qrs::metrics::roc_auc(data.y, {values.values(), 1}, {.labels = svc.classes()});
  CHECK(scorer<float>("roc_auc")(svc, data.x, data.y) == expected);
}
