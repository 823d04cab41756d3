// qrs reproduce on a small data set: what it leaves, the same files for any number of threads, runs that are killed, refusals.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../apps/program.hpp"
#include "../contains.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/core/split_text.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/io/file.hpp"
#include "qrs/io/json_list.hpp"
#include "qrs/io/safetensors.hpp"
#include "qrs/io/state_dict.hpp"
#include "qrs/train/history.hpp"

namespace reproduce_test {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

using qrs::tests::contains;

/// A folder with 90 images of 64 x 64 in three classes, every content twice.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("qrs_reproduce_" + std::to_string(getpid()))) {
    constexpr std::int64_t count = 90;
    constexpr std::int64_t pixels = 64 * 64;
    fs::create_directories(path_);
    qrs::Tensor<std::uint8_t> images({count, 64, 64});
    qrs::Tensor<std::int64_t> labels({count});
    std::vector<std::string> files;
    std::vector<std::string> hashes;
    for (std::int64_t n = 0; n < count; ++n) {
      labels.data()[n] = n / 2 % 3;
      qrs::Rng rng(static_cast<std::uint64_t>(n / 2));
      for (std::int64_t i = 0; i < pixels; ++i) {
        images.data()[n * pixels + i] = static_cast<std::uint8_t>(60 * labels.data()[n] + rng.integer(0, 60));
      }
      files.push_back("class " + std::to_string(labels.data()[n]) + "/<" + std::to_string(n) + ">, \"scan\".png");
      hashes.push_back("hash of " + std::to_string(n / 2));
    }
    qrs::io::StateDict dict;
    dict.add("images", images);
    dict.add("labels", labels);
    dict.metadata = {{"files", qrs::io::json_list(files)},
                     {"hashes", qrs::io::json_list(hashes)},
                     {"classes", R"(["dark","grey","light"])"}};
    qrs::io::write_safetensors(at("images.safetensors"), dict);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string at(const std::string& name) const { return (path_ / name).string(); }
  std::string read(const std::string& name) const {
    const auto bytes = qrs::io::read_file(at(name));
    return std::string(qrs::io::as_text(bytes));
  }
  std::vector<std::string> arguments(const std::string& out, const std::string& epochs) const {
    return {"reproduce", "--data", at("images.safetensors"), "--out", at(out), "--epochs", epochs, "--batch-size", "15",
            "--seed",    "3"};
  }

 private:
  fs::path path_;
};

std::string joined(const std::vector<std::string>& arguments) {
  std::string out;
  for (const std::string& argument : arguments) out += argument + " ";
  return out;
}

program::Outcome run_with_threads(const char* threads, const std::string& arguments) {
  ::setenv("OMP_NUM_THREADS", threads, 1);
  program::Outcome outcome = program::qrs(arguments);
  ::unsetenv("OMP_NUM_THREADS");
  return outcome;
}

/// results.json without what is of the machine and the moment.
json numbers_of(const std::string& text) {
  json out = json::parse(text);
  out.erase("machine");
  return out;
}

}  // namespace

TEST_CASE("a run leaves results, predictions, report and models; another with more threads leaves the same numbers") {
  if (!program::available()) return;
  const Folder folder;
  const auto one = run_with_threads("1", joined(folder.arguments("one", "2")));
  CAPTURE(one.output);
  REQUIRE(one.status == 0);
  CHECK(contains(one.output, "known hashes"));
  CHECK(contains(one.output, "report: " + folder.at("one") + "/report.html"));
  const auto two = run_with_threads("2", joined(folder.arguments("two", "2")));
  REQUIRE(two.status == 0);

  const json results = numbers_of(folder.read("one/results.json"));
  CHECK(results == numbers_of(folder.read("two/results.json")));
  for (const char* name : {"predictions.csv", "manifest.csv"}) {
    CHECK(folder.read(std::string("one/") + name) == folder.read(std::string("two/") + name));
  }
  const std::string page_one = folder.read("one/report.html");
  const std::string page_two = folder.read("two/report.html");
  const auto lines_one = qrs::split_text(page_one, '\n');
  const auto lines_two = qrs::split_text(page_two, '\n');
  REQUIRE(lines_one.size() == lines_two.size());
  for (std::size_t i = 0; i < lines_one.size(); ++i) {
    if (lines_one[i] == lines_two[i]) continue;
    const std::string line(lines_one[i]);
    const bool machine = contains(line, "threads") || contains(line, "started") || contains(line, "seconds");
    CHECK_MESSAGE(machine, line);
  }
  for (const char* name : {"repeat-1/resnet18/best.safetensors", "repeat-1/svc.safetensors",
                           "repeat-1/forest.safetensors", "repeat-1/boost.safetensors"}) {
    CHECK_MESSAGE(fs::exists(folder.at(std::string("one/") + name)), name);
  }

  // 15 % of 90 is 13.5, so 14 test images; every content stands twice, so most of them also stand in training.
  const json& run = results["runs"][0];
  CHECK(run["split"]["test"] == 14);
  const std::int64_t leaked = run["split"]["leaked_test"];
  CHECK(leaked >= 5);
  CHECK(run["split"]["lookup"]["leaked"]["value"] == 1.0);
  CHECK(run["split"]["lookup"]["leaked"]["n"] == leaked);
  CHECK(run["split"]["lookup"]["clean"]["n"] == 14 - leaked);
  std::set<int> contents;  // files 2 k and 2 k + 1 have the same
  const std::string predictions = folder.read("one/predictions.csv");
  for (const std::string_view row : qrs::split_text(predictions, '\n')) {
    if (row.starts_with("1,resnet18,")) contents.insert(std::stoi(std::string(row.substr(row.find('<') + 1))) / 2);
  }
  CHECK(run["split"]["distinct_test"] == contents.size());
  CHECK(run["split"]["lookup"]["distinct"]["n"] == contents.size());
}

TEST_CASE("a grouped split tests no image that it trained with") {
  if (!program::available()) return;
  const Folder folder;
  const auto outcome = program::qrs(joined(folder.arguments("grouped", "1")) + "--split grouped --json");
  CAPTURE(outcome.output);
  REQUIRE(outcome.status == 0);
  const json results = json::parse(outcome.output.substr(outcome.output.find("\n{") + 1));
  CHECK(results["runs"][0]["split"]["kind"] == "grouped");
  CHECK(results["runs"][0]["split"]["leaked_test"] == 0);
  CHECK(2 * results["runs"][0]["split"]["distinct_test"].get<int>() == results["runs"][0]["split"]["test"]);
  for (const json& setting : results["settings"]) {
    if (setting["name"] == "split") CHECK(setting["source"] == "flag");
    if (setting["name"] == "learning rate") CHECK(setting["source"] == "paper");
    if (setting["name"] == "batch size") CHECK(setting["value"] == "15");
  }
}

TEST_CASE("a run that is killed goes on to the numbers of an unbroken one") {
  if (!program::available()) return;
  const Folder folder;
  REQUIRE(program::qrs(joined(folder.arguments("whole", "3"))).status == 0);
  std::vector<std::string> arguments = folder.arguments("killed", "3");
  arguments.push_back("--resume");
  qrs::Rng rng(7);
  for (int i = 0; i < 3; ++i) {
    program::Background run(arguments);
    std::this_thread::sleep_for(std::chrono::milliseconds(rng.integer(100, 2500)));
    if (run.running()) run.end(SIGKILL);
  }
  const auto last = program::qrs(joined(arguments));
  CAPTURE(last.output);
  REQUIRE(last.status == 0);
  CHECK(numbers_of(folder.read("killed/results.json")) == numbers_of(folder.read("whole/results.json")));
  CHECK(folder.read("killed/predictions.csv") == folder.read("whole/predictions.csv"));

  // A call that finds all trained still tells how long that took: more than itself.
  const qrs::Timer timer;
  REQUIRE(program::qrs(joined(arguments)).status == 0);
  const double call = timer.seconds();
  double trained = 0.0;
  for (const auto& epoch :
       qrs::train::parse_history(folder.read("killed/repeat-1/resnet18/history.jsonl"), "history")) {
    trained += epoch.seconds;
  }
  const auto told = json::parse(folder.read("killed/results.json")).at("machine").at("seconds").get<double>();
  CHECK(told > trained);
  CHECK(told > call);
}

TEST_CASE("what cannot be run is refused with what to do") {
  if (!program::available()) return;
  const Folder folder;
  fs::create_directories(folder.at("full/x"));
  const auto refused = [&](const std::string& arguments, const std::string& words) {
    const auto outcome = program::qrs("reproduce " + arguments);
    CAPTURE(arguments);
    CAPTURE(outcome.output);
    CHECK(outcome.status != 0);
    CHECK(contains(outcome.output, words));
  };
  const std::string data = " --data " + folder.at("images.safetensors");
  refused("--out " + folder.at("full") + data, "go on with --resume, or choose another folder");
  refused("--out " + folder.at("a") + " --data " + folder.at("nowhere"), "does not exist");
  refused("--out " + folder.at("b") + data + " --backbones resnet18,vgg", "got 'vgg'");
  refused("--out " + folder.at("c") + data + " --preset paper",
          "expected the classes MI, History_MI, Abnormal and Normal");
  refused("--out " + folder.at("d") + data + " --weights " + folder.at("full"), "name begins with resnet18");
  refused("--out " + folder.at("e") + data + " --folds 1", "--folds of at least 2");
  fs::create_directories(folder.at("pictures/cats"));
  fs::create_directories(folder.at("pictures/dogs"));
  refused("--out " + folder.at("f") + " --data " + folder.at("pictures"),
          "expected images in the folder of each class");
}

}  // namespace reproduce_test
