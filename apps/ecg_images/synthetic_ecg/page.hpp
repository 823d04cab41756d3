// A recording as a printed page: header, grid, calibration pulses, three rows of four leads, a rhythm strip, footer.
//
//   const image::Image page = draw_page(recording, caption, style, {.scale = 0.5});
//
// All rows show the same ten seconds: column c the seconds 2.5 c to 2.5 (c + 1), the rhythm strip all of them, so beats
// stand below each other. Places are those of page_layout.hpp, the words those of the published pages. At another scale
// the same shapes are drawn with other pixels; nothing is resized afterwards.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "../page_layout.hpp"
#include "draws.hpp"
#include "heart_model.hpp"
#include "leads.hpp"
#include "page_canvas.hpp"
#include "qrs/core/error.hpp"
#include "qrs/image/image.hpp"
#include "qrs/image/stroke_font.hpp"
#include "recording.hpp"

namespace qrs::ecg_images::synthetic_ecg {

/// How a page is printed.
struct PageStyle {
  bool faint_grid = false;       // dots at every mm faint, or as clear as those of the 5 mm lines
  double grid_strength = 1.0;    // factor of the grid's ink
  double trace_thickness = 3.0;  // pixels of the published page, as all below
  double text_thickness = 1.7;
  Point offset;  // of everything printed
  Colour paper = {255, 255, 255};
  Colour grid_ink = {150, 45, 55};
  std::size_t rhythm_lead = 1;  // in lead_names
};

/// What stands in header and footer.
struct PageCaption {
  std::int64_t id = 0;
  bool male = true;
  std::int64_t rate = 60;  // beats a minute
  std::int64_t year = 2020;
  std::int64_t month = 1;
  std::int64_t day = 1;
  std::int64_t second = 0;  // of the day
  bool year_first = true;   // 2020-08-06 or 06-08-2020
};

inline constexpr double smallest_scale = 0.05;
inline constexpr double largest_scale = 4.0;

struct PageOptions {
  double scale = 1.0;  // 1: 2213 x 1572 pixels
  bool grey = false;   // one channel
};

namespace detail {

/// Printf of one or more integers.
template <class... Values>
std::string formatted(const char* format, Values... values) {
  char text[64];
  std::snprintf(text, sizeof text, format, static_cast<long long>(values)...);
  return text;
}

inline std::string date_text(const PageCaption& c) {
  return c.year_first ? formatted("%04lld-%02lld-%02lld", c.year, c.month, c.day)
                      : formatted("%02lld-%02lld-%04lld", c.day, c.month, c.year);
}
/// Twelve hours, as printed: 10:30:24 AM.
inline std::string time_text(const PageCaption& c) {
  const std::int64_t hour = c.second / 3600;
  return formatted("%lld:%02lld:%02lld ", (hour + 11) % 12 + 1, c.second / 60 % 60, c.second % 60) +
         (hour < 12 ? "AM" : "PM");
}

/// Draws in coordinates of the published page on a layer of any scale.
class Pen {
 public:
  Pen(InkLayer& layer, double scale, Point offset) : layer_(&layer), scale_(scale), offset_(offset) {}

  void line(Point from, Point to, double thickness, double strength = 1.0) const {
    layer_->stroke(placed(from), placed(to), scale_ * thickness, strength);
  }
  void box(const PageBox& box, double strength = 1.0) const {
    const PageBox moved{box.left + offset_.x, box.top + offset_.y, box.right + offset_.x, box.bottom + offset_.y};
    layer_->box(moved.scaled(scale_, scale_), strength);
  }
  double text(Point start, double height, std::string_view words, double thickness) const {
    return image::write_text(start, height, words, [&](Point from, Point to) { line(from, to, thickness); });
  }

 private:
  Point placed(Point p) const { return {scale_ * (p.x + offset_.x), scale_ * (p.y + offset_.y)}; }

  InkLayer* layer_;
  double scale_;
  Point offset_;
};

/// Dots of one pixel at every mm, on the 5 mm lines at every half mm, and a frame of three pixels.
inline void draw_grid(const Pen& pen, const PageStyle& style) {
  constexpr double frame = 3.0;
  constexpr double frame_strength = 0.55;
  const double line_strength = std::min(1.0, 0.75 * style.grid_strength);
  const double dot_strength = std::min(1.0, (style.faint_grid ? 0.14 : 0.5) * style.grid_strength);
  const PageBox& g = page_grid;
  const auto whole = [](double at) { return std::floor(at + 0.5); };
  const auto dot = [&](double x, double y, double strength) { pen.box({x, y, x + 1.0, y + 1.0}, strength); };
  const auto columns = static_cast<int>((g.width() - frame) / page_pixels_per_mm);
  const auto rows = static_cast<int>((g.height() - frame) / page_pixels_per_mm);
  for (int half_row = 1; half_row <= 2 * rows; ++half_row) {
    const double y = whole(g.top + 0.5 * page_pixels_per_mm * half_row);
    const bool on_row = half_row % 2 == 0;
    for (int column = 1; column <= columns; ++column) {
      const double x = whole(g.left + page_pixels_per_mm * column);
      if (column % 5 == 0) {
        dot(x, y, line_strength);
      } else if (on_row && half_row % 10 != 0) {
        dot(x, y, dot_strength);
      }
    }
    if (half_row % 10 != 0) continue;
    for (int half_column = 1; half_column <= 2 * columns; ++half_column) {
      dot(whole(g.left + 0.5 * page_pixels_per_mm * half_column), y, line_strength);
    }
  }
  pen.box({g.left, g.top, g.right, g.top + frame}, frame_strength);
  pen.box({g.left, g.bottom - frame, g.right, g.bottom}, frame_strength);
  pen.box({g.left, g.top, g.left + frame, g.bottom}, frame_strength);
  pen.box({g.right - frame, g.top, g.right, g.bottom}, frame_strength);
}

inline void draw_captions(const Pen& pen, const PageCaption& c, double thickness) {
  constexpr double height = 18.0;  // of capitals
  struct Words {
    Point at;
    std::string text;
  };
  const double left = page_grid.left + 1.0;
  const std::array<Words, 16> header = {{{{left, 92.0}, "ID : " + formatted("%lld", c.id)},
                                         {{324.0, 92.0}, "Years"},
                                         {{448.0, 92.0}, c.male ? "Male" : "Female"},
                                         {{619.0, 92.0}, "cm"},
                                         {{767.0, 92.0}, "kg"},
                                         {{906.0, 92.0}, "/"},
                                         {{957.0, 92.0}, "mmHg"},
                                         {{1093.0, 92.0}, "Race:Unknown"},
                                         {{1333.0, 92.0}, "Room No.:"},
                                         {{1523.0, 92.0}, "Department:"},
                                         {{left, 125.0}, "Exam.Room:"},
                                         {{278.0, 125.0}, "Medication:"},
                                         {{left, 169.0}, "Diagnosis Information:"},
                                         {{1556.0, 203.0}, "Technician :"},
                                         {{1556.0, 236.0}, "Ref-Phys. :"},
                                         {{1556.0, 269.0}, "Report Confirmed by:"}}};
  for (const Words& words : header) pen.text(words.at, height, words.text, thickness);
  pen.text({994.0, 60.0}, 30.0, "ECG REPORT", 1.4 * thickness);
  pen.box({page_grid.left, 136.0, 2153.0, 140.0});
  pen.box({page_grid.left, 142.0, 2153.0, 146.0});

  constexpr double small = 15.0;
  const double y = page_grid.bottom + 35.0;
  pen.text({left, y}, small,
           std::string("0.67~25Hz  AC50  25mm/s  10mm/mV  4*2.5s+1r  ") + image::heart_sign +
               formatted("%lld", c.rate) + "   SE-3  V1.0  SEMIP  V1.7",
           0.9 * thickness);
  pen.text({1792.0, y}, small, date_text(c) + "   " + time_text(c), 0.9 * thickness);
}

/// One mV for 0.09 s, left of a row.
inline void draw_calibration(const Pen& pen, double baseline, double thickness) {
  const double top = baseline - 10.0 * page_pixels_per_mm;
  const std::array<Point, 6> corners = {
      {{96.0, baseline}, {105.5, baseline}, {105.5, top}, {121.5, top}, {121.5, baseline}, {131.0, baseline}}};
  for (std::size_t i = 1; i < corners.size(); ++i) pen.line(corners[i - 1], corners[i], thickness);
}

/// A lead from one second to another, the first at `left`.
inline void draw_trace(const Pen& pen, const std::vector<double>& lead, double from, double to, double left,
                       double baseline, double thickness) {
  constexpr double mm_per_second = 25.0;
  constexpr double mm_per_millivolt = 10.0;
  const auto first = static_cast<std::int64_t>(from * sampling_rate);
  const auto last = std::min(static_cast<std::int64_t>(to * sampling_rate), recorded_samples - 1);
  Point before;
  for (std::int64_t i = first; i <= last; ++i) {
    const double seconds = static_cast<double>(i - first) / sampling_rate;
    const Point at{left + mm_per_second * page_pixels_per_mm * seconds,
                   baseline - mm_per_millivolt * page_pixels_per_mm * lead[static_cast<std::size_t>(i)]};
    if (i > first) pen.line(before, at, thickness);
    before = at;
  }
}

}  // namespace detail

/// The page of a recording.
inline image::Image draw_page(const Recording& recording, const PageCaption& caption, const PageStyle& style,
                              const PageOptions& options = {}) {
  QRS_CHECK(options.scale >= smallest_scale && options.scale <= largest_scale, "[draw_page] expected a scale from ",
            smallest_scale, " to ", largest_scale, ", got ", options.scale);
  const auto height = static_cast<std::int64_t>(std::lround(options.scale * page_height));
  const auto width = static_cast<std::int64_t>(std::lround(options.scale * page_width));
  InkLayer grid(height, width);
  InkLayer black(height, width);
  detail::draw_grid(detail::Pen(grid, options.scale, style.offset), style);

  const detail::Pen pen(black, options.scale, style.offset);
  constexpr double name_height = 19.0;
  constexpr double name_drop = 7.0;  // the name's baseline above that of the row
  constexpr double column_seconds = 2.5;
  detail::draw_captions(pen, caption, style.text_thickness);
  for (std::int64_t row = 0; row < 4; ++row) {
    const double baseline = page_first_baseline + page_row_height * static_cast<double>(row);
    detail::draw_calibration(pen, baseline, style.trace_thickness);
    if (row == 3) {
      pen.text({page_first_column, baseline - name_drop}, name_height, lead_names[style.rhythm_lead],
               style.text_thickness);
      detail::draw_trace(pen, recording.leads[style.rhythm_lead], 0.0, recorded_seconds, page_first_column, baseline,
                         style.trace_thickness);
      break;
    }
    for (std::int64_t column = 0; column < 4; ++column) {
      const std::string_view name = page_leads[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
      const double left = lead_box(row, column).left;
      const double from = column_seconds * static_cast<double>(column);
      pen.text({left + 1.0, baseline - name_drop}, name_height, name, style.text_thickness);
      detail::draw_trace(pen, recording.leads[lead_index(name)], from, from + column_seconds, left, baseline,
                         style.trace_thickness);
    }
  }
  for (std::int64_t column = 1; column < 4; ++column) {
    const double x = lead_box(0, column).left;
    pen.line({x, page_first_baseline - 42.0}, {x, page_first_baseline + 2.0 * page_row_height + 42.0}, 3.0);
  }
  return printed(grid, black, style.paper, style.grid_ink, options.grey);
}

}  // namespace qrs::ecg_images::synthetic_ecg
