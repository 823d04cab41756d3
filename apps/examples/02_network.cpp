// Lesson 2: a network is a struct, a training step is four lines. Learns to tell stripes from squares.
//
// The images are 8 x 8 with a little noise: lying stripes, standing stripes, a chessboard, or nothing. Prints the loss as
// it falls and the share of fresh images named rightly.
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "qrs/nn/layers.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/ops/pool2d.hpp"
#include "qrs/optim/adam.hpp"

namespace {

struct Small : qrs::nn::Module<float> {
  qrs::nn::Conv2d<float> stem{*this, "stem", {.in = 1, .out = 16, .kernel = 3, .padding = 1}};
  qrs::nn::BatchNorm2d<float> norm{*this, "norm", {.channels = 16}};
  qrs::nn::Linear<float> head{*this, "head", {.in = 16, .out = 4}};

  qrs::Var<float> forward(const qrs::Var<float>& x) { return head(qrs::global_average_pool(qrs::relu(norm(stem(x))))); }
};

struct Batch {
  qrs::Tensor<float> images;         // (N, 8, 8, 1)
  qrs::Tensor<std::int64_t> labels;  // (N)
};

Batch draw(std::int64_t count, qrs::Rng& rng) {
  Batch batch{qrs::Tensor<float>({count, 8, 8, 1}), qrs::Tensor<std::int64_t>({count})};
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t label = rng.integer(0, 4);
    batch.labels.data()[n] = label;
    for (std::int64_t y = 0; y < 8; ++y) {
      for (std::int64_t x = 0; x < 8; ++x) {
        const bool bright[4] = {y % 2 == 0, x % 2 == 0, (x + y) % 2 == 0, false};
        batch.images({n, y, x, 0}) = static_cast<float>(bright[label] + rng.normal(0.0, 0.2));
      }
    }
  }
  return batch;
}

double accuracy(const qrs::Tensor<float>& logits, const qrs::Tensor<std::int64_t>& labels) {
  std::int64_t right = 0;
  for (std::int64_t n = 0; n < labels.size(); ++n) {
    const float* row = logits.data() + n * logits.channels();
    std::int64_t best = 0;
    for (std::int64_t c = 1; c < logits.channels(); ++c) {
      if (row[c] > row[best]) best = c;
    }
    right += best == labels.data()[n] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1) {
    std::puts("usage: example_02_network\nTrains a small network to tell stripes from squares.");
    return std::strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }
  qrs::Rng rng(0);
  Small net;
  net.reset_parameters(rng);
  qrs::optim::Adam<float> adam(net.named_parameters(), {.lr = 1e-2});

  for (int step = 1; step <= 100; ++step) {
    const Batch batch = draw(32, rng);
    qrs::Tape<float> tape;
    {
      qrs::Recording<float> on(tape);
      const qrs::Var<float> loss = qrs::cross_entropy(net.forward(batch.images), batch.labels);
      adam.zero_grad();
      tape.backward(loss);
      if (step % 20 == 0) std::printf("step %3d  loss %.4f\n", step, static_cast<double>(loss.value().item()));
    }
    adam.step();
  }

  net.eval();  // batch norm now uses its running statistics
  const Batch fresh = draw(256, rng);
  const double share = accuracy(net.forward(fresh.images).value(), fresh.labels);
  std::printf("named rightly: %.1f %%\n", 100.0 * share);
  return share > 0.95 ? 0 : 1;
} catch (const qrs::Error& error) {
  std::fprintf(stderr, "example_02_network: %s\n", error.what());
  return 1;
}
