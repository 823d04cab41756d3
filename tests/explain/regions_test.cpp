// Shares of regions: they sum to one, follow the area where the map says nothing, and the peak where it does.
#include "qrs/explain/regions.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/core/rng.hpp"

namespace qrs::explain {

/// A page of 100 x 80 with a header and two columns.
static std::vector<Region> sheet() {
  return {{"header", {0.0, 0.0, 100.0, 12.5}}, {"left", {7.0, 20.0, 46.0, 77.0}}, {"right", {46.0, 20.0, 93.0, 77.0}}};
}

TEST_CASE("shares of attribution and of area each sum to one, and those of a flat map are equal") {
  Rng rng(1);
  for (const auto& [h, w] : std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {7, 7}, {5, 11}, {224, 224}}) {
    Tensor<float> map({h, w});
    for (float& v : map.values()) v = static_cast<float>(rng.uniform(-1.0, 1.0));
    map.data()[0] = 0.5F;
    const Tensor<float> flat = Tensor<float>::full({h, w}, 3.0F);
    const std::vector<RegionShare> shares = region_shares<float>(map, sheet(), 100.0, 80.0, "margin");
    const std::vector<RegionShare> even = region_shares<float>(flat, sheet(), 100.0, 80.0);
    REQUIRE(shares.size() == 4);
    CHECK(shares.back().name == "margin");
    CHECK(even.back().name == "rest");
    double attribution = 0.0;
    double area = 0.0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      CHECK(shares[i].attribution >= 0.0);
      attribution += shares[i].attribution;
      area += shares[i].area;
      CHECK(std::abs(even[i].attribution - shares[i].area) < 1e-12);
      if (i < 3) CHECK(std::abs(shares[i].area - sheet()[i].box.width() * sheet()[i].box.height() / 8000.0) < 1e-12);
    }
    CHECK(std::abs(attribution - 1.0) < 1e-12);
    CHECK(std::abs(area - 1.0) < 1e-12);
  }
}

TEST_CASE("a cell that two regions share is divided by area") {
  const std::vector<Region> regions = {{"left", {0.0, 0.0, 30.0, 10.0}}, {"right", {30.0, 0.0, 90.0, 10.0}}};
  const Tensor<double> map = Tensor<double>::from({1, 2}, {1.0, 3.0});  // cells of 50 x 10 pixels
  const std::vector<RegionShare> shares = region_shares<double>(map, regions, 100.0, 10.0);
  CHECK(std::abs(shares[0].attribution - 0.6 / 4.0) < 1e-12);
  CHECK(std::abs(shares[1].attribution - (0.4 + 3.0 * 0.8) / 4.0) < 1e-12);
  CHECK(std::abs(shares[2].attribution - 3.0 * 0.2 / 4.0) < 1e-12);
}

TEST_CASE("maps that are no maps are refused") {
  CHECK(tests::error_message([] {
          region_shares<float>(Tensor<float>::zeros({2, 3, 4}), sheet(), 100.0, 80.0);
        }) == "[region_shares] expected a map (h, w), got (2, 3, 4)");
  const Tensor<float> map = Tensor<float>::zeros({2, 2});
  map({1, 0}) = std::numeric_limits<float>::infinity();
  CHECK(tests::error_message([&] { region_shares<float>(map, sheet(), 100.0, 80.0); }) ==
        "[region_shares] expected finite values, got inf at row 1, column 0");
}

}  // namespace qrs::explain
