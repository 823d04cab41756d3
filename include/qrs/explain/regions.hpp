// Which parts of a page an explanation falls on, for pages that are laid out alike: the share of each named region.
//
//   const std::vector<Region> regions = {{"header", {0, 0, 800, 120}}, {"figure", {60, 120, 740, 560}}};
//   for (const RegionShare& r : region_shares<float>(map, regions, 800, 600)) ...     r.name, r.attribution, r.area
//
// Each of attribution and area sums to 1.
//
//   attribution(R) = sum over cells of max(map, 0) |cell in R| / |cell|,  divided by the same sum over the whole page
//
// A map of h x w cells lies over the whole page, as the network's input does: a cell that two regions share is divided by
// area, so a coarse map loses nothing. A region with a much larger share of attribution than of area is what the network
// looks at; a header or a margin among them may be a shortcut.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../image/box.hpp"
#include "../tensor/tensor.hpp"

namespace qrs::explain {

struct Region {
  std::string name;
  image::Box box;
};

struct RegionShare {
  std::string name;
  image::Box box;            // the region's; empty for the rest
  double attribution = 0.0;  // share of the positive attribution; 0 for all where there is none
  double area = 0.0;         // share of the page
};

namespace detail {

/// The length that [a, b) and [c, d) have in common.
inline double overlap(double a, double b, double c, double d) { return std::max(0.0, std::min(b, d) - std::max(a, c)); }

}  // namespace detail

/// The shares of the regions of a page of width x height pixels, and of what is in none of them, last and
/// called `rest_name`. The regions must not
/// overlap. map: (h, w), finite.
template <class T>
std::vector<RegionShare> region_shares(const Tensor<T>& map, std::span<const Region> regions, double width,
                                       double height, std::string_view rest_name = "rest") {
  QRS_CHECK(map.rank() == 2 && map.size() > 0, "[region_shares] expected a map (h, w), got ", map.shape());
  QRS_CHECK(width > 0.0 && height > 0.0, "[region_shares] expected a page of a positive size, got width ", width,
            " and height ", height);
  const double cell_width = width / static_cast<double>(map.dim(1));
  const double cell_height = height / static_cast<double>(map.dim(0));
  std::vector<RegionShare> out;
  for (const Region& region : regions) out.push_back({.name = region.name, .box = region.box});
  double total = 0.0;
  for (std::int64_t y = 0; y < map.dim(0); ++y) {
    for (std::int64_t x = 0; x < map.dim(1); ++x) {
      const auto value = static_cast<double>(map.data()[y * map.pitch() + x]);
      QRS_CHECK(std::isfinite(value), "[region_shares] expected finite values, got ", value, " at row ", y, ", column ",
                x);
      const double positive = std::max(value, 0.0);
      total += positive;
      const double left = static_cast<double>(x) * cell_width;
      const double top = static_cast<double>(y) * cell_height;
      for (RegionShare& share : out) {
        const double inside = detail::overlap(left, left + cell_width, share.box.left, share.box.right) *
                              detail::overlap(top, top + cell_height, share.box.top, share.box.bottom);
        share.attribution += positive * inside / (cell_width * cell_height);
        share.area += inside / (width * height);
      }
    }
  }
  RegionShare rest{.name = std::string(rest_name), .box = {}, .attribution = 1.0, .area = 1.0};
  for (RegionShare& share : out) {
    share.attribution = total > 0.0 ? share.attribution / total : 0.0;
    rest.attribution -= share.attribution;
    rest.area -= share.area;
  }
  rest.attribution = total > 0.0 ? std::max(rest.attribution, 0.0) : 0.0;
  rest.area = std::max(rest.area, 0.0);
  out.push_back(std::move(rest));
  return out;
}

}  // namespace qrs::explain
