// Grad-CAM and Grad-CAM++ against PyTorch, against closed forms, and on a network that cheats.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "../error_message.hpp"
#include "apps/models/instances.hpp"
#include "qrs/explain/grad_cam.hpp"
#include "qrs/explain/regions.hpp"
#include "qrs/io/safetensors.hpp"
#include "qrs/tensor/compare.hpp"
#include "small_network.hpp"

namespace qrs::explain {

using tests::SmallNetwork;

static const io::StateDict& golden() {
  static const io::StateDict file = io::read_safetensors("tests/golden/units/explain.safetensors");
  return file;
}

template <class T>
static void check_against_torch(double tolerance) {
  SmallNetwork<T> net;
  io::StateDict weights;
  for (const auto& [name, entry] : golden()) {
    if (name.starts_with("weights/")) weights.add(name.substr(8), entry);
  }
  nn::load(net, weights);
  // One channel: torch's (1, 1, H, W) and our (1, H, W, 1) are the same values in the same order.
  const Tensor<T> image = golden().at("image").to<T>().reshape({1, 9, 8, 1});
  CHECK(difference(net.forward(image).value().values(), golden().at("logits").to<double>().values()).relative() <
        tolerance);
  int speaking = 0;
  for (std::int64_t c = 0; c < 3; ++c) {
    CAPTURE(c);
    const Tensor<T> cam = grad_cam(net, image, c);
    CHECK(cam.shape() == Shape{5, 4});
    CHECK(difference(cam.values(), golden().at(text("grad_cam/", c)).to<double>().values()).relative() < tolerance);
    const Tensor<T> plus_plus = grad_cam_plus_plus(net, image, c);
    CHECK(difference(plus_plus.values(), golden().at(text("grad_cam_plus_plus/", c)).to<double>().values()).relative() <
          tolerance);
    for (const T v : cam.values()) speaking += v > T(0) ? 1 : 0;
  }
  CHECK(speaking > 20);  // the maps compared are not all zero
}

TEST_CASE("the maps are PyTorch's, which differentiates exp(score) three times for Grad-CAM++") {
  check_against_torch<double>(1e-12);
  check_against_torch<float>(1e-5);
}

TEST_CASE("the gradient of a score by the last map agrees with central differences") {
  SmallNetwork<double> net;
  const Tensor<double> image = tests::noise<double>(10, 1);
  const auto [map, gradient] = detail::last_map_and_gradient(net, image, 2);
  const auto score = [&](const Tensor<double>& a) {
    return net.classify(global_average_pool<double>(a)).value()({0, 2});
  };
  constexpr double step = 1e-5;
  for (std::int64_t i = 0; i < map.size(); i += 7) {
    const Tensor<double> more = map.clone();
    const Tensor<double> less = map.clone();
    more.data()[i] += step;
    less.data()[i] -= step;
    CHECK(std::abs((score(more) - score(less)) / (2.0 * step) - gradient.data()[i]) < 1e-9);
  }
}

TEST_CASE("behind an average and a linear head Grad-CAM is the class activation map relu(sum_k w_ck A_k) / (h w)") {
  for (const std::string_view name : models::names()) {
    if (name == "convnext_tiny" || name == "vit_b_16") continue;  // a layer norm, a block of attention before the head
    CAPTURE(name);
    const auto net = models::create<float>(name, {.classes = 3, .in_channels = 1, .seed = 2});
    net->eval();
    const Tensor<float> image = tests::noise<float>(96, 3);
    const Tensor<float> a = net->feature_map(image).value();
    CHECK(a.shape() == Shape{1, 3, 3, net->feature_count()});
    const Tensor<float> w = net->head().weight().value();
    Tensor<double> expected({3, 3});
    for (std::int64_t p = 0; p < 9; ++p) {
      double sum = 0.0;
      for (std::int64_t k = 0; k < a.channels(); ++k) {
        sum += static_cast<double>(w({1, k})) * static_cast<double>(a.data()[p * a.pitch() + k]);
      }
      expected.data()[p] = std::max(sum, 0.0) / 9.0;
    }
    CHECK(difference(grad_cam(*net, image, 1), expected).relative() < 1e-5);
    CHECK(same_bits(net->features(image).value(), global_average_pool<float>(a).value()));
  }
}

TEST_CASE("maps of constant images are finite, of every backbone and both methods") {
  for (const std::string_view name : models::names()) {
    CAPTURE(name);
    const auto net = models::create<float>(name, {.classes = 2, .in_channels = 1, .image_size = 64});
    net->eval();
    for (const float value : {0.0F, 0.5F, 1.0F}) {
      const Tensor<float> image = Tensor<float>::full({1, 64, 64, 1}, value);
      for (const float v : grad_cam(*net, image, 0).values()) CHECK(std::isfinite(v));
      for (const float v : grad_cam_plus_plus(*net, image, 1).values()) CHECK(std::isfinite(v));
    }
  }
}

TEST_CASE("Grad-CAM of a vision transformer weighs the patches by what its last block makes of them") {
  const auto net = models::create<float>("vit_b_16", {.classes = 3, .in_channels = 1, .seed = 2, .image_size = 64});
  Rng rng(4);
  net->set_head(3, rng);  // a new one is zero
  net->eval();
  const Tensor<float> image = tests::noise<float>(64, 3);
  const Tensor<float> tokens = net->feature_map(image).value();
  CHECK(tokens.shape() == Shape{1, 17, 768});
  const Tensor<float> patches = net->on_image(tokens);
  CHECK(patches.shape() == Shape{1, 4, 4, 768});
  CHECK(patches({0, 0, 1, 5}) == tokens({0, 2, 5}));  // behind the class token, row by row
  CHECK(same_bits(net->classify(net->pool(tokens)).value(), net->forward(image).value()));
  const Tensor<float> map = grad_cam(*net, image, 1);
  CHECK(map.shape() == Shape{4, 4});
  for (const float v : map.values()) CHECK(std::isfinite(v));
  CHECK(difference(map, Tensor<float>::zeros({4, 4})).max_error > 0.0);
}

TEST_CASE("a mark in the corner that drives the class is where both maps peak, and the header's share says so") {
  SmallNetwork<float> net(tests::shortcut_settings());
  tests::plant_shortcut(net);
  const Tensor<float> image = tests::noise<float>(64, 5);
  CHECK(net.forward(image).value()({0, 0}) > net.forward(image).value()({0, 1}));
  tests::draw_mark(image, 0, 0);
  REQUIRE(net.forward(image).value()({0, 1}) > net.forward(image).value()({0, 0}));
  for (const auto& map : {grad_cam(net, image, 1), grad_cam_plus_plus(net, image, 1)}) {
    CHECK(map.shape() == Shape{8, 8});
    CHECK(std::max_element(map.values().begin(), map.values().end()) == map.values().begin());
    const std::vector<RegionShare> shares =
        region_shares<float>(map, std::vector<Region>{{"header", {0.0, 0.0, 100.0, 18.0}}}, 100.0, 100.0);
    CHECK(shares.front().name == "header");
    CHECK(shares.front().attribution > 0.99);
    CHECK(shares.front().area < 0.2);
  }
  // The same mark elsewhere moves the peak: it is the mark, not the corner.
  const Tensor<float> moved = tests::noise<float>(64, 5);
  tests::draw_mark(moved, 32, 16);
  const Tensor<float> map = grad_cam(net, moved, 1);
  CHECK(std::max_element(map.values().begin(), map.values().end()) - map.values().begin() == 4 * 8 + 2);
}

TEST_CASE("explaining touches no gradient and thaws nothing") {
  SmallNetwork<float> net;
  net.head().weight().set_requires_grad(false);
  const Tensor<float> image = tests::noise<float>(12, 1);
  grad_cam(net, image, 0);
  for (const auto& p : net.parameters()) {
    CAPTURE(p.name);
    CHECK(p.variable.grad().empty());
    CHECK(p.variable.requires_grad() == (p.name != "fc.weight"));
  }
}

TEST_CASE("the maps are the same bits for any number of threads") {
  const auto net = models::create<float>("resnet18", {.classes = 3, .in_channels = 1});
  net->eval();
  const Tensor<float> image = tests::noise<float>(96, 8);
  const auto map = [&](int threads) {
    const ThreadLimit limit(threads);
    return grad_cam_plus_plus(*net, image, 2);
  };
  const Tensor<float> one = map(1);
  for (const int threads : {2, 3, 7}) CHECK(same_bits(map(threads), one));
}

TEST_CASE("networks in training, classes out of range and batches are refused with both values") {
  SmallNetwork<float> net;
  const Tensor<float> image = tests::noise<float>(12, 1);
  CHECK(tests::error_message([&] { grad_cam(net, image, 3); }) == "[grad_cam] expected a class below 3, got 3");
  CHECK(tests::error_message([&] { grad_cam_plus_plus(net, image, -1); }) ==
        "[grad_cam_plus_plus] expected a class below 3, got -1");
  CHECK(tests::error_message([&] {
          grad_cam(net, Tensor<float>::zeros({2, 12, 12, 1}), 0);
        }) == "[grad_cam] expected one image (1, H, W, C), got (2, 12, 12, 1)");
  net.train();
  CHECK(tests::error_message([&] { grad_cam(net, image, 0); }) ==
        "[grad_cam] expected a network in evaluation mode, got one in training: call eval()");
}

}  // namespace qrs::explain
