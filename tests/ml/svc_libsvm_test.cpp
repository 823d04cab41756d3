// Exchange with LIBSVM's own programs: svm-predict reads our models and agrees, we read what svm-train wrote. Runs where
// the programs are installed (Debian: libsvm-tools); the rest, machines that go through a model and back, runs everywhere.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "qrs/core/compare.hpp"
#include "qrs/ml/svm/libsvm_model.hpp"
#include "svc_data.hpp"

using namespace qrs::ml;
using qrs::test::Blobs;

namespace {

/// A folder that goes when the test ends.
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("qrs_libsvm_" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

bool have_libsvm() {
  static const bool found =
      std::system("command -v svm-train >/dev/null 2>&1 && command -v svm-predict >/dev/null 2>&1") == 0;
  static const bool told = [] {
    if (!found) std::printf("skipped: svm-train and svm-predict are not installed (Debian: libsvm-tools)\n");
    return true;
  }();
  return found && told;
}

bool run(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

/// Labels renamed so that neither their order nor their first appearance is 0, 1, 2.
std::vector<std::int64_t> rename(const std::vector<std::int64_t>& y) {
  const std::int64_t names[] = {5, -3, 12, 0};
  std::vector<std::int64_t> out;
  for (const std::int64_t label : y) out.push_back(names[label]);
  return out;
}

/// The file of a precomputed kernel: 0:number, then the row.
void write_kernel(const std::string& path, const std::vector<std::int64_t>& y, const Matrix<double>& k) {
  qrs::io::LibsvmData out;
  for (std::int64_t i = 0; i < k.rows(); ++i) {
    out.labels.push_back(static_cast<double>(y[static_cast<std::size_t>(i)]));
    out.index.push_back(0);
    out.value.push_back(static_cast<double>(i + 1));
    for (std::int64_t j = 0; j < k.cols(); ++j) {
      out.index.push_back(static_cast<std::int32_t>(j + 1));
      out.value.push_back(k(i, j));
    }
    out.begin.push_back(out.index.size());
  }
  qrs::io::write_libsvm_data(path, out);
}

Matrix<double> gram(const Matrix<double>& x) {
  Matrix<double> out(x.rows(), x.rows());
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.rows(); ++j) {
      double sum = 0.5;
      for (std::int64_t f = 0; f < x.cols(); ++f) sum += 0.2 * x(i, f) * x(j, f);
      out(i, j) = sum * sum;
    }
  }
  return out;
}

struct Case {
  std::string name;
  SvcParams params;
  std::string options;  // of svm-train
};

std::vector<Case> cases() {
  std::vector<Case> out;
  const auto add = [&](const std::string& name, const std::string& options, const auto& change) {
    SvcParams params;
    params.c = 2.0;
    params.tol = 1e-6;
    params.probability = true;
    params.consistent = true;
    change(params);
    out.push_back({name, params, options + " -c 2 -e 1e-6 -b 1"});
  };
  add("rbf", "-t 2 -g 0.3", [](SvcParams& p) { p.gamma = 0.3; });
  add("linear", "-t 0", [](SvcParams& p) { p.kernel = "linear"; });
  add("poly", "-t 1 -d 3 -g 0.1 -r 1", [](SvcParams& p) {
    p.kernel = "poly";
    p.gamma = 0.1;
    p.coef0 = 1.0;
  });
  add("sigmoid", "-t 3 -g 0.02 -r 0.1", [](SvcParams& p) {
    p.kernel = "sigmoid";
    p.gamma = 0.02;
    p.coef0 = 0.1;
  });
  add("precomputed", "-t 4", [](SvcParams& p) { p.kernel = "precomputed"; });
  return out;
}

/// What svm-predict -b 1 wrote: the labels of its header, then a label and probabilities a line.
struct Prediction {
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> predicted;
  std::vector<std::vector<double>> probability;
};

Prediction read_prediction(const std::string& path, std::size_t classes) {
  Prediction out;
  std::FILE* file = std::fopen(path.c_str(), "r");
  REQUIRE(file != nullptr);
  REQUIRE(std::fscanf(file, "labels") == 0);
  for (std::size_t c = 0; c < classes; ++c) {
    long long label = 0;
    REQUIRE(std::fscanf(file, "%lld", &label) == 1);
    out.labels.push_back(label);
  }
  double label = 0.0;
  while (std::fscanf(file, "%lf", &label) == 1) {
    out.predicted.push_back(static_cast<std::int64_t>(label));
    out.probability.emplace_back(classes);
    for (double& p : out.probability.back()) REQUIRE(std::fscanf(file, "%lf", &p) == 1);
  }
  std::fclose(file);
  return out;
}

/// Largest difference of probabilities, whatever the order of the labels; labels must be equal.
double compare(const Svc<double>& svc, const Matrix<double>& x, const Prediction& theirs) {
  const Matrix<double> p = svc.predict_proba(x);
  REQUIRE(theirs.predicted.size() == static_cast<std::size_t>(x.rows()));
  CHECK(svc.predict(x) == theirs.predicted);
  qrs::Difference worst;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::size_t c = 0; c < theirs.labels.size(); ++c) {
      const auto at = std::find(svc.classes().begin(), svc.classes().end(), theirs.labels[c]) - svc.classes().begin();
      worst.add(p(i, at), theirs.probability[static_cast<std::size_t>(i)][c]);
    }
  }
  return worst.max_error;
}

}  // namespace

TEST_CASE("svm-predict reads our model and agrees, for every kernel and with probabilities") {
  if (!have_libsvm()) return;
  const Folder folder;
  for (const std::int64_t classes : {2, 4}) {
    const Blobs<double> data(140, 5, classes, 44, 0.9);
    const std::vector<std::int64_t> y = rename(data.y);
    for (const Case& one : cases()) {
      INFO(one.name, ", ", classes, " classes");
      const bool precomputed = one.name == "precomputed";
      const Matrix<double> x = precomputed ? gram(data.x) : data.x;
      Svc<double> svc(one.params);
      svc.fit(x, y);
      qrs::io::write_libsvm_model(folder / "ours.model", to_libsvm(svc));
      if (precomputed) {
        write_kernel(folder / "test", y, x);
      } else {
        qrs::io::write_libsvm_data(folder / "test", qrs::io::libsvm_samples<double>(y, x.values()));
      }
      REQUIRE(run("svm-predict -b 1 " + (folder / "test") + " " + (folder / "ours.model") + " " + (folder / "out")));
      // With two classes older versions iterate where this one has the answer: LIBSVM's tolerance, 0.005 / 2.
      CHECK(compare(svc, x, read_prediction(folder / "out", static_cast<std::size_t>(classes))) <
            (classes == 2 ? 5e-3 : 1e-5));
      REQUIRE(run("svm-predict " + (folder / "test") + " " + (folder / "ours.model") + " " + (folder / "out")));
      const qrs::io::LibsvmData votes = qrs::io::read_libsvm_data(folder / "out");
      SvcParams by_vote = one.params;
      by_vote.consistent = false;
      CHECK(Svc<double>(by_vote, svc.state()).predict(x) == qrs::io::libsvm_labels(votes));
    }
  }
}

TEST_CASE("we read what svm-train wrote, labels in any order, and agree with svm-predict") {
  if (!have_libsvm()) return;
  const Folder folder;
  for (const std::int64_t classes : {2, 4}) {
    const Blobs<double> data(140, 5, classes, 45, 0.9);
    const std::vector<std::int64_t> y = rename(data.y);
    for (const Case& one : cases()) {
      INFO(one.name, ", ", classes, " classes");
      const bool precomputed = one.name == "precomputed";
      const Matrix<double> x = precomputed ? gram(data.x) : data.x;
      if (precomputed) {
        write_kernel(folder / "train", y, x);
      } else {
        qrs::io::write_libsvm_data(folder / "train", qrs::io::libsvm_samples<double>(y, x.values()));
      }
      REQUIRE(run("svm-train -q " + one.options + " " + (folder / "train") + " " + (folder / "theirs.model")));
      REQUIRE(run("svm-predict -b 1 " + (folder / "train") + " " + (folder / "theirs.model") + " " + (folder / "out")));
      const qrs::io::LibsvmModel model = qrs::io::read_libsvm_model(folder / "theirs.model");
      const Svc<double> read = from_libsvm<double>(model, {.features = x.cols()});
      SvcParams params = read.settings();
      params.consistent = true;
      const Svc<double> svc(params, read.state());
      // Coupling sweeps over the classes in their order, which is another there, to a tolerance of 0.005 / k.
      CHECK(compare(svc, x, read_prediction(folder / "out", static_cast<std::size_t>(classes))) < 5e-3);
      // Our own fit is the same machine.
      Svc<double> own(one.params);
      own.fit(x, y);
      const Matrix<double> a = own.decision_ovo(x);
      const Matrix<double> b = read.decision_ovo(x);
      CHECK(qrs::difference(a.values(), b.values()).max_error < 1e-3);  // the model keeps 8 digits of the features
      CHECK(qrs::difference(own.n_support(), read.n_support()).max_error <= 1.0);
    }
  }
}

TEST_CASE("a machine goes through a LIBSVM model and back, in any order of its labels") {
  const Blobs<double> data(90, 4, 3, 2);
  Svc<double> svc({.probability = true});
  svc.fit(data.x, data.y);
  const qrs::io::LibsvmModel model = to_libsvm(svc);
  const Svc<double> same = from_libsvm<double>(qrs::io::parse_libsvm_model(qrs::io::libsvm_text(model)));
  CHECK(same.decision_ovo(data.x).values().size() == svc.decision_ovo(data.x).values().size());
  CHECK(same.decision_ovo(data.x) == svc.decision_ovo(data.x));
  CHECK(same.predict_proba(data.x) == svc.predict_proba(data.x));
  // The same machine as a file whose first class is the last: pairs (2, 1), (2, 0), (1, 0) and opposite signs.
  qrs::io::LibsvmModel turned = model;
  turned.label = {2, 1, 0};
  turned.nr_sv = {model.nr_sv[2], model.nr_sv[1], model.nr_sv[0]};
  const std::size_t pair[] = {2, 1, 0};
  for (std::size_t p = 0; p < 3; ++p) {
    turned.rho[p] = -model.rho[pair[p]];
    turned.prob_a[p] = model.prob_a[pair[p]];
    turned.prob_b[p] = -model.prob_b[pair[p]];
  }
  turned.coefficients.clear();
  turned.vectors = {};
  const std::size_t first[] = {0, static_cast<std::size_t>(model.nr_sv[0]),
                               static_cast<std::size_t>(model.nr_sv[0] + model.nr_sv[1])};
  for (const std::size_t c : {2U, 1U, 0U}) {
    for (std::size_t v = first[c]; v < first[c] + static_cast<std::size_t>(model.nr_sv[c]); ++v) {
      turned.coefficients.push_back(-model.coefficients[2 * v + 1]);
      turned.coefficients.push_back(-model.coefficients[2 * v]);
      turned.vectors.labels.push_back(0.0);
      for (std::size_t e = model.vectors.begin[v]; e < model.vectors.begin[v + 1]; ++e) {
        turned.vectors.index.push_back(model.vectors.index[e]);
        turned.vectors.value.push_back(model.vectors.value[e]);
      }
      turned.vectors.begin.push_back(turned.vectors.index.size());
    }
  }
  const Svc<double> back = from_libsvm<double>(turned);
  CHECK(back.decision_ovo(data.x) == svc.decision_ovo(data.x));
  CHECK(back.predict_proba(data.x) == svc.predict_proba(data.x));
}

TEST_CASE("a LIBSVM model that asks for too much is refused") {
  Blobs<double> data(30, 3, 2, 2);
  Svc<double> svc;
  svc.fit(data.x, data.y);
  qrs::io::LibsvmModel model = to_libsvm(svc);
  CHECK_THROWS_WITH_AS((from_libsvm<double>(model, {.features = 2})),
                       "[svc] expected indices up to 2, the features asked for, got 3", qrs::Error);
  model.vectors.index.back() = 2147483647;
  CHECK_THROWS_AS(from_libsvm<double>(model), qrs::Error);
  model = to_libsvm(svc);
  model.label = {1, 1};
  CHECK_THROWS_WITH_AS(from_libsvm<double>(model), "[svc] expected ascending labels, got 1 before 1", qrs::Error);
}
