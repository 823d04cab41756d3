// Lesson 3: transfer learning. The weights of a large network, a new head for our classes, and only the head learns.
//
//   example_03_transfer densenet121-a639ec97.pth
//
// The file may be any that holds DenseNet121 of torchvision: 3 input channels, 1000 classes. Our images are grey and our
// classes four, so the first kernel is summed over its channels and the file's head is left out; the report says so.
// Without a file the weights are those of a network that has learnt nothing, which is enough to see how it is done.
#include <cstdint>
#include <cstdio>
#include <string>

#include "qrs/io/checkpoint.hpp"
#include "qrs/models/densenet.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/optim/adam.hpp"

namespace {

using qrs::Tensor;
using qrs::Var;

struct Batch {
  Tensor<float> images;         // (N, 64, 64, 1)
  Tensor<std::int64_t> labels;  // (N)
};

/// Discs whose radius is their class, somewhere in the image.
Batch draw(std::int64_t count, qrs::Rng& rng) {
  Batch batch{Tensor<float>({count, 64, 64, 1}), Tensor<std::int64_t>({count})};
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t label = batch.labels.data()[n] = n % 4;
    const std::int64_t radius = 4 + 6 * label;
    const std::int64_t cy = rng.integer(24, 40);
    const std::int64_t cx = rng.integer(24, 40);
    for (std::int64_t y = 0; y < 64; ++y) {
      for (std::int64_t x = 0; x < 64; ++x) {
        const bool inside = (y - cy) * (y - cy) + (x - cx) * (x - cx) < radius * radius;
        batch.images({n, y, x, 0}) = inside ? 1.0F : 0.0F;
      }
    }
  }
  return batch;
}

qrs::io::StateDict weights_of(const char* file) {
  if (file != nullptr) return qrs::io::read_checkpoint(file);
  auto stranger = qrs::models::densenet121<float>({.seed = 1});  // 3 channels, 1000 classes
  return qrs::nn::state_dict(stranger);
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string first = argc > 1 ? argv[1] : "";
  if (argc > 2 || first.starts_with("-")) {
    std::puts("usage: example_03_transfer [FILE]\nTrains a new head on the weights of a DenseNet121 in FILE.");
    return first == "--help" ? 0 : 2;
  }
  auto net = qrs::models::densenet121<float>({.classes = 4, .in_channels = 1});
  const qrs::nn::LoadReport report = qrs::nn::load(net, weights_of(argc > 1 ? argv[1] : nullptr), {.skip_head = true});
  std::printf("%s\n", report.text().c_str());

  net.freeze_features();  // no gradients but the head's, and batch norms keep their statistics
  std::printf("%lld of %lld parameters learn\n", static_cast<long long>(net.head().parameter_count()),
              static_cast<long long>(net.parameter_count()));

  // What is frozen gives the same features every time, so it is asked once; the steps are then nearly free.
  qrs::Rng rng(0);
  const Batch batch = draw(16, rng);
  const Var<float> z = net.features(batch.images);  // (N, 1024)
  qrs::optim::Adam<float> adam(net.head().named_parameters(), {.lr = 1e-2});
  double before = 0.0;
  double after = 0.0;
  for (int step = 0; step <= 100; ++step) {
    qrs::Tape<float> tape;
    const qrs::Recording<float> on(tape);
    const Var<float> loss = qrs::cross_entropy(net.classify(z), batch.labels);
    after = static_cast<double>(loss.value().item());
    if (step == 0) before = after;
    if (step % 25 == 0) std::printf("step %3d  loss %.4f\n", step, after);
    adam.zero_grad();
    tape.backward(loss);
    adam.step();
  }
  return after < 0.5 * before ? 0 : 1;
} catch (const qrs::Error& error) {
  std::fprintf(stderr, "example_03_transfer: %s\n", error.what());
  return 1;
}
