// One ROC curve a class, each against all others, with its area.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../../metrics/evaluate.hpp"
#include "../chart.hpp"

namespace qrs::report {

/// Scores are (n, k) row-major, column k of the k-th class. A class without samples has no curve, and says so.
inline Markup roc_chart(const std::string& title, metrics::Labels truth, metrics::Scores scores,
                        const std::vector<metrics::ClassEvaluation>& classes, const std::vector<std::string>& names) {
  const double legend = 17.0 * static_cast<double>(classes.size()) + 8.0;
  Chart chart(title, Axis{}, Axis{}, {.width = 360.0, .height = 340.0 + legend, .top = 10.0, .bottom = 44.0 + legend});
  for (const double tick : chart.y().ticks()) {
    chart.svg().line({chart.x().from, chart.y()(tick)}, {chart.x().to, chart.y()(tick)}, "grid");
    chart.svg().line({chart.x()(tick), chart.y().from}, {chart.x()(tick), chart.y().to}, "grid");
    chart.svg().text({chart.x().from - 7.0, chart.y()(tick) + 4.0}, chart.y().label(tick), "tick", Anchor::end);
    chart.svg().text({chart.x()(tick), chart.y().from + 17.0}, chart.x().label(tick), "tick", Anchor::middle);
  }
  const double middle = 0.5 * (chart.x().from + chart.x().to);
  chart.svg().text({middle, chart.y().from + 36.0}, "false positive rate", "name", Anchor::middle);
  chart.svg().upright_text({13.0, 0.5 * (chart.y().from + chart.y().to)}, "true positive rate", "name");
  chart.svg().line(chart.at(0.0, 0.0), chart.at(1.0, 1.0), "mark");
  double y = chart.y().from + 58.0;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const metrics::ClassEvaluation& c = classes[k];
    const auto n = static_cast<std::int64_t>(truth.size());
    if (c.support > 0 && c.support < n && scores.rows() == n) {
      std::vector<double> column;
      for (std::int64_t i = 0; i < n; ++i) column.push_back(scores.at(i, static_cast<std::int64_t>(k)));
      const metrics::RocCurve curve = metrics::roc_curve(truth, column, {.pos_label = c.label});
      std::vector<Point> points;
      for (std::size_t i = 0; i < curve.fpr.size(); ++i) points.push_back({curve.fpr[i], curve.tpr[i]});
      chart.draw_series(points, k);
    }
    chart.draw_key({chart.x().from, y}, shortened(names[k], 16), k);
    chart.svg().text({chart.x().to, y + 4.0},
                     "AUC " + fixed(c.auc.value, 4) + " (" + interval_text(c.auc.interval, 3) + ")", "small",
                     Anchor::end);
    y += 17.0;
  }
  return chart.finish();
}

}  // namespace qrs::report
