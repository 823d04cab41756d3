// Matrices, labels and parameters by name.
#include "../../include/qrs/ml/estimator.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "../../include/qrs/ml/trace.hpp"
#include "../error_message.hpp"
#include "nearest_mean.hpp"

namespace {

using namespace qrs::ml;

using qrs::tests::error_message;

}  // namespace

TEST_CASE("parameter text: every kind of value comes back as it was") {
  for (const ParamValue& value : {ParamValue(), ParamValue(true), ParamValue(false), ParamValue(7), ParamValue(-3),
                                  ParamValue(0.1), ParamValue(10.0), ParamValue(1e-300), ParamValue("scale")}) {
    CHECK(parse_param(value.text()) == value);
  }
  CHECK(parse_param("10").is_integer());
  CHECK(parse_param("10.0").as_number() == 10.0);
  CHECK(!parse_param("10.0").is_integer());
  CHECK(parse_param("None").is_none());
  CHECK(parse_param("1e").is_word());
}

TEST_CASE("parameters by name: set, list, and what is refused") {
  NearestMean model;
  model.set("power", 2);
  model.set("metric", "cityblock");
  model.set("limit", 5);
  model.set("flag", true);
  model.set("class_weight", "3:0.5,-1:2");
  CHECK(model.power == 2.0);
  CHECK(model.limit == 5);
  CHECK(model.class_weight.weights.at(-1) == 2.0);
  const auto listed = model.params();
  REQUIRE(listed.size() == 5);
  CHECK(listed[0].first == "power");
  CHECK(listed[3].second.text() == "-1:2.0,3:0.5");
  model.set("limit", {});
  CHECK(!model.limit);
  CHECK(error_message([&] { model.set("pwoer", 1.0); }) ==
        "[nearest_mean] expected a parameter of nearest_mean (power, metric, limit, class_weight, flag), got pwoer");
  CHECK(error_message([&] { model.set("power", "x"); }) == "[nearest_mean] expected a number for power, got x");
  CHECK(error_message([&] { model.set("flag", 1); }) == "[nearest_mean] expected true or false for flag, got 1");
  CHECK(error_message([&] { model.set("limit", 1.5); }).find("an integer or none") != std::string::npos);
  CHECK(error_message([&] { model.set("class_weight", "1;2"); }).find("a list like 0:1,3:2.5") != std::string::npos);
}

TEST_CASE("class index: labels ascending, codes and counts") {
  const std::vector<std::int64_t> y = {5, -2, 5, 9};
  const ClassIndex classes("test", y);
  CHECK(classes.labels() == std::vector<std::int64_t>{-2, 5, 9});
  CHECK(classes.codes() == std::vector<std::int32_t>{1, 0, 1, 2});
  CHECK(classes.counts() == std::vector<std::int64_t>{1, 2, 1});
  CHECK(classes.code(6) == -1);
  CHECK(error_message([] { ClassIndex("svc", {}); }) == "[svc] expected at least one label, got none");
}

TEST_CASE("class weight: balanced, listed, and a label without samples") {
  const std::vector<std::int64_t> y = {0, 0, 0, 1};
  const ClassIndex classes("test", y);
  CHECK(ClassWeight{.balanced = true}.of("svc", classes) == std::vector<double>{4.0 / 6.0, 2.0});
  CHECK(ClassWeight{.weights = {{1, 7.0}}}.of("svc", classes) == std::vector<double>{1.0, 7.0});
  CHECK(error_message([&] {
          ClassWeight{.weights = {{4, 1.0}}}.of("svc", classes);
        }).find("got one for 4") != std::string::npos);
}

TEST_CASE("samples: an empty matrix, NaN and infinity are named by place") {
  Matrix<float> x(2, 3);
  CHECK(error_message([&] { check_samples<float>("pca", x); }) == "no error");
  x(1, 2) = std::numeric_limits<float>::quiet_NaN();
  CHECK(error_message([&] { check_samples<float>("pca", x); }) ==
        "[pca] expected finite values, got nan in row 1, column 2"
        " (a missing value: fill it, or leave the row out; boost, tree and forest take it)");
  CHECK(error_message([&] { check_samples<float>("boost", x, true); }) == "no error");
  x(0, 1) = std::numeric_limits<float>::infinity();
  CHECK(error_message([&] { check_samples<float>("boost", x, true); }).find("row 0, column 1") != std::string::npos);
  CHECK(error_message([] { check_samples<float>("pca", Matrix<float>(0, 3)); }).find("got 0 x 3") != std::string::npos);
}

TEST_CASE("fit: labels and weights must be one a row") {
  NearestMean model;
  const Matrix<double> x(3, 1);
  CHECK(error_message([&] {
          model.fit(x, std::vector<std::int64_t>{0, 1});
        }) == "[nearest_mean] expected 3 labels, one a row, got 2");
  const std::vector<std::int64_t> y = {0, 1, 1};
  CHECK(error_message([&] {
          model.fit(x, y, std::vector<double>{1.0, -1.0, 1.0});
        }).find("got -1 for row 1") != std::string::npos);
}

TEST_CASE("trace: events are lines of JSON with every digit") {
  std::string lines;
  JsonLinesTrace trace([&](std::string_view line) { lines += line; });
  CHECK(trace.traces());
  trace.split_candidate({.tree = 1, .node = 2, .feature = 3, .threshold = 0.1, .gain = 0.25, .samples = 4});
  trace.boosting_round({.round = 0, .train_loss = std::numeric_limits<double>::infinity(), .evaluation_loss = 1.5});
  CHECK(lines ==
        "{\"event\":\"split_candidate\",\"tree\":1,\"node\":2,\"feature\":3,\"threshold\":0.1,\"gain\":0.25,"
        "\"samples\":4}\n"
        "{\"event\":\"boosting_round\",\"round\":0,\"train_loss\":null,\"evaluation_loss\":1.5,\"leaves\":0}\n");
}
