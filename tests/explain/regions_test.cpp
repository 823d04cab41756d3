// Shares of regions: they sum to one, follow the area where the map says nothing, and the peak where it does.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/explain/regions.hpp"

namespace qrs::explain {

static double attribution_of(const std::vector<RegionShare>& shares, const std::string& name) {
  for (const RegionShare& share : shares) {
    if (share.name == name) return share.attribution;
  }
  fail("no region ", name);
}

TEST_CASE("shares of attribution and of area each sum to one, for maps of any size") {
  Rng rng(1);
  for (const auto& [h, w] : std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {7, 7}, {5, 11}, {224, 224}}) {
    Tensor<float> map({h, w});
    for (float& v : map.values()) v = static_cast<float>(rng.uniform(-1.0, 1.0));
    map.data()[0] = 0.5F;
    const std::vector<RegionShare> shares = region_shares(map);
    REQUIRE(shares.size() == 16);  // header, 12 leads, rhythm, footer, the rest
    CHECK(shares.back().name == "grid margin");
    double attribution = 0.0;
    double area = 0.0;
    for (const RegionShare& share : shares) {
      CHECK(share.attribution >= 0.0);
      attribution += share.attribution;
      area += share.area;
    }
    CHECK(std::abs(attribution - 1.0) < 1e-12);
    CHECK(std::abs(area - 1.0) < 1e-12);
  }
}

TEST_CASE("areas are those of the boxes, and a map of one value has each region's area as its attribution") {
  const std::vector<RegionShare> shares = region_shares(Tensor<float>::full({7, 7}, 3.0F));
  const double page = static_cast<double>(data::page_width) * static_cast<double>(data::page_height);
  const std::vector<data::PageRegion> regions = data::page_regions();
  for (std::size_t i = 0; i < regions.size(); ++i) {
    CAPTURE(regions[i].name);
    CHECK(shares[i].name == regions[i].name);
    CHECK(std::abs(shares[i].area - regions[i].box.width() * regions[i].box.height() / page) < 1e-12);
    CHECK(std::abs(shares[i].attribution - shares[i].area) < 1e-12);
  }
}

TEST_CASE("a point in the middle of each region's box belongs to that region alone") {
  for (const data::PageRegion& region : data::page_regions()) {
    CAPTURE(region.name);
    const Tensor<float> map = Tensor<float>::zeros({393, 553});  // a cell of about 4 x 4 pixels
    const auto y = static_cast<std::int64_t>((region.box.top + region.box.bottom) / 2 / data::page_height * 393);
    const auto x = static_cast<std::int64_t>((region.box.left + region.box.right) / 2 / data::page_width * 553);
    map({y, x}) = 2.0F;
    CHECK(std::abs(attribution_of(region_shares(map), region.name) - 1.0) < 1e-12);
  }
  const Tensor<float> beside = Tensor<float>::zeros({100, 100});
  beside({50, 0}) = 1.0F;  // left of the grid
  CHECK(std::abs(attribution_of(region_shares(beside), "grid margin") - 1.0) < 1e-12);
}

TEST_CASE("a cell that two regions share is divided by area") {
  const std::vector<data::PageRegion> regions = {{"left", {0.0, 0.0, 30.0, 10.0}}, {"right", {30.0, 0.0, 90.0, 10.0}}};
  const Tensor<double> map = Tensor<double>::from({1, 2}, {1.0, 3.0});  // cells of 50 x 10 pixels
  const std::vector<RegionShare> shares = region_shares<double>(map, regions, 100.0, 10.0);
  CHECK(std::abs(shares[0].attribution - 0.6 / 4.0) < 1e-12);
  CHECK(std::abs(shares[1].attribution - (0.4 + 3.0 * 0.8) / 4.0) < 1e-12);
  CHECK(std::abs(shares[2].attribution - 3.0 * 0.2 / 4.0) < 1e-12);
}

TEST_CASE("what speaks against the class is left out, and a map without positive values has no shares") {
  const Tensor<float> map = Tensor<float>::full({10, 10}, -1.0F);
  for (const RegionShare& share : region_shares(map)) CHECK(share.attribution == 0.0);
  map({0, 0}) = 0.001F;
  CHECK(attribution_of(region_shares(map), "header") > 0.99);
}

TEST_CASE("maps that are no maps are refused") {
  CHECK(tests::error_message([] {
          region_shares(Tensor<float>::zeros({2, 3, 4}));
        }) == "[region_shares] expected a map (h, w), got (2, 3, 4)");
  const Tensor<float> map = Tensor<float>::zeros({2, 2});
  map({1, 0}) = std::numeric_limits<float>::infinity();
  CHECK(tests::error_message([&] { region_shares(map); }) ==
        "[region_shares] expected finite values, got inf at row 1, column 0");
}

}  // namespace qrs::explain
