// Pipelines, grids, cross-validation and searches, on learners small enough to see through.
#include "../../include/qrs/ml/search.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "../../include/qrs/core/rng.hpp"
#include "../../include/qrs/ml/pipeline.hpp"
#include "nearest_mean.hpp"

namespace {

using namespace qrs::ml;

struct Data {
  Matrix<double> x{90, 2};
  std::vector<std::int64_t> y;
};

/// Three overlapping clouds, their rows in turn.
Data clouds() {
  Data out;
  qrs::Mt19937 rng(7);
  for (std::int64_t i = 0; i < 90; ++i) {
    out.y.push_back(10 * (i % 3));
    for (std::int64_t j = 0; j < 2; ++j) out.x(i, j) = rng.normal(static_cast<double>((i % 3) * (j + 1)), 1.0);
  }
  return out;
}

std::string search_message(const NearestMean& model, const ParamGrid& grid, const SearchOptions& options = {}) {
  const Data d = clouds();
  try {
    grid_search<double>(model, grid, d.x, d.y, options);
  } catch (const qrs::Error& error) {
    return error.what();
  }
  return "no error";
}

struct Counted final : Observer {
  std::int64_t last = 0;
  std::int64_t calls = 0;
  std::int64_t total = 0;
  void progress(std::string_view, std::int64_t done, std::int64_t of) override {
    CHECK(done == last + 1);
    last = done;
    total = of;
    ++calls;
  }
};

}  // namespace

TEST_CASE("grid: names sorted, the last one fastest, as scikit-learn's ParameterGrid") {
  const ParamGrid grid{{"gamma", {"scale", 0.1}}, {"C", {1, 10, 100}}};
  const auto all = grid.candidates();
  REQUIRE(all.size() == 6);
  CHECK(candidate_text(all[0]) == "C=1, gamma=scale");
  CHECK(candidate_text(all[1]) == "C=1, gamma=0.1");
  CHECK(candidate_text(all[2]) == "C=10, gamma=scale");
  CHECK(candidate_text(ParamGrid{}.at(0)) == "defaults");
}

TEST_CASE("distributions: lists without repetition, ranges inside their bounds, seeded") {
  ParamDistributions lists;
  lists.add("a", {1, 2, 3});
  lists.add("b", {"x", "y"});
  CHECK(lists.sample(100, 1).size() == 6);
  const auto five = lists.sample(5, 1);
  for (std::size_t i = 0; i < five.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(five[i] != five[j]);
  }
  ParamDistributions ranges;
  ranges.add_range("C", Uniform{.low = 1e-3, .high = 10.0, .logarithmic = true});
  ranges.add_range("n", Uniform{.low = 2, .high = 5, .integer = true});
  std::int64_t under = 0;
  for (const Candidate& c : ranges.sample(200, 3)) {
    const double value = c.at("C").as_number();
    CHECK(value >= 1e-3);
    CHECK(value <= 10.0);
    under += value < 0.1 ? 1 : 0;
    CHECK(c.at("n").as_integer() >= 2);
    CHECK(c.at("n").as_integer() <= 5);
  }
  CHECK(under > 70);  // half of four decades
  CHECK(under < 130);
  CHECK(ranges.sample(3, 9) == ranges.sample(3, 9));
}

TEST_CASE("search: every score is that of a plain loop over the folds") {
  const Data d = clouds();
  const ParamGrid grid{{"power", {0.5, 1.0, 2.0}}};
  const auto found = grid_search<double>(NearestMean(), grid, d.x, d.y, {.folds = 4, .train_scores = true});
  const auto splits = qrs::data::stratified_k_fold(d.y, {.n_splits = 4});
  REQUIRE(found.candidates.size() == 3);
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0.0;
    for (std::size_t f = 0; f < splits.size(); ++f) {
      NearestMean model;
      model.set("power", grid.at(static_cast<std::int64_t>(c)).at("power"));
      const Matrix<double> train = take_rows<double>(MatrixView<double>(d.x), splits[f].train);
      const Matrix<double> test = take_rows<double>(MatrixView<double>(d.x), splits[f].test);
      model.fit(train, take<std::int64_t>(d.y, splits[f].train));
      const double score = qrs::metrics::accuracy(take<std::int64_t>(d.y, splits[f].test), model.predict(test));
      CHECK(found.candidates[c].scores[f] == score);
      sum += score;
    }
    CHECK(found.candidates[c].mean_score == sum / 4.0);
    CHECK(found.candidates[c].train_scores.size() == 4);
  }
  CHECK(found.best_score == found.candidates[found.best_index].mean_score);
  REQUIRE(found.best);
  CHECK(found.best->classes() == std::vector<std::int64_t>{0, 10, 20});
}

TEST_CASE("search: ties go to the first candidate and share a rank") {
  const Data d = clouds();
  const auto found = grid_search<double>(NearestMean(), {{"metric", {"a", "b", "c"}}}, d.x, d.y);
  CHECK(found.best_index == 0);
  for (const CandidateResult& r : found.candidates) CHECK(r.rank == 1);
}

TEST_CASE("search: a failing candidate scores NaN, keeps its message and comes last") {
  const Data d = clouds();
  const auto found = grid_search<double>(NearestMean(), {{"power", {-1.0, 2.0}}}, d.x, d.y);
  CHECK(std::isnan(found.candidates[0].mean_score));
  CHECK(found.candidates[0].rank == 2);
  CHECK(found.candidates[0].errors[0] == "[nearest_mean] expected power > 0, got -1");
  CHECK(found.best_index == 1);
  CHECK(search_message({}, {{"power", {-1.0, -2.0}}}).find("[nearest_mean] expected power > 0, got -1") !=
        std::string::npos);
}

TEST_CASE("search: what cannot work is said before the first fit") {
  const NearestMean model;
  CHECK(search_message(model, {{"powr", {1.0}}}).find("expected a parameter of nearest_mean") != std::string::npos);
  CHECK(*model.computed == 0);
  CHECK(search_message(model, {}, {.scoring = "acuracy"}).find("expected one of accuracy") != std::string::npos);
  CHECK(search_message(model, {}, {.splits = {{{0, 1}, {90}}}}).find("[0, 90), got 90") != std::string::npos);
  CHECK(search_message(model, {}, {.folds = 31}) != "no error");  // 30 rows a class
}

TEST_CASE("search: progress tells every fit once, and threads do not change the scores") {
  const Data d = clouds();
  const ParamGrid grid{{"power", {0.5, 1.0, 2.0, 3.0}}};
  Counted counted;
  const auto one = [&] {
    const qrs::ThreadLimit limit(1);
    return grid_search<double>(NearestMean(), grid, d.x, d.y, {.observer = &counted});
  }();
  CHECK(counted.calls == 20);
  CHECK(counted.total == 20);
  for (const int threads : {2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    const auto many = grid_search<double>(NearestMean(), grid, d.x, d.y);
    for (std::size_t c = 0; c < 4; ++c) CHECK(many.candidates[c].scores == one.candidates[c].scores);
    CHECK(many.best_index == one.best_index);
  }
}

TEST_CASE("search: candidates of a fold share what they have in common") {
  const Data d = clouds();
  const NearestMean model;
  grid_search<double>(model, {{"power", {0.5, 1.0, 2.0, 3.0}}}, d.x, d.y, {.refit = false});
  CHECK(*model.computed == 5);
}

TEST_CASE("search: probabilities and labels are scored under scikit-learn's names") {
  const Data d = clouds();
  for (const std::string& name : scoring_names()) {
    if (name == "roc_auc" || name == "f1" || name == "precision" || name == "recall") continue;  // two classes alone
    CAPTURE(name);
    const auto scores = cross_val_score<double>(NearestMean(), d.x, d.y, {.scoring = name});
    for (const double score : scores) CHECK(std::isfinite(score));
  }
  CHECK_THROWS_AS(cross_val_score<double>(NearestMean(), d.x, d.y, {.scoring = "roc_auc"}), qrs::Error);
}

TEST_CASE("pipeline: names of steps, parameters behind a dot, transformers fitted on the rows of fit") {
  const Data d = clouds();
  auto model = pipeline<double>(Shift(), Shift(), NearestMean());
  CHECK(model.step_names() == std::vector<std::string>{"shift", "shift2", "nearest_mean"});
  CHECK(model.steps_text() == "shift=shift,shift2=shift,nearest_mean=nearest_mean");
  model.set("shift.by", 1.0);
  model.set("nearest_mean.power", 2.0);
  CHECK_THROWS_AS(model.set("power", 2.0), qrs::Error);
  model.fit(d.x, d.y);
  CHECK(model.transform(d.x)(0, 0) == d.x(0, 0) + 90.0);
  NearestMean alone;
  alone.power = 2.0;
  alone.fit(d.x, d.y);
  CHECK(model.predict(d.x) == alone.predict(d.x));
}

TEST_CASE("pipeline: a copy is its own") {
  const Data d = clouds();
  Pipeline<double> model = pipeline<double>(Shift(), NearestMean());
  model.fit(d.x, d.y);
  const auto copy = model.clone();
  copy->set("shift.by", 5.0);
  CHECK(model.params()[0].second.text() == "0.0");
  const std::vector<std::int64_t> two = {0, 1};
  copy->fit(MatrixView<double>(d.x).rows_from(0, 2), two);
  CHECK(model.classes().size() == 3);
}

TEST_CASE("pipeline: in a search equal transformers are fitted once a fold") {
  const Data d = clouds();
  const Shift shift;
  const auto model = pipeline<double>(shift, NearestMean());
  const ParamGrid grid{{"shift.by", {0.0, 1.0}}, {"nearest_mean.power", {0.5, 1.0, 2.0}}};
  grid_search<double>(model, grid, d.x, d.y, {.refit = false});
  CHECK(*shift.fits == 2 * 5);
}

TEST_CASE("pipeline: a classifier last, and one of them") {
  Pipeline<double> empty;
  const Data d = clouds();
  CHECK_THROWS_WITH_AS(empty.fit(d.x, d.y), "[pipeline] expected a classifier as its last step, got none", qrs::Error);
  Pipeline<double> full = pipeline<double>(NearestMean());
  CHECK_THROWS_AS(full.add(std::make_unique<NearestMean>()), qrs::Error);
  CHECK_THROWS_AS(full.add(std::make_unique<Shift>()), qrs::Error);
}
