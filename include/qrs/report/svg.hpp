// A drawing in SVG inside a page: shapes by class, so that the page's style gives them colour in light, dark and print.
//
//   Svg svg(400, 260, "Accuracy by epoch");   svg.line(...); svg.text(...);   svg.finish()
//
// Each drawing says what it shows twice: as its title, which a pointer sees, and as a label for readers of the screen.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "markup.hpp"

namespace qrs::report {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

enum class Anchor { start, middle, end };

class Svg {
 public:
  /// Width and height in units of the drawing; it is shown at most that many pixels wide.
  Svg(double width, double height, std::string title) : width_(width), height_(height), title_(std::move(title)) {}

  double width() const { return width_; }
  double height() const { return height_; }

  void line(Point a, Point b, std::string_view style) {
    shape("line", {{"x1", a.x}, {"y1", a.y}, {"x2", b.x}, {"y2", b.y}, {"class", style}});
  }
  void rectangle(Point corner, double width, double height, std::string_view style, double opacity = 1.0) {
    if (opacity < 1.0) {
      shape("rect", {{"x", corner.x},
                     {"y", corner.y},
                     {"width", width},
                     {"height", height},
                     {"class", style},
                     {"fill-opacity", fixed(opacity, 2)}});
    } else {
      shape("rect", {{"x", corner.x}, {"y", corner.y}, {"width", width}, {"height", height}, {"class", style}});
    }
  }
  void circle(Point centre, double radius, std::string_view style) {
    shape("circle", {{"cx", centre.x}, {"cy", centre.y}, {"r", radius}, {"class", style}});
  }
  void diamond(Point c, double reach, std::string_view style) {
    shape("path",
          {{"d", path_text({{c.x, c.y - reach}, {c.x + reach, c.y}, {c.x, c.y + reach}, {c.x - reach, c.y}}) + "Z"},
           {"class", style}});
  }
  /// A line from point to point.
  void polyline(const std::vector<Point>& points, std::string_view style) {
    if (!points.empty()) shape("path", {{"d", path_text(points)}, {"class", style}});
  }
  void text(Point at, const Markup& words, std::string_view style = "", Anchor anchor = Anchor::start) {
    const std::string classes = std::string(style) + (anchor == Anchor::start    ? ""
                                                      : anchor == Anchor::middle ? " mid"
                                                                                 : " end");
    drawn_ += element(
        "text", {{"x", at.x}, {"y", at.y}, {"class", classes.starts_with(' ') ? classes.substr(1) : classes}}, {words});
  }
  /// Text read from below to above.
  void upright_text(Point at, const Markup& words, std::string_view style) {
    drawn_ +=
        element("text",
                {{"transform", "translate(" + coordinate_text(at.x) + " " + coordinate_text(at.y) + ") rotate(-90)"},
                 {"class", std::string(style) + " mid"}},
                {words});
  }

  Markup finish() const {
    const std::string box = "0 0 " + coordinate_text(width_) + " " + coordinate_text(height_);
    return element("svg",
                   {{"viewBox", box}, {"width", width_}, {"height", height_}, {"role", "img"}, {"aria-label", title_}},
                   {element("title", {title_}), drawn_});
  }

 private:
  void shape(std::string_view tag, Attributes attributes) { drawn_ += element(tag, attributes); }

  static std::string path_text(const std::vector<Point>& points) {
    std::string out;
    for (const Point& p : points) {
      out += out.empty() ? "M" : "L";
      out += coordinate_text(p.x) + " " + coordinate_text(p.y);
    }
    return out;
  }

  double width_;
  double height_;
  std::string title_;
  Markup drawn_;
};

/// Text cut to at most `most` characters, with an ellipsis where it was cut. Counts characters, not bytes.
inline std::string shortened(std::string_view text, std::size_t most) {
  std::size_t characters = 0;
  std::size_t cut = 0;  // where the last character that fits beside an ellipsis begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) continue;
    if (++characters == most) cut = i;
    if (characters > most) return std::string(text.substr(0, cut)) + "\u2026";
  }
  return std::string(text);
}

}  // namespace qrs::report
