// report.html holds every section and number of the record, is well formed whatever the record holds, and is the same bytes
// for the same record.
#include "../../apps/ecg_images/report/experiment_report.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "../report/tag_balance.hpp"
#include "qrs/core/split_text.hpp"
#include "sample_results.hpp"

using namespace qrs;
using namespace qrs::ecg_images;

namespace experiment_report_test {

namespace {

std::string checked(const Results& results) {
  std::string page = experiment_report(results);
  CHECK(qrs::tests::TagReader(page).complaint() == "");
  for (const char* number : {">nan", ">-nan", ">inf", ">-inf", " nan", " inf "})
    CHECK(page.find(number) == std::string::npos);
  return page;
}

bool holds(const std::string& page, std::string_view part) { return page.find(part) != std::string::npos; }

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// What stands in one section.
std::string section(const std::string& page, const std::string& id) {
  const std::size_t begin = page.find("<section id=\"" + id + "\">");
  REQUIRE(begin != std::string::npos);
  return page.substr(begin, page.find("</section>", begin) - begin);
}

/// A small record, for what does not depend on numbers.
Results small(std::int64_t repeats = 1, bool drawn = false) {
  return sample::results({.repeats = repeats, .test = 40, .replicates = 20, .drawn = drawn});
}

}  // namespace

TEST_CASE("a page of the paper's preset has every section, and each is in the contents") {
  const Results results = sample::results();
  const std::string page = checked(results);
  for (const char* id : {"summary", "data", "split", "table-2", "learning-curves", "features", "confusion", "roc",
                         "reliability", "scores", "errors", "settings", "provenance"}) {
    CAPTURE(id);
    CHECK(section(page, id).size() > 100);
    CHECK(holds(page, "<a href=\"#" + std::string(id) + "\">"));
  }
  CHECK(page.size() < 2'000'000);
  CHECK(page == experiment_report(results));
  CHECK(count(page, "http") == 1);  // the DOI, a link to follow
  CHECK(count(section(page, "learning-curves"), "<svg") == 8);
  CHECK(count(section(page, "confusion"), "<svg") == 7);
  CHECK(count(section(page, "roc"), "<svg") == 7);
  CHECK(count(section(page, "reliability"), "<svg") == 7);
  CHECK(count(section(page, "reliability"), "0.0321 at temperature 1.75") == 4);  // of the networks
  CHECK(count(section(page, "data"), "<img") == 8);
}

TEST_CASE("Table 2 holds all of the paper's values, beside ours with interval and n") {
  const Results results = sample::results();
  const std::string table = section(checked(results), "table-2");
  for (const PaperRow& row : paper_table()) {
    CAPTURE(row.name);
    for (const double value : {row.validation_accuracy, row.accuracy, row.precision, row.recall, row.f1, row.auc}) {
      CHECK(holds(table, "<small>paper " + score_text(value) + "</small>"));
    }
  }
  for (const ModelRecord* model : models_of(results.runs[0])) {
    const LeakSplit& split = model->accuracy;
    for (const metrics::Estimate& e :
         {split.all, split.leaked, split.clean, split.distinct, score_of(model->test, "roc_auc_ovr_macro")}) {
      CHECK(holds(table, score_text(e.value) + "<small>" + interval_text(e.interval, 3) + "</small><small>n " +
                             std::to_string(e.n) + "</small>"));
    }
  }
  CHECK(holds(table, score_text(results.runs[0].split.lookup.clean.value) + "<small>"));
  CHECK(holds(table, "SVM 121, XGBoost 117, Random forest 116, DenseNet121 115"));
  CHECK(holds(table, "inconsistent with a plain accuracy over 140 images: SVM 0.9375."));
  CHECK(holds(table, "10.12677/jisp.2026.152026"));
  CHECK(holds(table, "CC BY 4.0"));
}

TEST_CASE("a value of the paper is inside our interval or outside") {
  Results results = small();
  ModelRecord& svc = results.runs[0].classifiers[0];
  svc.validation_accuracy.value = 1.0;  // makes it the best
  svc.accuracy.all = {"accuracy", 0.85, {0.80, 0.8643}, 140, "Wilson"};
  CHECK(holds(section(checked(results), "summary"), "The paper prints 0.8643 for SVM: inside our interval."));
  svc.accuracy.all.interval.high = 0.8641;
  CHECK(holds(section(checked(results), "summary"), "The paper prints 0.8643 for SVM: outside our interval."));
  svc.accuracy.all.interval = {metrics::undefined, metrics::undefined};
  CHECK(holds(section(checked(results), "summary"), "no interval to compare with"));
  svc.name = "another";
  CHECK(holds(section(checked(results), "summary"), "The paper prints no row for this model."));
}

TEST_CASE("the summary tells the best model on the validation images with its plain, leaked and clean accuracy") {
  Results results = small();
  RunRecord& run = results.runs[0];
  for (std::vector<ModelRecord>* models : {&run.backbones, &run.classifiers}) {
    for (ModelRecord& model : *models) model.validation_accuracy.value = 0.5;
  }
  run.backbones[3].validation_accuracy.value = 0.6;
  const LeakSplit& split = run.backbones[3].accuracy;
  const std::string summary = section(checked(results), "summary");
  CHECK(holds(summary, "The best model on the validation images is <b>EfficientNet-B0</b>"));
  for (const metrics::Estimate& e : {split.all, split.leaked, split.clean, split.distinct, run.split.lookup.all})
    CHECK(holds(summary, told({e})));
  CHECK(holds(summary, part_text(run.split.leaked_test, run.split.test)));
  CHECK(holds(summary, std::to_string(run.split.distinct_test) + " different contents"));
  run.split.distinct_test = run.split.test;
  CHECK_FALSE(holds(section(checked(results), "summary"), "different contents"));
}

TEST_CASE("drawn pages are announced, and the paper's values are not judged by them") {
  const std::string page = checked(small(1, true));
  CHECK(holds(section(page, "summary"), "These pages are drawn, not recorded."));
  CHECK(holds(section(page, "table-2"), "These pages are drawn, not recorded."));
  CHECK(holds(section(page, "table-2"), "paper 0.8643</small><small>other data</small>"));
  for (const char* id : {"summary", "table-2"}) {
    CHECK_FALSE(holds(section(page, id), "inside"));
    CHECK_FALSE(holds(section(page, id), "outside"));
  }
  CHECK_FALSE(holds(checked(small()), "drawn, not recorded"));
}

TEST_CASE("images that are not the paper's own are not judged by its values either") {
  Results fewer = small();
  fewer.data.classes[1].files = 171;
  Results others = small();
  others.data.classes[0].name = "AF";
  for (const Results& results : {fewer, others}) {
    CHECK_FALSE(is_papers_data(results.data));
    const std::string page = checked(results);
    CHECK(holds(section(page, "summary"), "a value on other data: these are not the paper"));
    CHECK(holds(section(page, "table-2"), "paper 0.8643</small><small>other data</small>"));
    for (const char* id : {"summary", "table-2"}) {
      CHECK_FALSE(holds(section(page, id), "inside"));
      CHECK_FALSE(holds(section(page, id), "outside"));
    }
  }
  CHECK(is_papers_data(small().data));
}

TEST_CASE("repeats are told as mean, least and greatest, each run behind a line to open") {
  const Results results = small(3);
  const std::string page = checked(results);
  const Estimates ours = over_runs(results, "svc", test_accuracy);
  const double mean = (ours[0].value + ours[1].value + ours[2].value) / 3.0;
  CHECK(holds(section(page, "table-2"), score_text(mean) + "<small>" +
                                            interval_text({spread_of(ours).low, spread_of(ours).high}, 3) +
                                            "</small><small>3 repeats</small>"));
  CHECK(holds(page, " of 3</small>"));
  for (const char* id : {"split", "learning-curves", "features", "confusion", "roc", "reliability", "errors"}) {
    const std::string text = section(page, id);
    CAPTURE(id);
    CHECK(count(text, "<details open>") == 1);
    CHECK(count(text, "<summary>Repeat ") == 3);
    CHECK(holds(text, "Repeat 3 of 3, split seed 2"));
  }
}

TEST_CASE("text from files cannot break the page") {
  Results results = small();
  const std::string hostile = "</td><script>alert(\"1\")</script>&amp;' \u5FC3 \xFF\x01.jpg";
  results.data.source = hostile;
  results.data.classes[0].name = hostile;
  results.settings[0] = {hostile, hostile, hostile, hostile};
  results.examples[0].file = hostile;
  results.provenance.cpu = hostile;
  RunRecord& run = results.runs[0];
  run.split.kind = hostile;
  run.backbones[0].name = hostile;
  run.backbones[0].initial_weights = hostile;
  run.classifiers[0].best_params = {{hostile, hostile}};
  run.errors.resize(1);
  run.errors[0].file = hostile;
  run.errors[0].predicted = {{hostile, 0}};
  const std::string page = checked(results);
  CHECK_FALSE(holds(page, "<script"));
  CHECK(holds(page, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39; \u5FC3 \uFFFD\uFFFD.jpg"));
}

TEST_CASE("an empty record and a record of undefined values are told, too") {
  const std::string empty = checked({});
  CHECK(holds(section(empty, "summary"), "Nothing was run"));

  Results results;
  results.runs.resize(2);
  checked(results);
  for (RunRecord& run : results.runs) {
    run.backbones.resize(1);
    run.backbones[0].name = "resnet18";
    run.backbones[0].kind = "backbone";
    run.backbones[0].epochs = {
        {1, metrics::undefined, metrics::undefined, metrics::undefined, metrics::undefined, metrics::undefined}};
    run.classifiers.resize(1);
    run.classifiers[0].name = "svc";
    run.classifiers[0].kind = "classifier";
    run.features.explained_variance_ratio = {metrics::undefined};
  }
  checked(results);
  results.runs.resize(1);
  CHECK(holds(section(checked(results), "table-2"), "<td class=\"n\">-<small>paper 0.8643</small></td>"));
}

TEST_CASE("the machine and the moment have lines of their own") {
  Results results = small(2);
  const std::string first = checked(results);
  results.provenance.cpu = "another";
  results.provenance.threads = 7;
  results.provenance.started = "2026-02-02T00:00:00Z";
  results.provenance.seconds = 17.0;
  const std::string second = checked(results);
  const std::vector<std::string_view> a = split_text(first, '\n');
  const std::vector<std::string_view> b = split_text(second, '\n');
  REQUIRE(a.size() == b.size());
  std::string differ;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) differ += std::string(b[i].substr(0, b[i].find("</th>"))) + "\n";
  }
  const std::string row = "<tr><th scope=\"row\">";
  CHECK(differ == row + "processor\n" + row + "threads\n" + row + "started (UTC)\n" + row + "seconds\n");
}

TEST_CASE("pictures of errors stop at a number a run and before the page grows too heavy") {
  Results results = small(3);
  for (RunRecord& run : results.runs) {
    run.errors.assign(100, {"page.jpg", 1, {{"svc", 0}}, false, sample::thumbnail(2000), {}});
  }
  std::string errors = section(checked(results), "errors");
  CHECK(count(errors, "<img") == 3 * most_error_pictures);
  CHECK(count(errors, "76 more without a picture.</summary>") == 3);
  CHECK(holds(errors, "100 of 40"));
  for (RunRecord& run : results.runs) {
    run.errors.assign(300, {"page.jpg", 1, {{"svc", 0}}, true, sample::thumbnail(30'000), {}});
  }
  const std::string page = checked(results);
  CHECK(page.size() < 2'000'000);
  CHECK(page.size() > 1'800'000);
  CHECK(holds(section(page, "errors"), "The first 200 are listed; predictions.csv has them all."));
  for (ExampleRecord& error : results.runs[0].errors) error.before_png.clear();
  CHECK(holds(section(checked(results), "errors"), "300 without a picture."));
}

TEST_CASE("the paper's values are counts of its test images, all but one") {
  CHECK(printed_count(0.8643, 140) == 121);
  CHECK(printed_count(0.6786, 140) == 95);
  CHECK(printed_count(0.9375, 139) == -1);
  CHECK(printed_count(0.9375, 140) == -1);
  CHECK(printed_count(0.9375, 141) == -1);
  CHECK(printed_count(0.9375, 128) == 120);
  REQUIRE(paper_table().size() == 7);
  for (const PaperRow& row : paper_table()) {
    CHECK(printed_count(row.accuracy, 140) > 0);
    CHECK(row.recall == row.accuracy);
  }
  CHECK(paper_row("boost")->f1 == 0.8345);
  CHECK(paper_row("efficientnet_b0")->auc == 0.9461);
  CHECK(paper_row("tree") == nullptr);
}

TEST_CASE("the best model is chosen on the validation images, the earlier of equals") {
  Results results = small(2);
  for (RunRecord& run : results.runs) {
    for (ModelRecord& m : run.backbones) m.validation_accuracy.value = 0.7;
    for (ModelRecord& m : run.classifiers) m.validation_accuracy.value = 0.7;
  }
  CHECK(best_model(results.runs[0])->name == "resnet18");
  CHECK(best_name(results) == "resnet18");
  results.runs[0].classifiers[1].validation_accuracy.value = 0.8;
  results.runs[1].backbones[2].validation_accuracy.value = 0.9;
  CHECK(best_model(results.runs[0])->name == "forest");
  CHECK(best_model(results.runs[1])->name == "densenet121");
  CHECK(best_name(results) == "densenet121");  // by the mean over repeats
  results.runs[1].backbones[2].validation_accuracy.value = metrics::undefined;
  CHECK(best_name(results) == "forest");
  CHECK(best_model(RunRecord{}) == nullptr);
}

}  // namespace experiment_report_test
