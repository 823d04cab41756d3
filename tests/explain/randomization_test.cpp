// The rank correlation of maps, and the check that an explanation depends on the weights.
#include <doctest/doctest.h>

#include <cmath>

#include "../error_message.hpp"
#include "qrs/explain/grad_cam.hpp"
#include "qrs/explain/randomization.hpp"
#include "small_network.hpp"

namespace qrs::explain {

TEST_CASE("the rank correlation is 1 for maps in one order, -1 for the reverse, and SciPy's with ties") {
  const Tensor<double> a = Tensor<double>::from({2, 3}, {1.0, 2.0, 3.0, 4.0, 5.0, 6.0});
  const Tensor<double> squared = Tensor<double>::from({2, 3}, {1.0, 4.0, 9.0, 16.0, 25.0, 36.0});
  const Tensor<double> reverse = Tensor<double>::from({2, 3}, {6.0, 5.0, 4.0, 3.0, 2.0, 1.0});
  CHECK(rank_correlation(a, squared) == 1.0);
  CHECK(rank_correlation(a, reverse) == -1.0);
  // scipy.stats.spearmanr([1, 2, 3, 4, 5, 6], [0, 0, 1, 3, 2, 2])
  const Tensor<double> ties = Tensor<double>::from({2, 3}, {0.0, 0.0, 1.0, 3.0, 2.0, 2.0});
  CHECK(std::abs(rank_correlation(a, ties) - 0.7944613465542746) < 1e-12);
}

TEST_CASE("a constant map has no rank correlation; maps of two shapes are refused") {
  const Tensor<float> flat = Tensor<float>::full({2, 2}, 1.0F);
  CHECK(std::isnan(rank_correlation(flat, Tensor<float>::from({2, 2}, {1.0F, 2.0F, 3.0F, 4.0F}))));
  CHECK(tests::error_message([&] {
          rank_correlation(flat, Tensor<float>::zeros({2, 3}));
        }) == "[rank_correlation] expected two maps of one shape, got (2, 2) and (2, 3)");
}

TEST_CASE("Grad-CAM changes with the weights, a map of the image's brightness does not") {
  tests::SmallNetwork<float> trained(tests::shortcut_settings());
  tests::plant_shortcut(trained);
  tests::SmallNetwork<float> fresh(tests::shortcut_settings());
  fresh.weights("fc.weight").fill(1.0F);
  const Tensor<float> image = tests::noise<float>(64, 5);
  tests::draw_mark(image, 0, 0);
  const double cam =
      randomization_check<float>(trained, fresh, [&](models::Model<float>& net) { return grad_cam(net, image, 1); });
  CHECK(std::abs(cam) < 0.5);
  const double brightness = randomization_check<float>(trained, fresh, [&](models::Model<float>&) {
    return image.reshape({64, 64});
  });
  CHECK(brightness == 1.0);
}

}  // namespace qrs::explain
