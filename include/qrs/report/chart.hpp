// The frame that the charts with two axes share: grid, ticks, names of the axes, legend, and series within it.
//
// Series differ by colour and by dashes, so that they are told apart without colours. The order of colours is that of
// the page's style (style.hpp): safe for readers who see few colours, after Okabe and Ito (2008).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "axis.hpp"
#include "svg.hpp"

namespace qrs::report {

/// The classes of a stroke or fill of the i-th series.
inline std::string stroke_of(std::size_t i) { return "s s" + std::to_string(i % 6); }
inline std::string fill_of(std::size_t i) { return "f" + std::to_string(i % 6); }

struct ChartLayout {
  double width = 400.0;
  double height = 260.0;
  double left = 52.0;
  double right = 14.0;
  double top = 30.0;
  double bottom = 44.0;
};

class Chart {
 public:
  /// The axes' positions are set here; their values stay.
  Chart(std::string title, Axis x, Axis y, ChartLayout layout = {})
      : svg_(layout.width, layout.height, std::move(title)), layout_(layout), x_(x), y_(y) {
    x_.from = layout.left;
    x_.to = layout.width - layout.right;
    y_.from = layout.height - layout.bottom;
    y_.to = layout.top;
  }

  Svg& svg() { return svg_; }
  const Axis& x() const { return x_; }
  const Axis& y() const { return y_; }
  Point at(double x, double y) const { return {x_(x), y_(y)}; }

  void draw_axes(const std::string& x_name, const std::string& y_name) {
    for (const double tick : y_.ticks()) {
      svg_.line({x_.from, y_(tick)}, {x_.to, y_(tick)}, "grid");
      svg_.text({x_.from - 7.0, y_(tick) + 4.0}, y_.label(tick), "tick", Anchor::end);
    }
    for (const double tick : x_.ticks()) {
      svg_.line({x_(tick), y_.from}, {x_(tick), y_.from + 4.0}, "axis");
      svg_.text({x_(tick), y_.from + 17.0}, x_.label(tick), "tick", Anchor::middle);
    }
    svg_.line({x_.from, y_.from}, {x_.to, y_.from}, "axis");
    svg_.text({0.5 * (x_.from + x_.to), layout_.height - 7.0}, x_name, "name", Anchor::middle);
    svg_.upright_text({13.0, 0.5 * (y_.from + y_.to)}, y_name, "name");
  }

  /// A series of points, broken where one of them is not finite; a lone point is a dot.
  void draw_series(const std::vector<Point>& points, std::size_t series) {
    std::vector<Point> piece;
    const auto flush = [&] {
      if (piece.size() == 1) svg_.circle(piece[0], 2.5, fill_of(series));
      if (piece.size() > 1) svg_.polyline(piece, stroke_of(series));
      piece.clear();
    };
    for (const Point& p : points) {
      if (std::isfinite(p.x) && std::isfinite(p.y)) {
        piece.push_back(at(p.x, p.y));
      } else {
        flush();
      }
    }
    flush();
  }

  /// Names of the series in one row above the plot.
  void draw_legend(const std::vector<std::string>& names) {
    double x = x_.from;
    for (std::size_t i = 0; i < names.size(); ++i) {
      draw_key({x, layout_.top - 15.0}, names[i], i);
      x += 46.0 + 7.2 * static_cast<double>(names[i].size());
    }
  }
  /// One entry of a legend.
  void draw_key(Point at, const std::string& name, std::size_t series) {
    svg_.line(at, {at.x + 24.0, at.y}, stroke_of(series));
    svg_.text({at.x + 29.0, at.y + 4.0}, name, "key");
  }

  Markup finish() const { return svg_.finish(); }

 private:
  Svg svg_;
  ChartLayout layout_;
  Axis x_;
  Axis y_;
};

}  // namespace qrs::report
