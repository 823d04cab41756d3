// qrs search KIND: the best parameters by cross-validation, and the model
// fitted with them.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../estimators/arguments.hpp"
#include "../estimators/instances.hpp"
#include "../outputs/outputs.hpp"
#include "../progress/progress_line.hpp"
#include "../tables/header_option.hpp"
#include "../tables/tables.hpp"
#include "commands.hpp"
#include "qrs/data/grouped_split.hpp"
#include "qrs/data/k_fold.hpp"
#include "qrs/io/file.hpp"
#include "qrs/ml/search.hpp"
#include "resident_size.hpp"

namespace qrs::commands::search_verb {

namespace {

constexpr int most_random = 1000000;  // candidates: more would be drawn for hours before the first is tried

struct Options {
  std::string kind;
  std::string x;
  std::string y;
  std::string groups;
  std::string steps = "scaler,pca,svc";
  std::string dtype = "f32";
  std::vector<std::string> params;
  std::string scoring = "accuracy";
  std::int64_t folds = 5;
  bool shuffle = false;
  std::uint32_t seed = 0;
  std::int64_t random = 0;
  std::string out;
  std::string results;
  io::CsvNames names = io::CsvNames::detect;
  bool json = false;
};

/// "name=a,b,c" as the values to try; "log:1e-3:10" and "uniform:0:1" are ranges for --random.
std::vector<ml::Candidate> candidates(const Options& options) {
  ml::ParamGrid grid;
  ml::ParamDistributions distributions;
  for (const std::string& item : options.params) {
    const auto [name, list] = estimators::parse_assignment(item);
    const bool logarithmic = list.starts_with("log:");
    if (logarithmic || list.starts_with("uniform:")) {
      const std::string bounds = list.substr(list.find(':') + 1);
      const std::size_t colon = bounds.find(':');
      const ml::ParamValue low = ml::parse_param(std::string_view(bounds).substr(0, colon));
      const ml::ParamValue high =
          colon == std::string::npos ? ml::ParamValue() : ml::parse_param(std::string_view(bounds).substr(colon + 1));
      QRS_CHECK(low.is_number() && high.is_number(), "[search] expected a range like log:0.001:10 for ", name, ", got ",
                list);
      QRS_CHECK(options.random > 0, "[search] expected --random N with the range of ", name, ", got none");
      distributions.add_range(
          name, ml::Uniform{.low = low.as_number(), .high = high.as_number(), .logarithmic = logarithmic});
      continue;
    }
    std::vector<ml::ParamValue> values;
    for (const std::string_view value : split_text(list, ',')) values.push_back(ml::parse_param(value));
    if (options.random > 0) {
      distributions.add(name, std::move(values));
    } else {
      grid.add(name, std::move(values));
    }
  }
  return options.random > 0 ? distributions.sample(options.random, options.seed) : grid.candidates();
}

std::vector<data::Split> splits(const Options& options, const std::vector<std::int64_t>& y) {
  if (options.groups.empty()) {
    return data::stratified_k_fold(
        y, {.n_splits = options.folds, .shuffle = options.shuffle, .random_state = options.seed});
  }
  const tables::Column column{.what = "groups", .rows = static_cast<std::int64_t>(y.size()), .names = options.names};
  return data::stratified_group_k_fold(y, tables::read_labels(options.groups, column),
                                       {.n_splits = options.folds, .random_state = options.seed});
}

nlohmann::ordered_json as_json(const ml::Candidate& candidate) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const auto& [name, value] : candidate) out[name] = value.text();
  return out;
}

/// Every candidate in the order of the grid, as a table of text. Without seconds, which two equal runs do not share.
std::string results_csv(const std::vector<ml::CandidateResult>& results) {
  std::string out = "rank,mean_score,std_score";
  for (std::size_t f = 0; f < results.front().scores.size(); ++f) out += text(",split", f);
  for (const auto& [name, value] : results.front().params) out += text(",", name);
  out += ",error\n";
  for (const ml::CandidateResult& r : results) {
    out += text(r.rank, ",", r.mean_score, ",", r.std_score);
    for (const double score : r.scores) out += text(",", score);
    for (const auto& [name, value] : r.params) out += text(",", value.text());
    std::string error;
    for (const std::string& e : r.errors) error = error.empty() ? e : error;
    std::replace(error.begin(), error.end(), '"', '\'');
    out += text(",\"", error, "\"\n");
  }
  return out;
}

template <class T>
void print(const Options& options, const ml::SearchResult<T>& found) {
  if (options.json) {
    nlohmann::ordered_json out{{"kind", options.kind},
                               {"scoring", options.scoring},
                               {"best_index", found.best_index},
                               {"best_params", as_json(found.best_params)},
                               {"best_score", found.best_score},
                               {"seconds", found.seconds},
                               {"refit_seconds", found.refit_seconds},
                               {"peak_rss_bytes", peak_rss_bytes()}};
    for (const ml::CandidateResult& r : found.candidates) {
      nlohmann::ordered_json entry{{"params", as_json(r.params)}, {"rank", r.rank},     {"mean_score", r.mean_score},
                                   {"std_score", r.std_score},    {"scores", r.scores}, {"fit_seconds", r.fit_seconds}};
      for (const std::string& error : r.errors) {
        if (!error.empty()) entry["errors"].push_back(error);
      }
      out["candidates"].push_back(std::move(entry));
    }
    outputs::print_json(out);
    return;
  }
  std::vector<const ml::CandidateResult*> order;
  for (const ml::CandidateResult& r : found.candidates) order.push_back(&r);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->rank < b->rank; });
  std::printf("rank  mean %s (std over %zu splits)  candidate\n", options.scoring.c_str(), found.splits.size());
  const std::size_t shown = std::min<std::size_t>(order.size(), 10);
  for (std::size_t i = 0; i < shown; ++i) {
    const ml::CandidateResult& r = *order[i];
    std::printf("%4lld  %.4f (%.4f)  %s\n", static_cast<long long>(r.rank), r.mean_score, r.std_score,
                ml::candidate_text(r.params).c_str());
  }
  if (order.size() > shown) std::printf("      and %zu more; --results FILE writes all\n", order.size() - shown);
  for (const ml::CandidateResult* r : order) {
    if (!std::isnan(r->mean_score)) continue;
    for (const std::string& error : r->errors) {
      if (error.empty()) continue;
      std::printf("failed: %s: %s\n", ml::candidate_text(r->params).c_str(), error.c_str());
      break;
    }
  }
  std::printf("best: %s, %s %.4f; %zu candidates in %.2f s\n", ml::candidate_text(found.best_params).c_str(),
              options.scoring.c_str(), found.best_score, found.candidates.size(), found.seconds - found.refit_seconds);
  if (options.out.empty()) return;
  std::printf("fitted on all rows in %.2f s; wrote %s\n", found.refit_seconds, options.out.c_str());
}

template <class T>
void search(const Options& options) {
  if (!options.out.empty()) {
    estimators::check_model_name(options.out, options.kind);
    outputs::expect_file("search", "--out", options.out, {});
  }
  if (!options.results.empty()) outputs::expect_file("search", "--results", options.results, {".csv"});
  const auto model = estimators::create_classifier<T>(options.kind, options.steps);
  const auto [features, y] = tables::read_samples<T>(options.x, options.y, {.names = options.names}, "--y");
  const ml::Matrix<T>& x = features.x;
  ml::check_targets("search", x.rows(), y.size(), {});
  ProgressLine line(text("search ", options.kind));
  const ml::SearchResult<T> found = ml::search<T>(
      *model, candidates(options), x, y,
      {.splits = splits(options, y), .scoring = options.scoring, .refit = !options.out.empty(), .observer = &line});
  if (!options.out.empty()) {
    estimators::save<T>(options.out, *found.best, {.columns = features.names, .first_index = features.first_index});
  }
  if (!options.results.empty()) io::write_file(options.results, io::as_bytes(results_csv(found.candidates)));
  print(options, found);
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("search", "Find the best parameters of a learner by cross-validation.");
  verb->footer(
      "Every combination of the listed values is a candidate; with --random N, N of them, and a range may\n"
      "stand for a list. Folds are stratified, in the order of the rows unless --shuffle; with --groups no\n"
      "group is on both sides. Ties go to the first candidate. One that fails scores NaN, says why, and\n"
      "does not end the search.\n"
      "Examples:\n"
      "  qrs search svc --x x.npy --y y.npy --param C=0.1,1,10,100 --param gamma=scale,0.001 --out best.safetensors\n"
      "  qrs search pipeline --steps scaler,pca,svc --x x.csv --y y.csv --param pca.n_components=0.9,0.95 \\\n"
      "      --param svc.C=1,10 --groups patient.csv --scoring f1_macro\n"
      "  qrs search boost --x x.npy --y y.npy --random 20 --param learning_rate=log:0.01:0.5 --param max_depth=3,4,6");
  verb->add_option("KIND", options->kind, "What to fit")
      ->required()
      ->check(CLI::IsMember(estimators::classifier_kinds()));
  verb->add_option("--x", options->x, "Features, as for qrs fit")->required();
  verb->add_option("--y", options->y, "Labels, one a row");
  verb->add_option("--groups", options->groups, "A group number for each row: a patient, a recording");
  verb->add_option("--param", options->params, "Values to try, name=a,b,c, or a range; may be repeated");
  verb->add_option("--steps", options->steps, "Of a pipeline: its transformers and its classifier")
      ->capture_default_str();
  verb->add_option("--scoring", options->scoring, "What to maximise")
      ->check(CLI::IsMember(ml::scoring_names()))
      ->capture_default_str();
  verb->add_option("--folds", options->folds, "How many folds")->capture_default_str();
  verb->add_flag("--shuffle", options->shuffle, "Shuffle the rows of each class before folding");
  verb->add_option("--seed", options->seed, "Of --shuffle, --groups and --random")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--random", options->random, "Draw so many candidates instead of trying all")
      ->check(CLI::Range(0, most_random));
  verb->add_option("--dtype", options->dtype, "Type of the features in memory")
      ->check(CLI::IsMember({"f32", "f64"}))
      ->capture_default_str();
  verb->add_option("--out", options->out, "Fit the best candidate on all rows and write it here");
  verb->add_option("--results", options->results, "Write every candidate's scores to this .csv file");
  tables::add_header_options(*verb, options->names);
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback([options] { options->dtype == "f64" ? search<double>(*options) : search<float>(*options); });
}

}  // namespace qrs::commands::search_verb
