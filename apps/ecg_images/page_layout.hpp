// Where things stand on a printed page of a 12-lead ECG: header, grid, the box of each lead, the rhythm strip, footer.
//
//   for (const PageRegion& region : qrs::ecg_images::page_regions()) ...        name, box in pixels of the published page
//   const PageBox box = region.box.scaled(224.0 / page_width, 224.0 / page_height);
//
// The style is that of the published data set (Khan and Hussain 2021): 2213 x 1572 pixels, three rows of four leads of 2.5 s
// and a rhythm strip of 10 s, 25 mm/s, 10 mm/mV. The drawn pages (synthetic_ecg) stand on it, and explanations are
// summed over it. Measured on the 12 originals: the frame of the grid, the columns at which leads begin, the foot of the
// calibration pulses.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "qrs/explain/regions.hpp"
#include "qrs/image/box.hpp"

namespace qrs::ecg_images {

inline constexpr std::int64_t page_width = 2213;   // pixels
inline constexpr std::int64_t page_height = 1572;  // pixels
inline constexpr double page_pixels_per_mm = 7.866;

using PageBox = image::Box;
using PageRegion = explain::Region;

/// The frame of the grid.
inline constexpr PageBox page_grid{68.0, 283.0, 2177.0, 1518.0};
/// Where the traces begin and how wide 2.5 s are.
inline constexpr double page_first_column = 153.0;
inline constexpr double page_column_width = 491.6;
/// The zero line of the first row, and the distance to the next.
inline constexpr double page_first_baseline = 463.5;
inline constexpr double page_row_height = 301.0;

/// The leads by row and column, as printed.
inline constexpr std::array<std::array<std::string_view, 4>, 3> page_leads = {
    {{"I", "aVR", "V1", "V4"}, {"II", "aVL", "V2", "V5"}, {"III", "aVF", "V3", "V6"}}};

/// The box of the lead in this row (0 to 2) and column (0 to 3).
constexpr PageBox lead_box(std::int64_t row, std::int64_t column) {
  const double left = page_first_column + page_column_width * static_cast<double>(column);
  const double middle = page_first_baseline + page_row_height * static_cast<double>(row);
  return {left, middle - 0.5 * page_row_height, left + page_column_width, middle + 0.5 * page_row_height};
}
/// The box of the rhythm strip.
constexpr PageBox rhythm_box() {
  const double middle = page_first_baseline + 3.0 * page_row_height;
  return {page_first_column, middle - 0.5 * page_row_height, page_first_column + 4.0 * page_column_width,
          page_grid.bottom};
}

/// "header" and "footer" (whole width, above and below the grid), the 12 leads by name, "rhythm". A pixel inside the grid and
/// in no box of these, or beside the grid, is "grid margin".
inline std::vector<PageRegion> page_regions() {
  const auto width = static_cast<double>(page_width);
  std::vector<PageRegion> out;
  out.push_back({"header", {0.0, 0.0, width, page_grid.top}});
  for (std::int64_t row = 0; row < 3; ++row) {
    for (std::int64_t column = 0; column < 4; ++column) {
      out.push_back({std::string(page_leads[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)]),
                     lead_box(row, column)});
    }
  }
  out.push_back({"rhythm", rhythm_box()});
  out.push_back({"footer", {0.0, page_grid.bottom, width, static_cast<double>(page_height)}});
  return out;
}

/// The name of what is in none of them.
inline constexpr std::string_view rest_of_page = "grid margin";

/// The shares of a map over such a page (qrs/explain/regions.hpp).
template <class T>
std::vector<explain::RegionShare> page_region_shares(const Tensor<T>& map) {
  return explain::region_shares<T>(map, page_regions(), static_cast<double>(page_width),
                                   static_cast<double>(page_height), rest_of_page);
}

}  // namespace qrs::ecg_images
