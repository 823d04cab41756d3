// qrs evaluate: the tables, the JSON, and what it says about files that do not fit.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "program.hpp"

namespace evaluate_test {

namespace {

namespace fs = std::filesystem;

/// A folder that is gone at the end.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("qrs_evaluate_" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  /// Writes a file and gives its name.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }

 private:
  fs::path path_;
};

const std::string four =
    "evaluate --y tests/golden/units/metrics.safetensors:four/y"
    " --scores tests/golden/units/metrics.safetensors:four/scores --replicates 100";

bool says(const program::Outcome& outcome, const std::string& words) {
  return outcome.output.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("evaluate prints scores, classes and the confusion matrix") {
  if (!program::available()) return;
  const auto outcome = program::qrs(four);
  CAPTURE(outcome.output);
  CHECK(outcome.status == 0);
  CHECK(says(outcome, "90 samples, 4 classes, 100 bootstrap replicates"));
  for (const char* words : {"\naccuracy ", "\nroc_auc_ovr_macro ", "\nlog_loss ", "\n-7 recall ", "\n40 roc_auc ",
                            "Wilson\n", "DeLong\n", "bootstrap BCa\n", "95 % interval", "not defined by these data"}) {
    CAPTURE(words);
    CHECK(says(outcome, words));
  }
}

TEST_CASE("evaluate prints the same as JSON") {
  if (!program::available()) return;
  const auto outcome = program::qrs(four + " --json --interval percentile --confidence 0.9");
  CAPTURE(outcome.output);
  REQUIRE(outcome.status == 0);
  const auto json = nlohmann::json::parse(outcome.output, nullptr, false);
  REQUIRE_FALSE(json.is_discarded());
  CHECK(json["n"] == 90);
  CHECK(json["confidence"] == 0.9);
  CHECK(json["probabilities"] == true);
  const auto& accuracy = json["scores"]["accuracy"];
  CHECK(accuracy["method"] == "Wilson");
  CHECK(accuracy["low"] < accuracy["value"]);
  CHECK(accuracy["high"] > accuracy["value"]);
  CHECK(json["scores"]["matthews"]["method"] == "bootstrap percentile");
  REQUIRE(json["classes"].size() == 4);
  CHECK(json["classes"][3]["label"] == 40);
  CHECK(json["classes"][3]["precision"]["value"].is_null());
  CHECK(json["confusion"]["labels"] == nlohmann::json({-7, 2, 5, 40}));
  std::int64_t samples = 0;
  for (const auto& row : json["confusion"]["counts"]) {
    for (const auto& count : row) samples += count.get<std::int64_t>();
  }
  CHECK(samples == 90);
  CHECK(json["reliability"].size() == 15);
}

TEST_CASE("evaluate reads CSV, groups, classes without samples, and predictions of their own") {
  if (!program::available()) return;
  const Folder folder;
  const std::string y = folder.write("y.csv", "0\n1\n0\n1\n1\n0\n");
  const std::string scores =
      folder.write("s.csv", "a,b,c\n.8,.1,.1\n.2,.7,.1\n.4,.5,.1\n.1,.8,.1\n.5,.4,.1\n.6,.3,.1\n");
  const std::string groups = folder.write("g.csv", "0\n0\n1\n1\n2\n2\n");
  const std::string all = "evaluate --y " + y + " --scores " + scores + " --replicates 50";
  CHECK(program::qrs(all).status == 1);
  CHECK(says(program::qrs(all), "qrs: [evaluate] expected 3 classes for 3 columns of scores, got 2 (0, 1)"));
  const auto grouped = program::qrs(all + " --labels 0,1,9 --groups " + groups);
  CAPTURE(grouped.output);
  CHECK(grouped.status == 0);
  CHECK(says(grouped, "3 groups"));
  CHECK(says(grouped, "by group"));
  const auto predicted = program::qrs(all + " --labels 0,1,9 --json --predicted " + y);
  REQUIRE(predicted.status == 0);
  CHECK(nlohmann::json::parse(predicted.output)["scores"]["accuracy"]["value"] == 1.0);
}

TEST_CASE("evaluate says in one line what does not fit") {
  if (!program::available()) return;
  const Folder folder;
  const std::string y = folder.write("y.csv", "0\n1\n0.5\n");
  const std::string s = folder.write("s.csv", ".8\nnan\n.1\n");
  const std::string fine = folder.write("fine.csv", "0\n1\n1\n");
  const auto first = program::qrs("evaluate --y " + y + " --scores " + s);
  CHECK(first.status == 1);
  CHECK(says(first, "got 0.5 in row 2"));
  const auto second = program::qrs("evaluate --y " + fine + " --scores " + s);
  CHECK(second.status == 1);
  CHECK(says(second, "finite scores, got nan at sample 1"));
  CHECK(program::qrs("evaluate --y " + fine + " --scores " + fine + " --labels 0,x").status == 1);
  CHECK(program::qrs("evaluate --y " + fine + " --scores " + fine + " --confidence 2").status == 1);
  CHECK(program::qrs("evaluate --y nowhere.npy --scores " + fine).status == 1);
  CHECK(program::qrs("evaluate --y " + fine).status == 2);
  CHECK(program::qrs("evaluate --y " + fine + " --scores " + fine + " --interval wide").status == 2);
}

}  // namespace evaluate_test
