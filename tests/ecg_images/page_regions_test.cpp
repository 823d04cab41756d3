// Shares of the regions of a published page: they sum to one, follow the area where the map says nothing, and the peak where it does.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "../../apps/ecg_images/page_layout.hpp"
#include "qrs/core/rng.hpp"

namespace qrs::ecg_images {

using explain::RegionShare;

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
    const std::vector<RegionShare> shares = page_region_shares(map);
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
  const std::vector<RegionShare> shares = page_region_shares(Tensor<float>::full({7, 7}, 3.0F));
  const double page = static_cast<double>(page_width) * static_cast<double>(page_height);
  const std::vector<PageRegion> regions = page_regions();
  for (std::size_t i = 0; i < regions.size(); ++i) {
    CAPTURE(regions[i].name);
    CHECK(shares[i].name == regions[i].name);
    CHECK(std::abs(shares[i].area - regions[i].box.width() * regions[i].box.height() / page) < 1e-12);
    CHECK(std::abs(shares[i].attribution - shares[i].area) < 1e-12);
  }
}

TEST_CASE("a point in the middle of each region's box belongs to that region alone") {
  for (const PageRegion& region : page_regions()) {
    CAPTURE(region.name);
    const Tensor<float> map = Tensor<float>::zeros({393, 553});  // a cell of about 4 x 4 pixels
    const auto y = static_cast<std::int64_t>((region.box.top + region.box.bottom) / 2 / page_height * 393);
    const auto x = static_cast<std::int64_t>((region.box.left + region.box.right) / 2 / page_width * 553);
    map({y, x}) = 2.0F;
    CHECK(std::abs(attribution_of(page_region_shares(map), region.name) - 1.0) < 1e-12);
  }
  const Tensor<float> beside = Tensor<float>::zeros({100, 100});
  beside({50, 0}) = 1.0F;  // left of the grid
  CHECK(std::abs(attribution_of(page_region_shares(beside), "grid margin") - 1.0) < 1e-12);
}

TEST_CASE("what speaks against the class is left out, and a map without positive values has no shares") {
  const Tensor<float> map = Tensor<float>::full({10, 10}, -1.0F);
  for (const RegionShare& share : page_region_shares(map)) CHECK(share.attribution == 0.0);
  map({0, 0}) = 0.001F;
  CHECK(attribution_of(page_region_shares(map), "header") > 0.99);
}

}  // namespace qrs::ecg_images
