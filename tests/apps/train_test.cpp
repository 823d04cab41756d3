// qrs train, qrs test and qrs extract: what lies in the folder, and runs that are killed, interrupted, gone on with, refused.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../contains.hpp"
#include "program.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/io/safetensors.hpp"
#include "qrs/train/history.hpp"

namespace train_test {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using qrs::Tensor;

using qrs::tests::contains;

/// A folder with 24 images of 32 x 32, each content twice: in three classes, images.safetensors, and in two, two.safetensors.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / qrs::text("qrs_train_verb_", getpid())) {
    fs::create_directories(path_);
    write("images.safetensors", {"dark", "grey", "light"});
    write("two.safetensors", {"dark", "grey"});
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string read(const std::string& name) const {
    const auto bytes = qrs::io::read_file(path(name));
    return std::string(qrs::io::as_text(bytes));
  }
  /// The arguments of a short run of a network with batch norms and random layers.
  std::vector<std::string> train(const std::string& out, const std::string& epochs) const {
    return {"train",        "efficientnet_b0",
            "--data",       path("images.safetensors"),
            "--out",        path(out),
            "--batch-size", "6",
            "--epochs",     epochs,
            "--patience",   "1000",
            "--test-size",  "0.25",
            "--lr",         "0.01",
            "--split-seed", "1",
            "--resume",     "--validation-size",
            "0.25"};
  }

 private:
  void write(const std::string& name, const std::vector<std::string>& classes) const {
    Tensor<std::uint8_t> images({24, 32, 32});
    Tensor<std::int64_t> labels({24});
    json files;
    json hashes;
    for (std::int64_t n = 0; n < 24; ++n) {
      const std::int64_t label = labels.data()[n] = n / 2 % static_cast<std::int64_t>(classes.size());
      qrs::Rng rng(static_cast<std::uint64_t>(n / 2));
      for (std::int64_t i = 0; i < 1024; ++i) {
        images.data()[n * 1024 + i] = static_cast<std::uint8_t>(60 * label + rng.integer(0, 60));
      }
      files.push_back(qrs::text("class", label, "/", n, ", scan.png"));
      hashes.push_back(qrs::text("hash of ", n / 2));
    }
    qrs::io::StateDict dict;
    dict.add("images", images);
    dict.add("labels", labels);
    dict.metadata = {{"files", files.dump()}, {"hashes", hashes.dump()}, {"classes", json(classes).dump()}};
    qrs::io::write_safetensors(path(name), dict);
  }

  fs::path path_;
};

std::string joined(const std::vector<std::string>& arguments) {
  std::string out;
  for (const std::string& argument : arguments) out += argument + " ";
  return out;
}

/// The JSON object after the lines of the epochs, which come on the error stream.
json said(const std::string& output) { return json::parse(output.substr(output.find("{\n"))); }

void sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

}  // namespace

TEST_CASE("a run that is killed again and again ends with the files of one that never was" *
          doctest::skip(!program::available())) {
  const Folder folder;
  const qrs::Timer timer;
  const auto whole = program::qrs(joined(folder.train("whole", "3")) + "--json");
  REQUIRE_MESSAGE(whole.status == 0, whole.output);
  const double seconds = timer.seconds();

  qrs::Rng rng(7);
  int kills = 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    program::Background run(folder.train("killed", "3"));
    while (run.running() && !fs::exists(folder.path("killed/history.jsonl"))) sleep(0.002);
    sleep(attempt == 0 ? 0.0 : rng.uniform(0.0, seconds));
    if (!run.running()) break;
    run.end(SIGKILL);
    ++kills;
  }
  CHECK(kills > 0);
  qrs::io::write_file(folder.path("killed/checkpoint.safetensors.part-1"), qrs::io::as_bytes("half of"));
  const auto last = program::qrs(joined(folder.train("killed", "3")) + "--json");
  REQUIRE_MESSAGE(last.status == 0, last.output);

  const json expected = said(whole.output);
  const json got = said(last.output);
  CHECK(got["weights_sha256"] == expected["weights_sha256"]);
  CHECK(got["best_epoch"] == expected["best_epoch"]);
  CHECK(got["temperature"] == expected["temperature"]);
  // Three epochs teach this network little: where no temperature within the bounds fits, none is applied.
  if (!got["temperature"].is_null()) {
    CHECK(got["temperature"].get<double>() > 0.01);
    CHECK(got["temperature"].get<double>() < 100.0);
  }
  const bool applied =
      qrs::io::read_safetensors(folder.path("killed/best.safetensors")).metadata.contains("temperature");
  CHECK(applied == !got["temperature"].is_null());
  CHECK(folder.read("killed/best.safetensors") == folder.read("whole/best.safetensors"));
  CHECK(folder.read("killed/split.csv") == folder.read("whole/split.csv"));
  const auto history = qrs::train::parse_history(folder.read("killed/history.jsonl"), "killed");
  const auto unbroken = qrs::train::parse_history(folder.read("whole/history.jsonl"), "whole");
  REQUIRE(history.size() == 3);
  for (std::size_t e = 0; e < 3; ++e) CHECK(history[e].same_numbers(unbroken[e]));
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path("killed")))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"best.safetensors", "checkpoint.safetensors", "history.jsonl", "split.csv"});
}

TEST_CASE("train, interrupt, refuse, go on, extract" * doctest::skip(!program::available())) {
  const Folder folder;
  {
    program::Background run(folder.train("stopped", "1000"));
    while (run.running() && !fs::exists(folder.path("stopped/history.jsonl"))) sleep(0.002);
    REQUIRE(run.running());
    const int status = run.end(SIGINT);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 130);
    CHECK_FALSE(fs::exists(folder.path("stopped/best.safetensors")));
  }
  const auto trained = program::qrs(joined(folder.train("out", "1")) + "--split grouped");
  REQUIRE_MESSAGE(trained.status == 0, trained.output);
  CHECK(contains(trained.output, "epoch 1 of 1: loss "));
  CHECK(contains(trained.output, "best epoch 1 of 1: validation loss "));
  CHECK(folder.read("out/split.csv").starts_with("file,label,part\n\"class0/0, scan.png\",0,"));

  std::vector<std::string> without_resume = folder.train("out", "2");
  std::erase(without_resume, "--resume");
  const auto twice = program::qrs(joined(without_resume));
  CHECK(twice.status == 1);
  CHECK(contains(twice.output, "go on with --resume, or choose another folder"));
  const auto other = program::qrs(joined(folder.train("out", "2")) + "--split grouped --weight-decay 0.5");
  CHECK(other.status == 1);
  CHECK(contains(other.output, "[resume] expected weight_decay = 0, as "));
  {
    const int held = ::open(folder.path("out").c_str(), O_RDONLY | O_DIRECTORY);
    REQUIRE(::flock(held, LOCK_EX) == 0);
    const auto beside = program::qrs(joined(folder.train("out", "2")));
    ::close(held);
    CHECK(beside.status == 1);
    CHECK(contains(beside.output, "a folder that another qrs is at work in"));
  }

  const auto extracted = program::qrs("extract " + folder.path("out/best.safetensors") + " --data " +
                                      folder.path("images.safetensors") + " --out " + folder.path("z.safetensors"));
  REQUIRE_MESSAGE(extracted.status == 0, extracted.output);
  const auto features = qrs::io::read_safetensors(folder.path("z.safetensors"));
  CHECK(features.at("features").shape == std::vector<std::int64_t>{24, 1280});
  CHECK(features.at("labels").shape == std::vector<std::int64_t>{24});
  CHECK(features.metadata.at("model") == "efficientnet_b0");
  CHECK(json::parse(features.metadata.at("files")).size() == 24);

  const std::string begin = " --freeze-features --weights " + folder.path("out/best.safetensors");
  const auto same_classes = program::qrs(joined(folder.train("further", "1")) + begin);
  REQUIRE_MESSAGE(same_classes.status == 0, same_classes.output);
  CHECK(contains(same_classes.output, "best.safetensors: loaded 360 of 360 entries\n"));
  std::vector<std::string> other_classes = folder.train("two", "1");
  std::replace(other_classes.begin(), other_classes.end(), folder.path("images.safetensors"),
               folder.path("two.safetensors"));
  const auto new_head = program::qrs(joined(other_classes) + begin);
  REQUIRE_MESSAGE(new_head.status == 0, new_head.output);
  CHECK(contains(new_head.output, "2 left as they were: classifier.1.weight, classifier.1.bias"));
}

TEST_CASE("a run is tested on what it kept, and equal images on both sides are told" *
          doctest::skip(!program::available())) {
  const Folder folder;
  const auto test = [&](const std::string& run, const std::string& more) {
    return program::qrs("test " + folder.path(run) + " --data " + folder.path("images.safetensors") + more);
  };
  REQUIRE(program::qrs(joined(folder.train("random", "1"))).status == 0);
  REQUIRE(program::qrs(joined(folder.train("grouped", "1")) + "--split grouped").status == 0);

  const auto said = test("grouped", " --replicates 100 --json --out " + folder.path("predictions.csv"));
  REQUIRE_MESSAGE(said.status == 0, said.output);
  const json scores = json::parse(said.output.substr(said.output.find('{')));
  CHECK(scores["n"] == 6);
  CHECK(scores["groups"] == 3);  // each content stands there twice
  CHECK(scores["equal_to_training"] == 0);
  CHECK(scores["class_names"] == json{"dark", "grey", "light"});
  const std::string csv = folder.read("predictions.csv");
  CHECK(csv.starts_with("file,label,predicted,right,dark,grey,light,error\n\"class"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 7);
  std::int64_t right = 0;
  for (std::size_t at = csv.find(",1,"); at != std::string::npos; at = csv.find(",1,", at + 1)) ++right;
  CHECK(scores["scores"]["accuracy"]["value"].get<double>() == doctest::Approx(static_cast<double>(right) / 6.0));

  const auto leaked = test("random", " --replicates 100");
  REQUIRE_MESSAGE(leaked.status == 0, leaked.output);
  CHECK(contains(leaked.output, "images that it was trained with: these scores are too good"));
  CHECK(contains(leaked.output, "efficientnet_b0 on the part test: 6 samples, 3 classes"));
  const auto all = test("random", " --part all --replicates 100 --json");
  CHECK(json::parse(all.output.substr(all.output.find('{')))["n"] == 24);

  const auto extracted = program::qrs("extract " + folder.path("random/best.safetensors") + " --part test --data " +
                                      folder.path("images.safetensors") + " --out " + folder.path("kept.safetensors"));
  REQUIRE_MESSAGE(extracted.status == 0, extracted.output);
  const auto kept = qrs::io::read_safetensors(folder.path("kept.safetensors"));
  CHECK(kept.at("features").shape == std::vector<std::int64_t>{6, 1280});
  CHECK(json::parse(kept.metadata.at("files")).size() == 6);

  const auto other = program::qrs("test " + folder.path("random") + " --data " + folder.path("two.safetensors"));
  CHECK(other.status == 1);
  CHECK(contains(other.output, "[test] expected the network's classes, [\"dark\",\"grey\",\"light\"], got "));
  CHECK(contains(test("random", " --out predictions.parquet").output, "[test] expected --out "));
}

}  // namespace train_test
