// Occlusion against a plain loop, and on a network that cheats.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../error_message.hpp"
#include "qrs/explain/occlusion.hpp"
#include "qrs/explain/regions.hpp"
#include "qrs/tensor/compare.hpp"
#include "small_network.hpp"

namespace qrs::explain {

using tests::SmallNetwork;

static double probability(SmallNetwork<double>& net, const Tensor<double>& image, std::int64_t target) {
  const Tensor<double> z = net.forward(image).value();
  double sum = 0.0;
  for (std::int64_t c = 0; c < z.channels(); ++c) sum += std::exp(z({0, c}));
  return std::exp(z({0, target})) / sum;
}

TEST_CASE("each pixel has the mean drop of the patches that cover it, the last flush with the edge") {
  SmallNetwork<double> net;
  for (double& w : net.weights("fc.weight").values()) w *= 30.0;
  Tensor<double> image({1, 11, 9, 1});
  Rng rng(4);
  for (double& v : image.values()) v = rng.uniform(0.0, 1.0);
  const double before = probability(net, image, 1);
  std::vector<double> sum(99, 0.0);
  std::vector<int> count(99, 0);
  for (const std::int64_t top : {0, 3, 6, 7}) {  // 11 pixels, patch 4, stride 3
    for (const std::int64_t left : {0, 3, 5}) {  // 9 pixels
      const Tensor<double> covered = image.clone();
      for (std::int64_t y = top; y < top + 4; ++y) {
        for (std::int64_t x = left; x < left + 4; ++x) covered({0, y, x, 0}) = 1.0;
      }
      const double drop = before - probability(net, covered, 1);
      for (std::int64_t y = top; y < top + 4; ++y) {
        for (std::int64_t x = left; x < left + 4; ++x) {
          sum[static_cast<std::size_t>(y * 9 + x)] += drop;
          ++count[static_cast<std::size_t>(y * 9 + x)];
        }
      }
    }
  }
  std::int64_t last = 0;
  const Tensor<double> map = occlusion(net, image, 1,
                                       {.patch = 4,
                                        .stride = 3,
                                        .cover = Cover::white,
                                        .batch = 5,
                                        .progress = [&](std::int64_t done, std::int64_t total) {
                                          CHECK(done > last);
                                          CHECK(total == 12);
                                          last = done;
                                        }});
  CHECK(last == 12);
  Difference worst;
  for (std::size_t p = 0; p < 99; ++p) {
    REQUIRE(count[p] > 0);
    worst.add(map.data()[p], sum[p] / count[p]);
  }
  CHECK(worst.max_error < 1e-12);
  CHECK(worst.max_reference > 1e-3);  // there was something to compare
}

TEST_CASE("occlusion finds the mark that drives the class, with either cover, and shares say so") {
  SmallNetwork<float> net(tests::shortcut_settings());
  tests::plant_shortcut(net);
  const Tensor<float> image = tests::noise<float>(64, 5);
  tests::draw_mark(image, 0, 0);
  for (const Cover cover : {Cover::mean, Cover::white}) {
    const Tensor<float> map = occlusion(net, image, 1, {.patch = 8, .stride = 4, .cover = cover});
    const std::int64_t peak = std::max_element(map.values().begin(), map.values().end()) - map.values().begin();
    CHECK(peak / 64 < 8);
    CHECK(peak % 64 < 8);
    CHECK(map.data()[peak] > 0.5);  // covered, the class is lost
    CHECK(std::abs(map({40, 40})) < 1e-6);
    const std::vector<Region> header = {{"header", {0.0, 0.0, 100.0, 18.0}}};
    CHECK(region_shares<float>(map, header, 100.0, 100.0).front().attribution > 0.9);
    // For the other class the mark speaks against.
    CHECK(occlusion(net, image, 0, {.patch = 8, .stride = 4, .cover = cover}).data()[peak] < -0.5);
  }
}

TEST_CASE("the size of the batch and the number of threads do not change a bit") {
  SmallNetwork<float> net;
  const Tensor<float> image = tests::noise<float>(20, 2);
  const Tensor<float> map = occlusion(net, image, 0, {.patch = 6, .stride = 5, .batch = 16});
  CHECK(same_bits(map, occlusion(net, image, 0, {.patch = 6, .stride = 5, .batch = 3})));
  const ThreadLimit limit(3);
  CHECK(same_bits(map, occlusion(net, image, 0, {.patch = 6, .stride = 5, .batch = 16})));
}

TEST_CASE("a constant image covered by its own mean loses nothing") {
  SmallNetwork<float> net;
  const Tensor<float> image = Tensor<float>::full({1, 16, 16, 1}, 0.25F);
  for (const float v : occlusion(net, image, 1, {.patch = 5, .stride = 5}).values()) CHECK(v == 0.0F);
}

TEST_CASE("patches and strides that do not fit are refused with both values") {
  SmallNetwork<float> net;
  const Tensor<float> image = tests::noise<float>(16, 1);
  const auto message = [&](const OcclusionOptions& o) {
    return tests::error_message([&] { occlusion(net, image, 0, o); });
  };
  CHECK(message({.patch = 17}) == "[occlusion] expected a patch of 1 to 16 pixels, got 17");
  CHECK(message({.patch = 0}) == "[occlusion] expected a patch of 1 to 16 pixels, got 0");
  CHECK(message({.patch = 8, .stride = 9}) == "[occlusion] expected a stride of 1 to 8, the patch, got 9");
  CHECK(message({.patch = 8, .stride = 0}) == "[occlusion] expected a stride of 1 to 8, the patch, got 0");
  CHECK(message({.patch = 8, .stride = 8, .batch = 0}) == "[occlusion] expected a batch of at least 1, got 0");
}

}  // namespace qrs::explain
