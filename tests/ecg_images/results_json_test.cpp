// results.json and predictions.csv hold what was found, to the last bit, and differ in the lines of the machine alone.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../../apps/ecg_images/report/predictions_csv.hpp"
#include "../../apps/ecg_images/report/results_json.hpp"
#include "../error_message.hpp"
#include "qrs/core/split_text.hpp"
#include "sample_results.hpp"

using namespace qrs;
using nlohmann::json;
using qrs::tests::error_message;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  const std::vector<std::string_view> lines = split_text(text, '\n');
  return {lines.begin(), lines.end()};
}

}  // namespace

TEST_CASE("results.json holds every score with its interval, n and method, to the last bit") {
  const ecg_images::Results results = sample::results();
  const std::string text = ecg_images::results_json(results);
  const json all = json::parse(text);
  CHECK(all["format"] == "qrs results 1");
  const json& run = all["runs"][0];
  REQUIRE(run["backbones"].size() == 4);
  REQUIRE(run["classifiers"].size() == 3);
  const ecg_images::ModelRecord& svc = results.runs[0].classifiers[0];
  const json& told = run["classifiers"][0];
  CHECK(told["name"] == "svc");
  for (const metrics::Estimate& score : svc.test.scores) {
    const json& s = told["test"]["scores"][score.name];
    CHECK(s["value"].get<double>() == score.value);
    CHECK(s["low"].get<double>() == score.interval.low);
    CHECK(s["high"].get<double>() == score.interval.high);
    CHECK(s["n"] == score.n);
    CHECK(s["method"] == score.method);
  }
  CHECK(told["accuracy"]["clean"]["value"].get<double>() == svc.accuracy.clean.value);
  CHECK(told["accuracy"]["distinct"]["n"] == svc.accuracy.distinct.n);
  CHECK(run["split"]["distinct_test"] == results.runs[0].split.distinct_test);
  CHECK(told["best_params"]["svc.gamma"] == "scale");
  CHECK(told["test"]["confusion"]["counts"][1][2] == svc.test.confusion.at(1, 2));
  CHECK(run["backbones"][1]["epochs"][15]["validation_loss"].get<double>() ==
        results.runs[0].backbones[1].epochs[15].validation_loss);
  CHECK(run["split"]["lookup"]["leaked"]["value"] == 1.0);
  CHECK(run["errors"].size() == results.runs[0].errors.size());
  CHECK(all["data"]["classes"][1]["distinct"] == 86);
  CHECK(all["paper"]["table_2"][0]["accuracy"] == 0.8643);
  CHECK(text.find("iVBORw0K") == std::string::npos);  // no picture
  CHECK(text.size() < 2'000'000);
}

TEST_CASE("what is not defined is null, and text that is no UTF-8 does no harm") {
  ecg_images::Results results = sample::results({.test = 20, .replicates = 20});
  results.runs[0].classifiers[0].cross_validation_accuracy = metrics::undefined;
  results.runs[0].classifiers[0].accuracy.leaked = {};
  results.runs[0].errors.resize(1);
  results.runs[0].errors[0].file = "a\xFF\"<b>\n.jpg";
  const json all = json::parse(ecg_images::results_json(results));
  CHECK(all["runs"][0]["classifiers"][0]["cross_validation_accuracy"].is_null());
  CHECK(all["runs"][0]["classifiers"][0]["accuracy"]["leaked"]["value"].is_null());
  CHECK(all["runs"][0]["errors"][0]["file"] == "a\uFFFD\"<b>\n.jpg");
}

TEST_CASE("the machine and the moment change four lines of results.json and nothing else") {
  ecg_images::Results results = sample::results({.test = 20, .replicates = 20});
  const std::string first = ecg_images::results_json(results);
  CHECK(first == ecg_images::results_json(results));
  results.provenance.cpu = "another";
  results.provenance.threads = 7;
  results.provenance.started = "2026-02-02T00:00:00Z";
  results.provenance.seconds = 1.0 / 3.0;
  const std::vector<std::string> a = lines_of(first);
  const std::vector<std::string> b = lines_of(ecg_images::results_json(results));
  REQUIRE(a.size() == b.size());
  std::size_t machine = 0;
  while (a[machine].find("\"machine\"") == std::string::npos) ++machine;
  std::size_t differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    ++differ;
    CHECK(i > machine);
  }
  CHECK(differ == 4);
}

TEST_CASE("predictions.csv has a row a test image, model and repeat, with the same doubles") {
  ecg_images::Results results = sample::results({.repeats = 2, .test = 20, .replicates = 20});
  results.runs[1].test_files[3] = "a,\"b\".jpg";
  const std::vector<std::string> lines = lines_of(ecg_images::predictions_csv(results));
  REQUIRE(lines.size() == 2 * 7 * 20 + 2);
  CHECK(lines[0] == "repeat,model,file,label,predicted,leaked,content,p_0,p_1,p_2,p_3");
  CHECK(lines.back().empty());
  CHECK(lines[1 + 7 * 20 + 3].starts_with("2,svc,\"a,\"\"b\"\".jpg\",0,"));
  const ecg_images::RunRecord& run = results.runs[0];
  const std::vector<std::string_view> fields = split_text(lines[1 + 5], ',');
  REQUIRE(fields.size() == 11);
  CHECK(fields[0] == "1");
  CHECK(fields[1] == "svc");
  CHECK(fields[2] == run.test_files[5]);
  CHECK(fields[5] == (run.test_leaked[5] != 0 ? "1" : "0"));
  CHECK(fields[6] == std::to_string(run.test_contents[5]));
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(std::stod(std::string(fields[7 + k])) == run.classifiers[0].test_scores[5 * 4 + k]);
  }
}

TEST_CASE("predictions that do not fit the test images are refused") {
  ecg_images::Results results = sample::results({.test = 20, .replicates = 20});
  results.runs[0].test_contents.pop_back();
  CHECK(error_message([&] { ecg_images::predictions_csv(results); }).find("20 numbers of contents, or none, got 19") !=
        std::string::npos);
  results.runs[0].test_leaked.clear();
  results.runs[0].test_contents.clear();
  CHECK(lines_of(ecg_images::predictions_csv(results))[1].find(",,,") != std::string::npos);  // not known: empty
  results.runs[0].backbones[0].test_scores.pop_back();
  CHECK(error_message([&] {
          ecg_images::predictions_csv(results);
        }).find("scores of resnet18 for 20 test images, got 79") != std::string::npos);
  results.runs[0].classifiers[0].test_predicted.pop_back();
  CHECK(error_message([&] {
          ecg_images::predictions_csv(results);
        }).find("svc for each of 20 test images, got 20 and 19") != std::string::npos);
}
