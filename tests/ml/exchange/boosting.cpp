// Trains, or reads XGBoost's JSON model, and writes what comes out: the C++ half of boosting_test.py.
//
//   boosting FOLDER [name=value ...]
//
// FOLDER/train_x.npy, train_y.npy (labels as i64, or values as f64), test_x.npy, and where they are there weight.npy,
// eval_x.npy, eval_y.npy, become FOLDER/model.json, prediction.npy, shap.npy and history.npy. With FOLDER/peer.json that
// model predicts instead, and model.json is its copy.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "../../../include/qrs/io/npy.hpp"
#include "../../../include/qrs/ml/boosting/gradient_boosting.hpp"
#include "../../../include/qrs/ml/boosting/xgboost_model.hpp"

namespace {

using qrs::ml::Matrix;
using qrs::ml::MatrixView;

class Folder {
 public:
  explicit Folder(std::string path) : path_(std::move(path) + "/") {}

  std::string operator()(const char* name) const { return path_ + name; }
  bool has(const char* name) const { return std::filesystem::exists(path_ + name); }
  qrs::io::Entry read(const char* name) const { return qrs::io::read_npy(path_ + name); }
  Matrix<float> matrix(const char* name) const {
    const qrs::io::Entry entry = read(name);
    return Matrix<float>(entry.shape.at(0), entry.shape.at(1), values<float>(entry));
  }
  template <class V>
  static std::vector<V> values(const qrs::io::Entry& entry) {
    const auto tensor = entry.to<V>();
    return std::vector<V>(tensor.data(), tensor.data() + tensor.size());
  }
  void write(const char* name, std::vector<std::int64_t> shape, std::span<const double> values) const {
    qrs::io::Entry entry;
    entry.dtype = qrs::io::DType::f64;
    entry.shape = std::move(shape);
    entry.bytes.resize(values.size_bytes());
    std::copy_n(reinterpret_cast<const std::byte*>(values.data()), entry.bytes.size(), entry.bytes.data());
    qrs::io::write_npy(path_ + name, entry);
  }

 private:
  std::string path_;
};

template <class Model, class Y, class Read, class Predict>
void run(Model& model, const Folder& folder, char** begin, char** end, const Read& read, const Predict& predict) {
  for (char** at = begin; at != end; ++at) {
    const std::string_view item = *at;
    const std::size_t equals = item.find('=');
    model.set(item.substr(0, equals), qrs::ml::parse_param(item.substr(equals + 1)));
  }
  if (folder.has("peer.json")) {
    model.adopt(qrs::ml::boosting::from_xgboost(qrs::io::read_xgboost_json(folder("peer.json"))));
  } else {
    const Matrix<float> x = folder.matrix("train_x.npy");
    const std::vector<Y> y = read("train_y.npy");
    const std::vector<double> weight =
        folder.has("weight.npy") ? Folder::values<double>(folder.read("weight.npy")) : std::vector<double>{};
    if (folder.has("eval_x.npy")) {
      const Matrix<float> x_evaluation = folder.matrix("eval_x.npy");
      model.fit_evaluated(x, y, x_evaluation, read("eval_y.npy"), weight);
    } else {
      model.fit(x, y, weight);
    }
  }
  qrs::io::write_xgboost_json(folder("model.json"), qrs::ml::boosting::to_xgboost(model.booster()));
  const Matrix<float> x = folder.matrix("test_x.npy");
  predict(x);
  const Matrix<double> shap = model.shap_values(x);
  folder.write("shap.npy", {shap.rows(), shap.cols()}, shap.values());
  const std::vector<double>& history = model.evaluation_history();
  folder.write("history.npy", {static_cast<std::int64_t>(history.size())}, history);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [name=value ...]\n", argv[0]);
    return 2;
  }
  try {
    const Folder folder(argv[1]);
    bool regression = false;
    for (char** at = argv + 2; at != argv + argc; ++at)
      regression = regression || std::string_view(*at) == "objective=reg:squarederror";
    if (regression) {
      qrs::ml::GradientBoostingRegressor<float> model;
      run<qrs::ml::GradientBoostingRegressor<float>, double>(
          model, folder, argv + 2, argv + argc,
          [&](const char* name) { return Folder::values<double>(folder.read(name)); },
          [&](const Matrix<float>& x) {
            const std::vector<double> values = model.predict(x);
            folder.write("prediction.npy", {x.rows()}, values);
          });
    } else {
      qrs::ml::GradientBoostingClassifier<float> model;
      run<qrs::ml::GradientBoostingClassifier<float>, std::int64_t>(
          model, folder, argv + 2, argv + argc,
          [&](const char* name) { return Folder::values<std::int64_t>(folder.read(name)); },
          [&](const Matrix<float>& x) {
            const Matrix<double> p = model.predict_proba(x);
            folder.write("prediction.npy", {p.rows(), p.cols()}, p.values());
          });
    }
    return 0;
  } catch (const qrs::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
