// qrs fit, predict, search and evaluate: from files to files, in every format, and what goes wrong.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "../contains.hpp"
#include "program.hpp"
#include "qrs/core/error.hpp"
#include "qrs/core/rng.hpp"

namespace estimators_test {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

using qrs::tests::contains;

/// A folder with three clouds of points as text: x.csv and y.csv, 90 rows of four features, labels 3, 5 and 8; groups.csv.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / qrs::text("qrs_estimators_", getpid())) {
    fs::create_directories(path_);
    qrs::Mt19937 rng(3);
    std::ofstream x(path("x.csv"));
    std::ofstream y(path("y.csv"));
    std::ofstream groups(path("groups.csv"));
    std::ofstream sparse(path("all.libsvm"));
    x << "a,b,c,d\n";
    const int labels[] = {3, 5, 8};
    for (int i = 0; i < 90; ++i) {
      y << labels[i % 3] << "\n";
      groups << i / 3 << "\n";
      sparse << labels[i % 3];
      for (int j = 0; j < 4; ++j) {
        const auto value = static_cast<float>(rng.normal(i % 3 == j % 3 ? 2.5 : 0.0, 1.0));
        x << (j > 0 ? "," : "") << value;
        sparse << " " << j + 1 << ":" << value;
      }
      x << "\n";
      sparse << "\n";
    }
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::string data() const { return " --x " + path("x.csv") + " --y " + path("y.csv"); }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("every classifier: fit, predict labels and probabilities, evaluate" * doctest::skip(!program::available())) {
  const Folder folder;
  for (const std::string kind :
       {"svc --param probability=true", "forest --param n_estimators=20", "boost --param n_estimators=10",
        "tree --param max_depth=4", "pipeline --steps scaler,pca,forest --param pca.n_components=3"}) {
    CAPTURE(kind);
    const std::string model = folder.path("model.safetensors");
    const auto fitted = program::qrs("fit " + kind + folder.data() + " --out " + model + " --json --score");
    REQUIRE_MESSAGE(fitted.status == 0, fitted.output);
    const json said = json::parse(fitted.output);
    CHECK(said["rows"] == 90);
    CHECK(said["columns"] == 4);
    CHECK(said["classes"] == json({3, 5, 8}));
    CHECK(said["train_accuracy"] > 0.8);

    const std::string predict = "predict " + model + " --x " + folder.path("x.csv") + " --out ";
    REQUIRE(program::qrs(predict + folder.path("labels.csv")).status == 0);
    const std::string labels = folder.read("labels.csv");
    CHECK(std::count(labels.begin(), labels.end(), '\n') == 90);
    CHECK(labels.find_first_not_of("358\n") == std::string::npos);
    REQUIRE(program::qrs(predict + folder.path("p.csv") + " --proba").status == 0);
    CHECK(folder.read("p.csv").starts_with("p_3,p_5,p_8\n"));
    REQUIRE(program::qrs(predict + folder.path("p.npy") + " --proba").status == 0);

    const auto scored =
        program::qrs("evaluate --y " + folder.path("y.csv") + " --scores " + folder.path("p.npy") + " --json");
    CHECK_MESSAGE(scored.status == 0, scored.output);
    CHECK(contains(scored.output, "accuracy"));
  }
}

TEST_CASE("a scaler and a PCA turn features into features" * doctest::skip(!program::available())) {
  const Folder folder;
  const std::string model = folder.path("pca.safetensors");
  const auto fitted = program::qrs("fit pca --param n_components=2 --x " + folder.path("x.csv") + " --out " + model);
  REQUIRE_MESSAGE(fitted.status == 0, fitted.output);
  REQUIRE(program::qrs("predict " + model + " --x " + folder.path("x.csv") + " --out " + folder.path("z.csv")).status ==
          0);
  const std::string z = folder.read("z.csv");
  CHECK(std::count(z.begin(), z.end(), ',') == 90);
  CHECK(program::qrs("predict " + model + " --proba --x " + folder.path("x.csv") + " --out z.csv").status == 1);
}

TEST_CASE("other programs' formats: LIBSVM's data and model, XGBoost's JSON" * doctest::skip(!program::available())) {
  const Folder folder;
  const std::string x = " --x " + folder.path("all.libsvm");
  REQUIRE(program::qrs("fit svc" + x + " --dtype f64 --out " + folder.path("m.model")).status == 0);
  CHECK(folder.read("m.model").starts_with("svm_type c_svc\n"));
  REQUIRE(program::qrs("fit svc" + x + " --dtype f64 --out " + folder.path("m.safetensors")).status == 0);
  for (const std::string model : {"m.model", "m.safetensors"}) {
    REQUIRE(program::qrs("predict " + folder.path(model) + x + " --out " + folder.path(model + ".csv")).status == 0);
  }
  CHECK(folder.read("m.model.csv") == folder.read("m.safetensors.csv"));
  REQUIRE(program::qrs("fit boost --param n_estimators=5" + x + " --out " + folder.path("b.json")).status == 0);
  REQUIRE(program::qrs("fit boost --param n_estimators=5" + x + " --out " + folder.path("b.safetensors")).status == 0);
  for (const std::string model : {"b.json", "b.safetensors"}) {
    REQUIRE(program::qrs("predict " + folder.path(model) + x + " --out " + folder.path(model + ".csv")).status == 0);
  }
  CHECK(folder.read("b.json.csv") == folder.read("b.safetensors.csv"));
}

TEST_CASE("search: the best candidate is written, every result is listed" * doctest::skip(!program::available())) {
  const Folder folder;
  const std::string call = "search pipeline --steps scaler,svc" + folder.data() +
                           " --param svc.C=0.1,10 --param svc.gamma=scale,-1 --groups " + folder.path("groups.csv") +
                           " --out " + folder.path("best.safetensors") + " --results " + folder.path("all.csv");
  const auto plain = program::qrs(call);
  REQUIRE_MESSAGE(plain.status == 0, plain.output);
  CHECK(contains(plain.output, "best: svc.C="));
  CHECK(contains(plain.output, "failed: svc.C="));  // gamma=-1
  const std::string all = folder.read("all.csv");
  CHECK(std::count(all.begin(), all.end(), '\n') == 5);
  const json said = json::parse(program::qrs(call + " --json").output);
  CHECK(said["candidates"].size() == 4);
  CHECK(said["candidates"][1]["mean_score"].is_null());
  CHECK(said["best_params"]["svc.gamma"] == "scale");
  CHECK(program::qrs("predict " + folder.path("best.safetensors") + " --x " + folder.path("x.csv") + " --out " +
                     folder.path("l.csv"))
            .status == 0);
  const auto random = program::qrs("search forest" + folder.data() +
                                   " --random 3 --param n_estimators=5,7 --param max_features=uniform:0.3:1 --json");
  REQUIRE_MESSAGE(random.status == 0, random.output);
  CHECK(json::parse(random.output)["candidates"].size() == 3);
}

TEST_CASE("a trace holds an object a line, and the model is the same" * doctest::skip(!program::available())) {
  const Folder folder;
  const std::pair<std::string, std::string> events[] = {
      {"svc", "smo_step"}, {"tree", "split_candidate"}, {"boost", "boosting_round"}};
  for (const auto& pair : events) {
    const std::string& kind = pair.first;
    const std::string& event = pair.second;
    CAPTURE(kind);
    const std::string call = "fit " + kind + folder.data() + " --out ";
    REQUIRE(program::qrs(call + folder.path("a.safetensors")).status == 0);
    const auto traced = program::qrs(call + folder.path("b.safetensors") + " --trace " + folder.path("t.jsonl"));
    REQUIRE_MESSAGE(traced.status == 0, traced.output);
    CHECK(folder.read("a.safetensors") == folder.read("b.safetensors"));
    std::ifstream lines(folder.path("t.jsonl"));
    std::string line;
    int found = 0;
    while (std::getline(lines, line)) found += json::parse(line)["event"] == event ? 1 : 0;
    CHECK(found > 0);
  }
}

TEST_CASE("what is wrong is said in one line, and nothing is written" * doctest::skip(!program::available())) {
  const Folder folder;
  const std::string out = " --out " + folder.path("none.safetensors");
  const auto message = [&](const std::string& call) {
    const auto ended = program::qrs(call);
    CHECK(ended.status == 1);
    CHECK(std::count(ended.output.begin(), ended.output.end(), '\n') == 1);
    CHECK(!fs::exists(folder.path("none.safetensors")));
    return ended.output;
  };
  CHECK(contains(message("fit svc --param c=1" + folder.data() + out), "expected a parameter of svc (C,"));
  CHECK(contains(message("fit svc --x " + folder.path("x.csv") + out), "expected --y"));
  CHECK(contains(message("fit svc --x " + folder.path("x.csv") + " --y " + folder.path("x.csv") + out), "one column"));
  folder.write("bad.csv", "1,2\n3,x\n");
  CHECK(contains(message("fit pca --x " + folder.path("bad.csv") + out), "line 2, column 2"));
  folder.write("one.csv", "3\n3\n");
  folder.write("two.csv", "1,2\n3,4\n");
  const std::string one_class = " --x " + folder.path("two.csv") + " --y " + folder.path("one.csv");
  CHECK(contains(message("fit svc" + one_class + out), "class"));
  folder.write("half.csv", "0.5\n1\n");
  CHECK(
      contains(message("fit svc --x " + folder.path("two.csv") + " --y " + folder.path("half.csv") + out), "integers"));
  CHECK(contains(message("fit svc" + folder.data() + " --out " + folder.path("model.txt")), ".safetensors"));
  CHECK(contains(message("fit forest" + folder.data() + " --out " + folder.path("f.model")), "expected an svc"));

  REQUIRE(program::qrs("fit tree" + folder.data() + " --out " + folder.path("m.safetensors")).status == 0);
  const std::string whole = folder.read("m.safetensors");
  folder.write("cut.safetensors", whole.substr(0, whole.size() - 9));
  const std::string predict = " --x " + folder.path("x.csv") + " --out " + folder.path("l.csv");
  CHECK(contains(message("predict " + folder.path("cut.safetensors") + predict), "cut.safetensors"));
  std::string other = whole;
  other.replace(other.find("version\":\"1"), 11, "version\":\"9");
  folder.write("other.safetensors", other);
  CHECK(contains(message("predict " + folder.path("other.safetensors") + predict), "of version 1, got 9"));
  CHECK(contains(message("predict " + folder.path("m.safetensors") + " --x " + folder.path("two.csv") + " --out l.csv"),
                 "expected 4 columns as when fitted, got 2"));
}

}  // namespace estimators_test
