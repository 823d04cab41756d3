// Predictions in batches are those of the network in evaluation mode; batches and orders.
#include "qrs/train/predict.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "tiny.hpp"

namespace {

using qrs::Tensor;
using qrs::tests::error_message;
using qrs::tests::stripes;
using qrs::tests::TinyNet;
using qrs::train::Samples;

bool same(const Tensor<float>& a, const Tensor<float>& b) {
  return a.shape() == b.shape() && std::equal(a.values().begin(), a.values().end(), b.values().begin());
}

}  // namespace

TEST_CASE("logits, probabilities and features are the network's in evaluation mode, whatever the batch size") {
  const auto data = stripes(10);
  const Samples samples{&data, {7, 2, 2, 9, 0}};
  TinyNet net({.classes = 3, .in_channels = 1, .seed = 1, .dropout = 0.5});
  net.train();
  const auto batch = qrs::train::make_batch<float>(samples, std::vector<std::int64_t>{0, 1, 2, 3, 4}, 1);
  net.eval();
  const auto z = net.features(batch.images).value();
  const auto scores = net.forward(batch.images).value();
  net.train();
  for (const std::int64_t size : {1, 2, 5, 100}) {
    CAPTURE(size);
    CHECK(same(features(net, samples, size), z));
    CHECK(same(logits(net, samples, size), scores));
    const Tensor<float> p = probabilities(net, samples, size);
    CHECK(p.shape() == qrs::Shape{5, 3});
    for (std::int64_t n = 0; n < 5; ++n) {
      const float* row = p.data() + 3 * n;
      CHECK(row[0] + row[1] + row[2] == doctest::Approx(1.0));
      CHECK(std::max_element(row, row + 3) - row ==
            std::max_element(scores.data() + 3 * n, scores.data() + 3 * n + 3) - (scores.data() + 3 * n));
    }
  }
  CHECK(net.training());
}

TEST_CASE("a score is the mean loss and the share of right answers") {
  const auto data = stripes(7);
  const Samples samples = qrs::train::all(data);
  TinyNet net({.classes = 3, .in_channels = 1, .seed = 2});
  const Tensor<float> p = probabilities(net, samples);
  double loss = 0.0;
  double right = 0.0;
  for (std::int64_t n = 0; n < 7; ++n) {
    const float* row = p.data() + 3 * n;
    loss -= std::log(static_cast<double>(row[n % 3])) / 7.0;
    right += std::max_element(row, row + 3) - row == n % 3 ? 1.0 / 7.0 : 0.0;
  }
  const auto score = qrs::train::score(net, samples, 3);
  CHECK(score.loss == doctest::Approx(loss).epsilon(1e-5));
  CHECK(score.accuracy == doctest::Approx(right));
  CHECK(score.whole);
}

TEST_CASE("progress counts images and may end the work") {
  const auto data = stripes(7);
  TinyNet net({.classes = 3, .in_channels = 1});
  std::vector<std::int64_t> seen;
  features(net, qrs::train::all(data), 3, [&](std::int64_t done, std::int64_t total) {
    CHECK(total == 7);
    seen.push_back(done);
    return true;
  });
  CHECK(seen == std::vector<std::int64_t>{3, 6, 7});
  CHECK_FALSE(qrs::train::score(net, qrs::train::all(data), 3, [](std::int64_t, std::int64_t) { return false; }).whole);
  CHECK(error_message([&] {
          features(net, qrs::train::all(data), 3, [](std::int64_t, std::int64_t) { return false; });
        }) == "[predict] expected to finish, got the wish to end early");
}

TEST_CASE("what cannot be predicted is refused") {
  const auto data = stripes(3);
  TinyNet net({.classes = 3, .in_channels = 1});
  CHECK(error_message([&] {
          logits(net, Samples{&data, {}});
        }) == "[predict] expected at least one given image, got none");
  CHECK(error_message([&] {
          logits(net, Samples{&data, {3}});
        }) == "[predict] expected rows in [0, 3) for the given images, got 3");
  CHECK(error_message([&] {
          logits(net, Samples{&data, {0}}, 0);
        }) == "[predict] expected a batch size of at least 1, got 0");
}

TEST_CASE("what a damaged network says is an error that names the image, not a number") {
  const auto data = stripes(3);
  TinyNet net({.classes = 3, .in_channels = 1});
  for (const auto& p : net.parameters()) p.variable.value().fill(std::numeric_limits<float>::quiet_NaN());
  const auto samples = qrs::train::all(data);
  for (const std::string& said :
       {error_message([&] { features(net, samples); }), error_message([&] { logits(net, samples); }),
        error_message([&] { probabilities(net, samples); })}) {
    CHECK(said.find("[predict] expected finite numbers of the network, got ") == 0);
    CHECK(said.find("for image 0") != std::string::npos);
  }
}

TEST_CASE("a batch holds v / 255 in every channel, labels and order as asked") {
  const auto data = stripes(6, 4);
  const Samples samples{&data, {5, 1, 3}};
  for (const std::int64_t channels : {1, 3}) {
    const auto batch = qrs::train::make_batch<float>(samples, std::vector<std::int64_t>{2, 0}, channels);
    CHECK(batch.images.shape() == qrs::Shape{2, 4, 4, channels});
    CHECK(batch.labels.data()[0] == 0);
    CHECK(batch.labels.data()[1] == 2);
    for (std::int64_t i = 0; i < 16; ++i) {
      for (std::int64_t c = 0; c < channels; ++c) {
        CHECK(batch.images.data()[i * channels + c] == static_cast<float>(data.images.data()[3 * 16 + i]) / 255.0F);
        CHECK(batch.images.data()[(16 + i) * channels + c] ==
              static_cast<float>(data.images.data()[5 * 16 + i]) / 255.0F);
      }
    }
  }
}

TEST_CASE("every epoch takes every image once, in an order of its own that the seed decides") {
  const auto first = qrs::train::epoch_order(1, 1, 100);
  CHECK(first == qrs::train::epoch_order(1, 1, 100));
  CHECK(first != qrs::train::epoch_order(1, 2, 100));
  CHECK(first != qrs::train::epoch_order(2, 1, 100));
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  for (std::int64_t i = 0; i < 100; ++i) CHECK(sorted[static_cast<std::size_t>(i)] == i);
  CHECK(first != sorted);
}
