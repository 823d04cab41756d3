// qrs predict MODEL: labels, probabilities or transformed features of new rows.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../estimators/arguments.hpp"
#include "../estimators/instances.hpp"
#include "../outputs/outputs.hpp"
#include "../tables/header_option.hpp"
#include "../tables/tables.hpp"
#include "commands.hpp"
#include "qrs/core/timer.hpp"
#include "resident_size.hpp"

namespace qrs::commands::predict_verb {

namespace {

struct Options {
  std::string model;
  std::string x;
  std::string out;
  std::int64_t columns = 0;
  io::CsvNames names = io::CsvNames::detect;
  bool proba = false;
  bool shap = false;
  bool json = false;
};

struct Outcome {
  std::string wrote;
  std::int64_t rows = 0;
  double load_seconds = 0.0;
  double predict_seconds = 0.0;
  std::int64_t peak_bytes = 0;
};

/// The rows, their columns in the order of the model.
template <class T>
ml::Matrix<T> read_rows(const Options& options, const estimators::ModelFile& file, const estimators::Loaded<T>& model) {
  const std::int64_t features = model.features();
  tables::Reading reading{.columns = options.columns, .names = options.names};
  if (options.columns == 0) (file.may_have_more_features() ? reading.least_columns : reading.columns) = features;
  if (file.table.first_index == 0) reading.first_index = 0;
  if (model.precomputed()) reading.first_index = 1;  // index 0 is the number of a sample
  tables::Features<T> found = tables::read_features<T>(options.x, reading);
  tables::match_columns(found, file.table.columns, options.x);
  return std::move(found.x);
}

/// The SHAP values with a name for each column.
template <class T>
void write_shap(const Options& options, const ml::Classifier<T>& model, const ml::Matrix<double>& shares,
                std::int64_t features) {
  std::vector<std::string> names;
  const std::int64_t groups = shares.cols() / (features + 1);
  for (std::int64_t g = 0; g < groups; ++g) {
    const std::string group = groups > 1 ? text("_", model.classes()[static_cast<std::size_t>(g)]) : "";
    for (std::int64_t j = 0; j < features; ++j) names.push_back(text("f", j, group));
    names.push_back("bias" + group);
  }
  tables::write_matrix(options.out, shares, names);
}

template <class T>
Outcome predict(const Options& options, const estimators::ModelFile& file, const Timer& since_start) {
  Outcome outcome;
  estimators::Loaded<T> model = estimators::load<T>(file);
  const ml::Matrix<T> x = read_rows<T>(options, file, model);
  if (file.may_have_more_features() && x.cols() != model.features()) model = estimators::load<T>(file, x.cols());
  outcome.load_seconds = since_start.seconds();
  outcome.rows = x.rows();
  QRS_CHECK(!(options.proba || options.shap) || model.classifier, "[predict] expected a classifier, got ",
            options.model, model.transformer ? ", a transformer" : ", a regression: without --proba it gives values");
  const Timer timer;
  if (model.transformer) {
    const ml::Matrix<T> z = model.transformer->transform(x);
    outcome.predict_seconds = timer.seconds();
    tables::write_matrix(options.out, z);
    outcome.wrote = "transformed features";
  } else if (options.shap) {
    const ml::Matrix<double> shares = estimators::shap_values<T>(*model.classifier, x);
    outcome.predict_seconds = timer.seconds();
    write_shap(options, *model.classifier, shares, x.cols());
    outcome.wrote = "SHAP values";
  } else if (options.proba) {
    const ml::Matrix<double> p = model.classifier->predict_proba(x);
    outcome.predict_seconds = timer.seconds();
    std::vector<std::string> names;
    for (const std::int64_t label : model.classifier->classes()) names.push_back(text("p_", label));
    tables::write_matrix(options.out, p, names);
    outcome.wrote = "probabilities";
  } else if (model.regressor) {
    const std::vector<double> values = model.regressor->predict(x);
    outcome.predict_seconds = timer.seconds();
    tables::write_numbers(options.out, values);
    outcome.wrote = "values";
  } else {
    const std::vector<std::int64_t> labels = model.classifier->predict(x);
    outcome.predict_seconds = timer.seconds();
    tables::write_labels(options.out, labels);
    outcome.wrote = "labels";
  }
  outcome.peak_bytes = peak_rss_bytes();
  return outcome;
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("predict", "Apply a fitted learner to new rows.");
  verb->footer(
      "MODEL is what `qrs fit` or `qrs search` wrote, a LIBSVM .model or an XGBoost .json or .ubj, told apart\n"
      "by content. A classifier gives labels, with --proba a column of probabilities for each class in\n"
      "ascending order of label; a regression gives values, a scaler or a PCA features. Columns are found by\n"
      "name where the model was fitted on names and X has them, in any order.\n"
      "Examples:\n"
      "  qrs predict svc.safetensors --x new.npy --out labels.csv\n"
      "  qrs predict forest.safetensors --x new.csv --proba --out probabilities.npy\n"
      "  qrs predict pca.safetensors --x features.safetensors:test --out reduced.npy");
  verb->add_option("MODEL", options->model, "The model file")->required();
  verb->add_option("--x", options->x, "Features, (rows, columns), as for qrs fit")->required();
  verb->add_option("--out", options->out, "The file to write: .npy, or text as .csv, .tsv or .txt")->required();
  verb->add_flag("--proba", options->proba, "Write probabilities");
  verb->add_flag("--shap", options->shap, "Of boost: write what each feature adds to each row's margin")
      ->excludes("--proba");
  verb->add_option("--columns", options->columns, "Features of a LIBSVM text (those of the model)");
  tables::add_header_options(*verb, options->names);
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback([options] {
    outputs::expect_file("predict", "--out", options->out, {".npy", ".csv", ".tsv", ".txt"});
    const Timer since_start;
    const estimators::ModelFile file = estimators::read_model(options->model);
    const Outcome outcome =
        file.holds_double ? predict<double>(*options, file, since_start) : predict<float>(*options, file, since_start);
    if (options->json) {
      const nlohmann::ordered_json out{{"out", options->out},
                                       {"holds", outcome.wrote},
                                       {"rows", outcome.rows},
                                       {"load_seconds", outcome.load_seconds},
                                       {"predict_seconds", outcome.predict_seconds},
                                       {"peak_rss_bytes", outcome.peak_bytes}};
      outputs::print_json(out);
      return;
    }
    std::printf("%s of %lld rows in %.3f s; wrote %s\n", outcome.wrote.c_str(), static_cast<long long>(outcome.rows),
                outcome.predict_seconds, options->out.c_str());
  });
}

}  // namespace qrs::commands::predict_verb
