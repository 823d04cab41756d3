// Shares with their intervals, one group of bars a model: accuracies beside each other, and beside a published one.
//
// Each group has its name on top and a bar a value under it, so that the drawing stays readable on a narrow screen.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "../../metrics/scores.hpp"
#include "../chart.hpp"

namespace qrs::report {

struct IntervalBar {
  double value = metrics::undefined;  // in [0, 1]; NaN: no bar, the text alone
  metrics::Interval interval{metrics::undefined, metrics::undefined};
  std::size_t series = 0;  // which colour and which name in the legend
  bool as_mark = false;    // a diamond in place of a bar: a value that somebody else found
};

struct IntervalGroup {
  std::string name;
  std::vector<IntervalBar> bars;
};

/// All axes run from 0 to 1, so that lengths of bars compare.
inline Markup interval_chart(const std::string& title, const std::string& axis_name,
                             const std::vector<IntervalGroup>& groups, const std::vector<IntervalBar>& legend,
                             const std::vector<std::string>& legend_names) {
  constexpr double name_height = 20.0;
  constexpr double bar_height = 14.0;
  constexpr double gap = 10.0;
  double height = 34.0;
  for (const IntervalGroup& group : groups) {
    height += name_height + bar_height * static_cast<double>(group.bars.size()) + gap;
  }
  Svg svg(460.0, height + 40.0, title);
  const Axis x{.low = 0.0, .high = 1.0, .from = 14.0, .to = 396.0, .step = 0.2};
  for (const double tick : x.ticks()) {
    svg.line({x(tick), 30.0}, {x(tick), height}, "grid");
    svg.text({x(tick), height + 16.0}, x.label(tick), "tick", Anchor::middle);
  }
  svg.text({x(0.5), height + 33.0}, axis_name, "name", Anchor::middle);

  const auto draw = [&svg](const IntervalBar& bar, double from, double to, double y, double low, double high) {
    if (bar.as_mark) {
      svg.diamond({to, y}, 5.0, fill_of(bar.series));
    } else {
      svg.rectangle({from, y - 5.0}, std::max(0.0, to - from), 10.0, fill_of(bar.series), 0.75);
    }
    if (!std::isfinite(low) || !std::isfinite(high)) return;
    svg.line({low, y}, {high, y}, "whisker");
    svg.line({low, y - 3.5}, {low, y + 3.5}, "whisker");
    svg.line({high, y - 3.5}, {high, y + 3.5}, "whisker");
  };

  double key = x.from;
  for (std::size_t i = 0; i < legend_names.size(); ++i) {
    draw(legend[i], key, legend[i].as_mark ? key + 8.0 : key + 16.0, 14.0, metrics::undefined, metrics::undefined);
    svg.text({key + 21.0, 18.0}, legend_names[i], "key");
    key += 38.0 + 7.2 * static_cast<double>(legend_names[i].size());
  }
  double y = 34.0;
  for (const IntervalGroup& group : groups) {
    svg.text({x.from, y + 14.0}, shortened(group.name, 44), "label");
    y += name_height;
    for (const IntervalBar& bar : group.bars) {
      const double middle = y + 0.5 * bar_height;
      if (std::isfinite(bar.value)) {
        draw(bar, x.from, x(std::clamp(bar.value, 0.0, 1.0)), middle, x(bar.interval.low), x(bar.interval.high));
      }
      svg.text({452.0, middle + 4.0}, fixed(bar.value, 4), "tick", Anchor::end);
      y += bar_height;
    }
    y += gap;
  }
  svg.line({x.from, 30.0}, {x.from, height}, "axis");
  return svg.finish();
}

}  // namespace qrs::report
