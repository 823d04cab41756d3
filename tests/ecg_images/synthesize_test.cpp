// qrs synthesize: what it prints, what it refuses, and with which status.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "../apps/program.hpp"

namespace synthesize_test {

namespace {

namespace fs = std::filesystem;

/// A folder that is gone at the end.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("qrs_synthesize_" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string at(const std::string& name) const { return (path / name).string(); }
};

bool says(const program::Outcome& outcome, const std::string& words) {
  return outcome.output.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("synthesize draws a data set and says what it drew, as text and as JSON") {
  if (!program::available()) return;
  const Folder folder;
  const std::string common = " --per-class 2 --seed 3 --size 0.1 --format grey";
  const auto words = program::qrs("synthesize --out " + folder.at("words") + common);
  CAPTURE(words.output);
  CHECK(words.status == 0);
  CHECK(says(words, "2 pages of each class, 8 files, "));
  CHECK(says(words, "\n  normal                       2\n"));
  CHECK(fs::exists(folder.at("words/Abnormal/Abnormal_0002.png")));
  CHECK(fs::exists(folder.at("words/truth.csv")));

  const auto json = program::qrs("synthesize --json --duplicates 1 --out " + folder.at("json") + common);
  CAPTURE(json.output);
  REQUIRE(json.status == 0);
  const auto summary = nlohmann::json::parse(json.output, nullptr, false);
  REQUIRE_FALSE(summary.is_discarded());
  CHECK(summary["files"] == 12);
  CHECK(summary["conditions"]["normal"] == 2);
  CHECK(summary["seed"] == 3);
  CHECK(summary["truth"] == folder.at("json/truth.csv"));
}

TEST_CASE("synthesize refuses numbers that make no data set as usage, folders in use as failure") {
  if (!program::available()) return;
  const Folder folder;
  const std::string out = "synthesize --size 0.1 --out " + folder.at("out");
  for (const char* wrong :
       {"", " --per-class 0", " --per-class -3", " --per-class many", " --per-class 2 --duplicates 3",
        " --per-class 2 --id-repeats -1", " --per-class 2 --format jpeg", " --per-class 2 --size 0"}) {
    CAPTURE(wrong);
    CHECK(program::qrs(out + wrong).status == 2);
  }
  CHECK_FALSE(fs::exists(folder.at("out")));
  CHECK(program::qrs(out + " --per-class 1").status == 0);
  const auto again = program::qrs(out + " --per-class 1");
  CHECK(again.status == 1);
  CHECK(says(again, "qrs: [synthesize] expected a new or an empty folder, got "));
}

TEST_CASE("synthesize says in one line that it cannot write") {
  if (!program::available()) return;
  const Folder folder;
  // A page is larger than the largest file that is allowed: the write fails as on a full disk.
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 2048;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);  // the program inherits it
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto full = program::qrs("synthesize --per-class 3 --size 0.2 --out " + folder.at("full"));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CAPTURE(full.output);
  CHECK(full.status == 1);
  CHECK(says(full, "qrs: [file] expected to write "));
  CHECK(std::count(full.output.begin(), full.output.end(), '\n') == 1);
  for (const auto& entry : fs::recursive_directory_iterator(folder.at("full"))) CHECK_FALSE(entry.is_regular_file());
  const auto nowhere = program::qrs("synthesize --per-class 1 --size 0.1 --out /proc/nowhere");
  CHECK(nowhere.status == 1);
  CHECK(says(nowhere, "qrs: [synthesize] expected to create the folder /proc/nowhere, got: "));
}

}  // namespace synthesize_test
