// qrs fit, predict, search and evaluate on tables as pandas, R, spreadsheets and LIBSVM's tools write them, and on model files
// of other programs.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../contains.hpp"
#include "program.hpp"
#include "qrs/core/error.hpp"
#include "qrs/core/rng.hpp"

namespace tables_test {

namespace {

namespace fs = std::filesystem;
using qrs::tests::contains;

/// A folder, and in it rows of three features: label 1 where the first is above 0.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / qrs::text("qrs_tables_", getpid())) {
    fs::create_directories(path_);
    qrs::Mt19937 random(7);
    for (int i = 0; i < 30; ++i) {
      std::vector<std::string> row;
      for (int j = 0; j < 3; ++j) row.push_back(qrs::text(random.gauss()));
      labels_.push_back(row[0][0] == '-' ? 0 : 1);
      rows_.push_back(std::move(row));
    }
    write("x.csv", table({"a", "b", "c"}, {0, 1, 2}));
    write("y.csv", column("label"));
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// The columns of these numbers under these names.
  std::string table(const std::vector<std::string>& names, const std::vector<int>& columns) const {
    std::string out;
    for (std::size_t j = 0; j < names.size(); ++j) out += (j > 0 ? "," : "") + names[j];
    if (!names.empty()) out += "\n";
    for (const auto& row : rows_) {
      for (std::size_t j = 0; j < columns.size(); ++j) {
        out += (j > 0 ? "," : "") + row[static_cast<std::size_t>(columns[j])];
      }
      out += "\n";
    }
    return out;
  }
  std::string column(const std::string& name) const {
    std::string out = name.empty() ? "" : name + "\n";
    for (const int label : labels_) out += qrs::text(label, "\n");
    return out;
  }
  std::string sparse(int first_index, int columns) const {
    std::string out;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      out += qrs::text(labels_[i]);
      for (int j = 0; j < columns; ++j)
        out += qrs::text(" ", first_index + j, ":", rows_[i][static_cast<std::size_t>(j)]);
      out += "\n";
    }
    return out;
  }
  /// A model of this kind fitted on x.csv and y.csv.
  std::string model(const std::string& kind, const std::string& name = "m.safetensors") const {
    const auto done =
        program::qrs("fit " + kind + " --x " + path("x.csv") + " --y " + path("y.csv") + " --out " + path(name));
    REQUIRE_MESSAGE(done.status == 0, done.output);
    return path(name);
  }
  program::Outcome predict(const std::string& model, const std::string& x, const std::string& more = "") const {
    fs::remove(path("p.csv"));
    return program::qrs("predict " + model + " --x " + path(x) + " --out " + path("p.csv") + " " + more);
  }
  std::string expected() const { return column(""); }

 private:
  fs::path path_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<int> labels_;
};

}  // namespace

TEST_CASE("columns are found by the names that the model was fitted on" * doctest::skip(!program::available())) {
  const Folder folder;
  folder.write("turned.csv", folder.table({"c", "a", "b"}, {2, 0, 1}));
  folder.write("other.csv", folder.table({"a", "b", "weight"}, {0, 1, 2}));
  folder.write("more.csv", folder.table({"a", "b", "c", "d"}, {0, 1, 2, 2}));
  folder.write("twice.csv", folder.table({"a", "b", "a"}, {0, 1, 2}));
  folder.write("none.csv", folder.table({}, {0, 1, 2}));
  for (const char* kind : {"tree", "pipeline --steps scaler,svc", "boost --param n_estimators=5"}) {
    CAPTURE(kind);
    const std::string model = folder.model(kind);
    for (const char* table : {"x.csv", "turned.csv", "none.csv"}) {
      CAPTURE(table);
      const auto done = folder.predict(model, table);
      CHECK_MESSAGE(done.status == 0, done.output);
      if (std::string(kind) == "tree") CHECK(folder.read("p.csv") == folder.expected());
    }
  }
  const std::string model = folder.model("boost --param n_estimators=3", "m.json");
  REQUIRE(folder.predict(model, "turned.csv").status == 0);
  CHECK(folder.read("p.csv") == folder.expected());
  CHECK(contains(folder.predict(model, "other.csv").output, "missing c; not in the model: weight"));
  CHECK(contains(folder.predict(model, "more.csv").output, "not in the model: d"));
  CHECK(contains(folder.predict(model, "twice.csv").output, "'a' twice"));
}

TEST_CASE("tables as pandas, R and spreadsheets write them" * doctest::skip(!program::available())) {
  const Folder folder;
  folder.write("x0.csv", folder.table({"0", "1", "2"}, {0, 1, 2}));
  folder.write("y0.csv", folder.column("0"));
  const auto fitted = program::qrs("fit tree --x " + folder.path("x0.csv") + " --y " + folder.path("y0.csv") +
                                   " --out " + folder.path("m.safetensors") + " --json");
  REQUIRE_MESSAGE(fitted.status == 0, fitted.output);
  CHECK(contains(fitted.output, "\"rows\": 30"));
  std::string index = ",a,b,c\n";
  std::string rest = folder.table({}, {0, 1, 2});
  for (int i = 29; !rest.empty(); --i) {
    index += qrs::text(i, ",", rest.substr(0, rest.find('\n') + 1));
    rest.erase(0, rest.find('\n') + 1);
  }
  folder.write("index.csv", index);
  const std::string model = folder.model("tree");
  const auto done = folder.predict(model, "index.csv");
  CHECK(done.status == 0);
  CHECK(contains(done.output, "numbers the rows: left out"));
  CHECK(folder.read("p.csv") == folder.expected());
  folder.write("counts.csv", "0,1,2\n1,2,3\n");
  CHECK(contains(folder.predict(model, "counts.csv").output, "--no-header"));
  CHECK(folder.predict(model, "counts.csv", "--no-header").status == 0);
  CHECK(folder.read("p.csv").size() == 4);
  folder.write("holes.csv", "a,b,c\n1,?,2\n#N/A,3,2\n");
  CHECK(folder.predict(folder.model("boost --param n_estimators=3"), "holes.csv").status == 0);
  CHECK(folder.read("p.csv").size() == 4);
  folder.write("large.csv", "a,b,c\n1,1e300,2\n");
  CHECK(contains(folder.predict(model, "large.csv").output, "within float32, got 1e+300 in row 0, column 1"));
}

TEST_CASE("LIBSVM's text: from 0, from 1, narrower than the model, under any name" *
          doctest::skip(!program::available())) {
  const Folder folder;
  folder.write("zero.libsvm", folder.sparse(0, 3));
  folder.write("one.libsvm", folder.sparse(1, 3));
  folder.write("heart_scale", folder.sparse(1, 3));
  folder.write("narrow", folder.sparse(1, 2));
  for (const char* data : {"zero.libsvm", "one.libsvm", "heart_scale"}) {
    CAPTURE(data);
    const std::string model = folder.path("t.safetensors");
    const auto fitted = program::qrs("fit tree --x " + folder.path(data) + " --out " + model);
    REQUIRE_MESSAGE(fitted.status == 0, fitted.output);
    CHECK(contains(fitted.output, "3 columns"));
    CHECK(folder.predict(model, data).status == 0);
    CHECK(folder.read("p.csv") == folder.expected());
  }
  for (const char* name : {"s.safetensors", "s.model"}) {
    CAPTURE(name);
    const std::string model = folder.path(name);
    REQUIRE(program::qrs("fit svc --x " + folder.path("heart_scale") + " --out " + model).status == 0);
    const auto done = folder.predict(model, "narrow");
    CHECK_MESSAGE(done.status == 0, done.output);
  }
  folder.write("wide.libsvm", "1 1:1 9:2\n");
  CHECK(contains(folder.predict(folder.path("s.safetensors"), "wide.libsvm").output, "3 features, got 9 in row 0"));
  folder.write("huge.libsvm", "1 1000000000:1\n2 1:1\n");
  const auto huge =
      program::qrs("fit tree --x " + folder.path("huge.libsvm") + " --out " + folder.path("h.safetensors"));
  CHECK(contains(huge.output, "is the largest index right?"));
}

TEST_CASE("labels and groups of 64 bits are exact" * doctest::skip(!program::available())) {
  const Folder folder;
  std::string labels = "label\n";
  std::string groups = "group\n";
  for (int i = 0; i < 30; ++i) {
    labels += i % 2 == 0 ? "9007199254740992\n" : "9007199254740993\n";
    groups += qrs::text("10000000000000000", i / 3, "\n");
  }
  folder.write("y.csv", labels);
  folder.write("g.csv", groups);
  const std::string data = " --x " + folder.path("x.csv") + " --y " + folder.path("y.csv");
  const auto fitted = program::qrs("fit tree" + data + " --json --out " + folder.path("m.safetensors"));
  REQUIRE_MESSAGE(fitted.status == 0, fitted.output);
  CHECK(contains(fitted.output, "9007199254740993"));
  const auto found =
      program::qrs("search tree" + data + " --param max_depth=1 --folds 3 --groups " + folder.path("g.csv"));
  CHECK_MESSAGE(found.status == 0, found.output);
  folder.write("g.csv", "1e17\n");
  CHECK(contains(program::qrs("search tree" + data + " --param max_depth=1 --groups " + folder.path("g.csv")).output,
                 "expected groups"));
}

TEST_CASE("values: a boosted regression is fitted, written in both formats, and predicts" *
          doctest::skip(!program::available())) {
  const Folder folder;
  for (const char* name : {"r.safetensors", "r.json"}) {
    CAPTURE(name);
    const auto fitted =
        program::qrs("fit boost --objective reg:squarederror --param n_estimators=3 --x " + folder.path("x.csv") +
                     " --y " + folder.path("y.csv") + " --out " + folder.path(name));
    REQUIRE_MESSAGE(fitted.status == 0, fitted.output);
    const auto done = folder.predict(folder.path(name), "x.csv");
    CHECK_MESSAGE(done.status == 0, done.output);
    CHECK(contains(done.output, "values of 30 rows"));
    CHECK(contains(folder.read("p.csv"), "0."));
    CHECK(contains(folder.predict(folder.path(name), "x.csv", "--proba").output, "a regression"));
  }
  CHECK(folder.predict(folder.path("r.safetensors"), "x.csv").status == 0);
  const std::string first = folder.read("p.csv");
  CHECK(folder.predict(folder.path("r.json"), "x.csv").status == 0);
  CHECK(folder.read("p.csv") == first);
}

TEST_CASE("a model file of another program is named by what it is" * doctest::skip(!program::available())) {
  const Folder folder;
  const auto said = [&](const std::string& name, const std::string& bytes) {
    folder.write(name, bytes);
    const auto done = folder.predict(folder.path(name), "x.csv");
    CHECK(done.status == 1);
    return done.output;
  };
  CHECK(contains(said("m.pkl", std::string("\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}.", 13)), "a pickle"));
  CHECK(contains(said("m.model", std::string("\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}.", 13)), "a pickle"));
  CHECK(contains(said("m.bin", "binf\x01\x02"), "old binary format"));
  CHECK(contains(said("m.txt", "tree\nversion=v4\n"), "a LightGBM model"));
  CHECK(contains(said("m.cfg", "hello"), "expected a model of qrs (.safetensors), of LIBSVM (.model) or of XGBoost"));
  CHECK(contains(said("m.ubj", std::string("{L\0\0\0\0\0\0\0\x01"
                                           "aT}",
                                           13)),
                 "[xgboost]"));
  const std::string svc = folder.model("svc");
  CHECK(contains(folder.predict(svc, "x.csv", "--proba").output, "probability=true"));
}

TEST_CASE("what cannot be written is said before the work, what leaves its limits at once" *
          doctest::skip(!program::available())) {
  const Folder folder;
  const std::string data = " --x " + folder.path("x.csv") + " --y " + folder.path("y.csv");
  CHECK(
      contains(program::qrs("fit tree" + data + " --out " + folder.path("m.pkl")).output, "that ends in .safetensors"));
  CHECK(contains(program::qrs("search tree" + data + " --param max_depth=1 --out " + folder.path("m.json")).output,
                 "expected a boost"));
  const auto refused = [](const std::string& arguments, const std::string& words) {
    const program::Outcome out = program::qrs(arguments);
    return out.status == 2 && contains(out.output, words);
  };
  CHECK(refused("search tree" + data + " --random 1000000000 --param max_depth=1",
                "--random: Value 1000000000 not in range 0 to 1000000"));
  const std::string scores = " --scores " + folder.path("y.csv") + " --y " + folder.path("y.csv");
  CHECK(refused("evaluate" + scores + " --replicates 1000000000",
                "--replicates: Value 1000000000 not in range 0 to 10000000"));
  CHECK(refused("evaluate" + scores + " --bins 1000000000000", "not in range 1 to 1000000"));
  CHECK(program::qrs("evaluate" + scores + " --seed -1").status == 2);
}

TEST_CASE("one column of scores: rounding beyond [0, 1] is probability 0 or 1, anything else is told apart at 0" *
          doctest::skip(!program::available())) {
  const Folder folder;
  std::string rounded = "score\n";
  std::string percent = "score\n";
  for (const char label : folder.expected()) {
    if (label == '\n') continue;
    rounded += label == '1' ? "1.0000001\n" : "0.25\n";
    percent += label == '1' ? "70.5\n" : "30.5\n";
  }
  folder.write("rounded.csv", rounded);
  folder.write("percent.csv", percent);
  const std::string y = " --replicates 20 --y " + folder.path("y.csv") + " --scores ";
  const auto first = program::qrs("evaluate" + y + folder.path("rounded.csv"));
  CHECK(contains(first.output, "the threshold between the classes is 0.5"));
  CHECK(contains(first.output, "log_loss"));
  CHECK(contains(program::qrs("evaluate" + y + folder.path("percent.csv")).output,
                 "the threshold between the classes is 0."));
}

}  // namespace tables_test
