// Lesson 4: inference. No tape, batch norms folded into the convolutions, and what an image costs.
//
//   example_04_inference [SIZE [REPEATS]]     EfficientNet-B0 on one grey image of SIZE x SIZE; default 128, 5 times
//
// In evaluation a batch norm is a scale and a shift per channel, which the convolution before it can take into its
// weights: the same function, to rounding, with less to do. Prints both times and the class probabilities.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "qrs/core/timer.hpp"
#include "qrs/models/efficientnet.hpp"
#include "qrs/ops/softmax.hpp"
#include "qrs/tensor/compare.hpp"

namespace {

using Net = qrs::models::EfficientNet<float>;

/// The median of some forward passes, in milliseconds. The first passes fill the caches and are not counted.
double milliseconds(Net& net, const qrs::Tensor<float>& image, int repeats) {
  std::vector<double> times;
  for (int i = -2; i < repeats; ++i) {
    const qrs::Timer timer;
    net.forward(image);
    if (i >= 0) times.push_back(1e3 * timer.seconds());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string first = argc > 1 ? argv[1] : "";
  const int size = argc > 1 ? std::atoi(argv[1]) : 128;
  const int repeats = argc > 2 ? std::atoi(argv[2]) : 5;
  if (argc > 3 || size < 32 || repeats < 1) {
    std::puts("usage: example_04_inference [SIZE [REPEATS]]     with SIZE >= 32 and REPEATS >= 1");
    return first == "--help" ? 0 : 2;
  }
  Net net({.classes = 4, .in_channels = 1});
  net.eval();
  qrs::Rng rng(0);
  qrs::Tensor<float> image({1, size, size, 1});  // (N, H, W, C)
  for (float& value : image.values()) value = static_cast<float>(rng.uniform(0.0, 1.0));

  const qrs::Tensor<float> logits = net.forward(image).value();
  const double before = milliseconds(net, image, repeats);
  qrs::nn::fold_batch_norm(net);  // from here on the network can no longer be trained
  const qrs::Tensor<float> folded = net.forward(image).value();
  const double after = milliseconds(net, image, repeats);

  const qrs::Tensor<float> p = qrs::softmax<float>(folded).value();
  for (std::int64_t c = 0; c < p.channels(); ++c) {
    std::printf("class %lld  %.4f\n", static_cast<long long>(c), static_cast<double>(p.data()[c]));
  }
  const double change = qrs::difference(folded, logits).relative();
  std::printf("an image of %d x %d: %.2f ms, folded %.2f ms; folding changed the logits by %.1e of the largest\n", size,
              size, before, after, change);
  return change < 1e-4 ? 0 : 1;
} catch (const qrs::Error& error) {
  std::fprintf(stderr, "example_04_inference: %s\n", error.what());
  return 1;
}
