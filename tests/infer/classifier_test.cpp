// Pictures and arrays as a network's input, and its probabilities, calibrated and in order.
#include "qrs/infer/classifier.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "apps/models/instances.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/image/encode.hpp"
#include "qrs/infer/classify_files.hpp"
#include "qrs/train/batches.hpp"

namespace qrs::infer {

namespace {

NetworkInfo small_info(std::int64_t channels) {
  return {.model = "resnet18",
          .class_names = {"ant", "bee", "cat"},
          .in_channels = channels,
          .preprocessing = {.size = 32},
          .temperature = 2.0};
}

image::Image noise(std::int64_t height, std::int64_t width, std::int64_t channels) {
  Rng rng(3);
  image::Image out(height, width, channels);
  for (std::uint8_t& v : out.pixels()) v = static_cast<std::uint8_t>(rng.integer(0, 256));
  return out;
}

bool same(const Tensor<float>& a, const Tensor<float>& b) {
  return a.shape() == b.shape() && std::equal(a.values().begin(), a.values().end(), b.values().begin());
}

}  // namespace

TEST_CASE("a network says how many channels it takes, whatever it is called and after its norms are folded") {
  for (const std::string_view name : models::names()) {
    for (const std::int64_t channels : {1, 3}) {
      CAPTURE(name);
      const auto net = models::create<float>(name, {.classes = 3, .in_channels = channels});
      CHECK(net->in_channels() == channels);
      net->eval();
      nn::fold_batch_norm(*net);
      CHECK(net->in_channels() == channels);
    }
  }
}

TEST_CASE("a picture, its pixels as an array and a training batch become the same input") {
  const image::Image page = noise(50, 41, 3);
  for (const std::int64_t channels : {1, 3}) {
    const NetworkInfo info = small_info(channels);
    const Tensor<float> x = to_input(page, info);
    CHECK(x.shape() == Shape{1, 32, 32, channels});
    CHECK(same(x, to_input(page.pixels(), 50, 41, 3, info)));

    const image::Image grey = image::preprocess(page, info.preprocessing);
    data::ImageDataset data;
    data.images = Tensor<std::uint8_t>({1, 32, 32});
    std::copy(grey.pixels().begin(), grey.pixels().end(), data.images.data());
    data.labels = {0};
    data.class_names = {"ant"};
    const std::vector<std::int64_t> first = {0};
    CHECK(same(x, train::make_batch<float>(train::all(data), first, channels).images));
    for (std::int64_t p = 0; p < 32 * 32; ++p) {
      for (std::int64_t c = 0; c < channels; ++c) {
        CHECK(x.data()[p * channels + c] == static_cast<float>(grey.pixels()[static_cast<std::size_t>(p)]) / 255.0F);
      }
    }
  }
}

TEST_CASE("an array of another size than it is said to have is refused") {
  const image::Image page = noise(50, 41, 3);
  const NetworkInfo info = small_info(1);
  const auto message = [&](std::int64_t h, std::int64_t w, std::int64_t c) {
    return tests::error_message([&] { to_input(page.pixels(), h, w, c, info); });
  };
  CHECK(message(50, 41, 1) == "[to_input] expected height x width x 1 or 3 values, got 6150 values for 50 x 41 x 1");
  CHECK(message(50, 42, 3).starts_with("[to_input] expected "));
  CHECK(message(50, 41, 2).starts_with("[to_input] expected "));
  CHECK(message(0, 41, 3).starts_with("[to_input] expected "));
  CHECK(message(-50, -41, 3).starts_with("[to_input] expected "));
}

TEST_CASE("probabilities are the softmax of the logits over the temperature") {
  const std::vector<float> logits = {1.0F, -2.0F, 0.5F};
  NetworkInfo info = small_info(1);
  const auto expect = [&](double t) {
    const std::vector<double> p = probabilities(logits, info);
    double sum = 0.0;
    for (const float z : logits) sum += std::exp(static_cast<double>(z) / t);
    REQUIRE(p.size() == 3);
    for (std::size_t c = 0; c < 3; ++c) {
      CHECK(std::abs(p[c] - std::exp(static_cast<double>(logits[c]) / t) / sum) < 1e-12);
    }
  };
  expect(2.0);
  info.temperature.reset();
  expect(1.0);
}

TEST_CASE("scores that are no numbers are an error that names the class and the cause, never the first class") {
  const NetworkInfo info = small_info(1);
  const float none = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> logits = {1.0F, none, 0.0F};
  CHECK(tests::error_message([&] { probabilities(logits, info); }) ==
        "[network] expected finite scores of the classes, got nan for class 1: the weights of this resnet18 are "
        "damaged, or "
        "its input holds no numbers");
  const std::vector<float> infinite = {std::numeric_limits<float>::infinity(), 0.0F, 0.0F};
  CHECK(tests::error_message([&] { probabilities(infinite, info); }).find("got inf for class 0") != std::string::npos);
  const std::vector<double> ranked = {0.5, static_cast<double>(none)};
  CHECK(tests::error_message([&] { top_k(ranked, 1); }) == "[top_k] expected numbers as probabilities, got nan");
}

TEST_CASE("a file with a weight that is no number, or a variance below 0, is refused by the entry's name") {
  const std::string path = (std::filesystem::temp_directory_path() / text("qrs_nan_weights_", ::getpid())).string();
  const auto said = [&](const std::string& entry, float value) {
    const auto net = models::create<float>("resnet18", {.classes = 3, .in_channels = 1});
    for (const auto& e : net->state_entries()) {
      if (e.name == entry) e.tensor.data()[1] = value;
    }
    save_network(path, *net, small_info(1));
    const std::string message = tests::error_message([&] { load_network(path); });
    std::filesystem::remove(path);
    return message;
  };
  const float none = std::numeric_limits<float>::quiet_NaN();
  const auto holds = [](const std::string& message, const std::string& part) {
    return message.find(part) != std::string::npos;
  };
  CHECK(holds(said("fc.weight", none), "expected a finite number in fc.weight, value 1, got nan"));
  CHECK(holds(said("conv1.weight", none), path + ": expected the weights of resnet18"));
  CHECK(holds(said("bn1.running_mean", std::numeric_limits<float>::infinity()), "bn1.running_mean, value 1, got inf"));
  CHECK(holds(said("bn1.running_var", -1.0F), "expected a variance of 0 or more in bn1.running_var, value 1, got -1"));
  CHECK(said("bn1.running_var", 2.0F) == "no error");
}

TEST_CASE("top k: the greatest first, the first of equals first, all where there are fewer") {
  const std::vector<double> p = {0.1, 0.3, 0.2, 0.3, 0.1};
  std::vector<std::int64_t> labels;
  for (const Ranked& r : top_k(p, 4)) {
    labels.push_back(r.label);
    CHECK(r.probability == p[static_cast<std::size_t>(r.label)]);
  }
  CHECK(labels == std::vector<std::int64_t>{1, 3, 2, 0});
  CHECK(top_k(p, 9).size() == 5);
  CHECK(tests::error_message([&] { top_k(p, 0); }) == "[top_k] expected k of at least 1, got 0");
}

TEST_CASE("a network from its file says the same of a picture, of its file and of its pixels") {
  const std::string folder = (std::filesystem::temp_directory_path() / text("qrs_infer_test_", ::getpid())).string();
  std::filesystem::create_directories(folder);
  const NetworkInfo info = small_info(1);
  const auto net = models::create<float>(info.model, {.classes = 3, .in_channels = 1, .seed = 5});
  save_network(folder + "/net.safetensors", *net, info);
  const image::Image page = noise(50, 41, 1);
  io::write_file(folder + "/page.png", image::encode_png(page));
  NetworkFile file = load_network(folder + "/net.safetensors");
  const std::vector<double> p = probabilities_of(file, page);
  CHECK(std::abs(p[0] + p[1] + p[2] - 1.0) < 1e-12);
  CHECK(probabilities_of(file, to_input(page.pixels(), 50, 41, 1, info)) == p);
  CHECK(probabilities_of(file, read_page(folder + "/page.png", info)) == p);
  Stages seconds;
  const std::vector<Classified> seen = classify(file, {folder + "/page.png", folder + "/none.png"}, seconds);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].error.empty());
  CHECK(seen[0].probabilities == p);
  CHECK(seen[0].predicted == top_k(p, 1).front().label);
  CHECK(seen[1].error.find("none.png") != std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace qrs::infer
