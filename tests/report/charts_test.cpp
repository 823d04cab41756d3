// Drawings are well formed, hold finite numbers alone, and show what they were given.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "qrs/report/charts/confusion_chart.hpp"
#include "qrs/report/charts/interval_chart.hpp"
#include "qrs/report/charts/learning_curves.hpp"
#include "qrs/report/charts/reliability_chart.hpp"
#include "qrs/report/charts/roc_chart.hpp"
#include "qrs/report/charts/scree_chart.hpp"
#include "tag_balance.hpp"

using namespace qrs;
using namespace qrs::report;

namespace charts_test {

namespace {

const double none = std::nan("");
const double infinity = std::numeric_limits<double>::infinity();

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// The markup, after the checks that hold for every drawing.
std::string checked(const Markup& drawing) {
  const std::string svg = drawing.str();
  CHECK(qrs::tests::TagReader::of_fragment(svg) == "");
  CHECK(svg.find("role=\"img\" aria-label=\"") != std::string::npos);
  CHECK(count(svg, "<title>") == 1);
  for (const char* attribute :
       {" x=\"", " y=\"", " x1=\"", " y2=\"", " cx=\"", " cy=\"", " r=\"", " width=\"", " d=\""}) {
    for (std::size_t at = svg.find(attribute); at != std::string::npos; at = svg.find(attribute, at + 1)) {
      const std::size_t begin = svg.find('"', at) + 1;
      const std::string value = svg.substr(begin, svg.find('"', begin) - begin);
      CHECK(value.find_first_not_of("0123456789.- MLZ") == std::string::npos);
      CHECK(!value.empty());
    }
  }
  CHECK(count(svg, "width=\"-") == 0);
  return svg;
}

}  // namespace

TEST_CASE("learning curves draw both series and the epoch that was kept") {
  const std::vector<EpochRecord> epochs = {
      {1, 1e-3, 1.2, 0.4, 1.3, 0.35}, {2, 1e-3, 0.8, 0.6, 1.0, 0.5}, {3, 5e-4, 0.5, 0.8, 0.9, 0.6}};
  const std::string svg = checked(loss_chart("<net>", epochs, 3));
  CHECK(count(svg, "class=\"s s0\"") == 2);  // the curve and its key
  CHECK(count(svg, "class=\"s s1\"") == 2);
  CHECK(count(svg, "class=\"mark\"") == 1);
  CHECK(svg.find("Loss of &lt;net&gt; by epoch") != std::string::npos);
  // Three points each, the first at the left edge, the last at the right one.
  CHECK(svg.find("d=\"M52 ") != std::string::npos);
  CHECK(svg.find("L386 ") != std::string::npos);
}

TEST_CASE("curves break where a value is missing, and one epoch is a dot") {
  std::vector<EpochRecord> epochs = {{1, 1e-3, 1.0, 0.4, 1.3, 0.4},
                                     {2, 1e-3, none, 0.5, 1.2, 0.5},
                                     {3, 1e-3, infinity, 0.6, 1.1, 0.5},
                                     {4, 1e-3, 0.7, 0.7, 1.0, 0.6},
                                     {5, 1e-3, 0.6, 0.7, 1.0, 0.6}};
  const std::string broken = checked(loss_chart("net", epochs, 0));
  CHECK(count(broken, "class=\"s s0\"") == 2);  // epochs 4 and 5, and the key
  CHECK(count(broken, "<circle") == 1);         // epoch 1
  CHECK(count(broken, "class=\"mark\"") == 0);
  epochs.resize(1);
  CHECK(count(checked(accuracy_chart("net", epochs, 1)), "<circle") == 2);
  checked(accuracy_chart("net", {}, 0));
}

TEST_CASE("bars have the length of their values, and a missing value has none") {
  const std::string svg =
      checked(interval_chart("title", "accuracy",
                             {{"a", {{.value = 0.5, .interval = {0.25, 0.75}}}},
                              {"b", {{.value = none}, {.value = 1.0, .series = 1, .as_mark = true}}}},
                             {{.series = 0}}, {"here"}));
  CHECK(svg.find("x=\"14\" y=\"56\" width=\"191\"") != std::string::npos);  // half of 382
  CHECK(count(svg, "class=\"whisker\"") == 3);
  CHECK(svg.find("x1=\"109.5\"") != std::string::npos);  // the interval's low end
  CHECK(svg.find(">-</text>") != std::string::npos);
  CHECK(count(svg, "<rect") == 2);  // one bar, one key
}

TEST_CASE("the confusion chart tells counts and shares of the rows") {
  const metrics::ConfusionMatrix matrix{{0, 1}, {3, 1, 0, 0}};
  const std::string svg = checked(confusion_chart("Confusion", matrix, {"a<b", "a long name of a class"}));
  CHECK(svg.find(">3</text>") != std::string::npos);
  CHECK(svg.find("75\u00A0%") != std::string::npos);
  CHECK(svg.find("25\u00A0%") != std::string::npos);
  CHECK(svg.find("n 4<") != std::string::npos);
  CHECK(svg.find("n 0<") != std::string::npos);
  CHECK(svg.find("a&lt;b told as a&lt;b 3, a long name of a class 1") != std::string::npos);
  CHECK(count(svg, "class=\"heat\"") == 1);
  CHECK(count(svg, "class=\"heat miss\"") == 1);
}

TEST_CASE("a ROC chart has a curve a class, and none where a class has no sample") {
  const std::vector<std::int64_t> y = {0, 0, 1, 1};
  const std::vector<double> scores = {0.9, 0.1, 0.0, 0.4, 0.6, 0.0, 0.6, 0.4, 0.0, 0.2, 0.8, 0.0};
  const std::vector<std::int64_t> labels = {0, 1, 2};
  const metrics::Evaluation e = metrics::evaluate(y, {scores, 3}, {.labels = labels, .replicates = 20});
  const std::string svg = checked(roc_chart("ROC", y, {scores, 3}, e.classes, {"a", "b", "c"}));
  CHECK(count(svg, "class=\"s s0\"") == 2);  // curve and key
  CHECK(count(svg, "class=\"s s1\"") == 2);
  CHECK(count(svg, "class=\"s s2\"") == 1);  // the key alone
  CHECK(svg.find("AUC 0.7500") != std::string::npos);
  CHECK(svg.find("AUC - (-)") != std::string::npos);
}

TEST_CASE("the scree chart has a bar a component, whatever the ratios") {
  CHECK(count(checked(scree_chart("scree", {0.6, 0.3, 0.05})), "<rect") == 3);
  checked(scree_chart("scree", {}));
  checked(scree_chart("scree", {none, 2.0, -1.0}));
  CHECK(count(checked(scree_chart("scree", std::vector<double>(300, 1.0 / 300.0))), "<rect") == 300);
}

TEST_CASE("the reliability chart has a dot for each bin with predictions") {
  const std::string svg = checked(
      reliability_chart("r", {{0.0, 0.5, 0, none, none}, {0.5, 0.75, 3, 0.6, 1.0 / 3.0}, {0.75, 1.0, 7, 0.9, 1.0}}));
  CHECK(count(svg, "class=\"dot\"") == 2);
  checked(reliability_chart("r", {}));
}

}  // namespace charts_test
