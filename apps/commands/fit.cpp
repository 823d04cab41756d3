// qrs fit KIND: a learner on features and labels, into a model file.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "../estimators/arguments.hpp"
#include "../estimators/instances.hpp"
#include "../outputs/outputs.hpp"
#include "../progress/progress_line.hpp"
#include "../tables/header_option.hpp"
#include "../tables/tables.hpp"
#include "commands.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/io/file.hpp"
#include "qrs/metrics/scores.hpp"
#include "qrs/ml/trace.hpp"
#include "resident_size.hpp"

namespace qrs::commands::fit_verb {

namespace {

struct Options {
  std::string kind;
  std::string x;
  std::string y;
  std::string weights;
  std::string out;
  std::string steps = "scaler,pca,svc";
  std::string dtype = "f32";
  std::string trace;
  std::string eval_x;
  std::string eval_y;
  std::int64_t columns = 0;
  std::vector<std::string> params;
  io::CsvNames names = io::CsvNames::detect;
  bool score = false;
  bool json = false;

  bool precomputed() const {
    return std::any_of(params.begin(), params.end(),
                       [](const std::string& item) { return item.ends_with("kernel=precomputed"); });
  }
  /// Whether values are learned, not labels: a boost whose objective is one of XGBoost's regressions.
  bool regression() const {
    return kind == "boost" && std::any_of(params.begin(), params.end(),
                                          [](const std::string& item) { return item.starts_with("objective=reg:"); });
  }
};

/// What was done, for people and for programs.
struct Outcome {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<std::int64_t> classes;
  std::vector<std::pair<std::string, ml::ParamValue>> params;
  double read_seconds = 0.0;
  double fit_seconds = 0.0;
  std::int64_t peak_bytes = 0;
  ml::Facts facts;
  std::optional<double> accuracy;
};

void print(const Options& options, const Outcome& outcome) {
  if (options.json) {
    nlohmann::ordered_json out{{"kind", options.kind},
                               {"model", options.out},
                               {"rows", outcome.rows},
                               {"columns", outcome.columns},
                               {"dtype", options.dtype},
                               {"read_seconds", outcome.read_seconds},
                               {"fit_seconds", outcome.fit_seconds},
                               {"peak_rss_bytes", outcome.peak_bytes}};
    if (!outcome.classes.empty()) out["classes"] = outcome.classes;
    for (const auto& [name, value] : outcome.params) out["params"][name] = value.text();
    for (const auto& [name, value] : outcome.facts) out[name] = value;
    if (outcome.accuracy) out["train_accuracy"] = *outcome.accuracy;
    outputs::print_json(out);
    return;
  }
  std::printf("%s: %lld rows, %lld columns", options.kind.c_str(), static_cast<long long>(outcome.rows),
              static_cast<long long>(outcome.columns));
  if (!outcome.classes.empty()) std::printf(", %zu classes", outcome.classes.size());
  std::printf("\n");
  for (const auto& [name, value] : outcome.params) std::printf("  %-28s %s\n", name.c_str(), value.text().c_str());
  for (const auto& [name, value] : outcome.facts) {
    std::printf("%s: %.6g%s\n", name.c_str(), value,
                name == "converged" ? " (max_iter came before tol: a larger tol or scaled features end earlier)" : "");
  }
  if (outcome.accuracy) std::printf("accuracy on these rows: %.4f\n", *outcome.accuracy);
  std::printf("read in %.2f s, fitted in %.2f s, at most %.0f MB; wrote %s\n", outcome.read_seconds,
              outcome.fit_seconds, 1e-6 * static_cast<double>(outcome.peak_bytes), options.out.c_str());
}

void set_params(ml::Estimator& model, const std::vector<std::string>& params) {
  for (const std::string& item : params) {
    const auto [name, value] = estimators::parse_assignment(item);
    model.set(name, ml::parse_param(value));
  }
}

/// What is fitted: one of the three, with its parameters set.
template <class T>
struct Learner {
  std::unique_ptr<ml::Transformer<T>> transformer;
  std::unique_ptr<estimators::Regressor<T>> regressor;
  std::unique_ptr<ml::Classifier<T>> classifier;

  explicit Learner(const Options& options) {
    if (ml::is_transformer(options.kind)) {
      transformer = estimators::create_transformer<T>(options.kind);
    } else if (options.regression()) {
      regressor = estimators::create_regressor<T>();
    } else {
      classifier = estimators::create_classifier<T>(options.kind, options.steps);
    }
    set_params(estimator(), options.params);
  }
  ml::Estimator& estimator() {
    if (transformer) return *transformer;
    return regressor ? regressor->estimator() : static_cast<ml::Estimator&>(*classifier);
  }
};

/// Rows, and what stands beside each: labels of a classifier, values of a regression.
template <class T>
struct Table {
  tables::Features<T> features;
  std::vector<std::int64_t> labels;
  std::vector<double> values;

  static Table read(const Options& options, const std::string& x, const std::string& y, const tables::Reading& reading,
                    const std::string& what) {
    if (ml::is_transformer(options.kind)) return {tables::read_features<T>(x, reading), {}, {}};
    if (!options.regression()) {
      tables::Samples<T> samples = tables::read_samples<T>(x, y, reading, what);
      return {std::move(samples.features), std::move(samples.y), {}};
    }
    Table out{tables::read_features<T>(x, reading), {}, {}};
    const std::int64_t rows = out.features.x.rows();
    out.values = tables::read_numbers(y.empty() ? x : y, {.what = "values", .rows = rows, .names = reading.names});
    return out;
  }
};

template <class T>
struct Data {
  Table<T> train;
  Table<T> evaluation;  // empty where no rows are measured on
  std::vector<double> weights;

  explicit Data(const Options& options) {
    tables::Reading reading{.columns = options.columns, .names = options.names};
    if (options.precomputed()) reading.first_index = 1;  // index 0 is the number of a sample
    train = Table<T>::read(options, options.x, options.y, reading, "--y");
    const std::int64_t rows = train.features.x.rows();
    if (!options.weights.empty()) {
      weights = tables::read_numbers(options.weights, {.what = "weights", .rows = rows, .names = options.names});
    }
    if (options.eval_x.empty()) return;
    const tables::Reading same{
        .columns = train.features.x.cols(), .names = options.names, .first_index = train.features.first_index};
    evaluation = Table<T>::read(options, options.eval_x, options.eval_y, same, "--eval-y");
    tables::match_columns(evaluation.features, train.features.names, options.eval_x);
  }
};

template <class T>
void fit_on(Learner<T>& learner, const Data<T>& data, bool evaluated) {
  const ml::Matrix<T>& x = data.train.features.x;
  const ml::Matrix<T>& x_evaluation = data.evaluation.features.x;
  if (learner.transformer) {
    learner.transformer->fit(x);
  } else if (learner.regressor && evaluated) {
    learner.regressor->fit_evaluated(x, data.train.values, data.weights, x_evaluation, data.evaluation.values);
  } else if (learner.regressor) {
    learner.regressor->fit(x, data.train.values, data.weights);
  } else if (evaluated) {
    estimators::fit_evaluated<T>(*learner.classifier, {x, data.train.labels, data.weights},
                                 {x_evaluation, data.evaluation.labels});
  } else {
    learner.classifier->fit(x, data.train.labels, data.weights);
  }
}

/// What can be known of the outputs before anything is read.
void check_outputs(const Options& options) {
  estimators::check_model_name(options.out, options.kind);
  outputs::expect_file("fit", "--out", options.out, {});
  if (!options.trace.empty()) outputs::expect_file("fit", "--trace", options.trace, {});
}

template <class T>
Outcome fit(const Options& options) {
  check_outputs(options);
  Outcome outcome;
  Learner<T> learner(options);
  ml::Estimator& estimator = learner.estimator();
  const Timer read_timer;
  const Data<T> data(options);
  outcome.read_seconds = read_timer.seconds();

  ProgressLine line(text("fit ", options.kind));
  std::optional<io::AtomicFile> trace_file;
  std::optional<ml::JsonLinesTrace> trace;
  if (!options.trace.empty()) {
    trace_file.emplace(options.trace);
    trace.emplace([&](std::string_view event) { trace_file->write(event); }, &line);
  }
  estimator.observe(trace ? static_cast<ml::Observer*>(&*trace) : &line);
  const Timer fit_timer;
  fit_on(learner, data, !options.eval_x.empty());
  outcome.fit_seconds = fit_timer.seconds();
  outcome.peak_bytes = peak_rss_bytes();
  estimator.observe(nullptr);
  if (trace_file) trace_file->commit();
  const tables::Features<T>& features = data.train.features;
  estimators::save<T>(options.out, estimator, {.columns = features.names, .first_index = features.first_index});

  outcome.rows = features.x.rows();
  outcome.columns = features.x.cols();
  outcome.params = estimator.params();
  outcome.facts = estimator.facts();
  if (learner.classifier) outcome.classes = learner.classifier->classes();
  if (learner.classifier && options.score) {
    outcome.accuracy = metrics::accuracy(data.train.labels, learner.classifier->predict(features.x));
  }
  return outcome;
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("fit", "Fit a learner on features and labels, into a model file.");
  verb->footer(
      "X and Y are .npy, .csv, .tsv or .txt, LIBSVM's text (.libsvm or .svm, which holds both), or a tensor\n"
      "of a .safetensors file, named as file.safetensors:name. Labels are integers; with --objective reg:...\n"
      "a boost learns values. Names of columns are kept: predict finds them by name. Parameters and their\n"
      "defaults are those of scikit-learn (svc, forest, tree, pca, scaler) and XGBoost (boost); of a\n"
      "pipeline's step they are step.name. The model is a .safetensors file; svc also writes LIBSVM's\n"
      ".model, boost XGBoost's .json, by the name of --out.\n"
      "Examples:\n"
      "  qrs fit svc --x x.npy --y y.npy --param C=10 --param gamma=scale --out svc.safetensors\n"
      "  qrs fit forest --x train.csv --y labels.csv --param n_estimators=300 --out forest.safetensors --score\n"
      "  qrs fit pipeline --steps scaler,pca,svc --param pca.n_components=0.95 --param svc.C=10 \\\n"
      "      --x features.safetensors:train --y features.safetensors:labels --out model.safetensors\n"
      "  qrs fit boost --objective reg:squarederror --x train.csv --y values.csv --out boost.json\n"
      "  qrs fit boost --x data.libsvm --param max_depth=3 --out model.json --trace rounds.jsonl\n"
      "  qrs fit boost --x x.npy --y y.npy --eval-x ex.npy --eval-y ey.npy --param early_stopping_rounds=10 \\\n"
      "      --out boost.safetensors");
  verb->add_option("KIND", options->kind, "What to fit")->required()->check(CLI::IsMember(estimators::all_kinds()));
  verb->add_option("--x", options->x, "Features, (rows, columns)")->required();
  verb->add_option("--y", options->y, "Labels, one a row");
  verb->add_option("--weights", options->weights, "Sample weights, one a row");
  verb->add_option("--eval-x", options->eval_x, "Of boost: rows to measure each round on, for early_stopping_rounds");
  verb->add_option("--eval-y", options->eval_y, "Their labels");
  verb->add_option("--columns", options->columns, "Features of a LIBSVM text (the largest index in it)");
  verb->add_option("--param", options->params, "Parameters, name=value each; may be repeated");
  verb->add_option_function<std::string>(
      "--objective", [options](const std::string& name) { options->params.push_back("objective=" + name); },
      "Of boost: binary:logistic, multi:softprob, or reg:squarederror for values; as --param objective=");
  verb->add_option("--steps", options->steps, "Of a pipeline: its transformers and its classifier")
      ->capture_default_str();
  verb->add_option("--dtype", options->dtype, "Type of the features in memory")
      ->check(CLI::IsMember({"f32", "f64"}))
      ->capture_default_str();
  verb->add_option("--out", options->out, "The model file")->required();
  verb->add_option("--trace", options->trace, "Write each decision of the learner as a JSON line to this file");
  tables::add_header_options(*verb, options->names);
  verb->add_flag("--score", options->score, "Also predict these rows and print the accuracy");
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback(
      [options] { print(*options, options->dtype == "f64" ? fit<double>(*options) : fit<float>(*options)); });
}

}  // namespace qrs::commands::fit_verb
