// Lesson 7: a network by hand. Arithmetic on Vars is differentiated like any layer, so a model needs no class: two matrices, two rows
// of biases, and a formula learn XOR, which no line through the plane can tell apart.
//
//   h = tanh(x W1 + b1)      y = h W2 + b2      loss = mean((y - target)^2)
#include <cstdio>
#include <cstring>
#include <iostream>
#include <vector>

#include "qrs/autograd/print.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/ops/activation.hpp"
#include "qrs/ops/matmul.hpp"
#include "qrs/ops/mse_loss.hpp"
#include "qrs/ops/operators.hpp"
#include "qrs/optim/adam.hpp"
#include "qrs/tensor/compare.hpp"

namespace {

using qrs::Tensor;
using qrs::Var;

Var<double> drawn(const qrs::Shape& shape, qrs::Rng& rng) {
  Tensor<double> out(shape);
  for (double& value : out.values()) value = rng.normal(0.0, 1.0);
  return Var<double>::parameter(out);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1) {
    std::puts("usage: example_07_by_hand\nLearns XOR with a network written as a formula.");
    return std::strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }
  const auto x = Tensor<double>::from({4, 2}, {0, 0, 0, 1, 1, 0, 1, 1});
  const auto target = Tensor<double>::from({4, 1}, {0, 1, 1, 0});

  qrs::Rng rng(0);
  const Var<double> w1 = drawn({2, 8}, rng);
  const Var<double> b1 = drawn({8}, rng);  // added to each of the four rows
  const Var<double> w2 = drawn({8, 1}, rng);
  const Var<double> b2 = drawn({1}, rng);
  qrs::optim::Adam adam(std::vector{w1, b1, w2, b2}, {.lr = 0.05});

  Var<double> hidden;
  Var<double> y;
  for (int step = 0; step <= 300; ++step) {
    qrs::Tape<double> tape;
    Var<double> loss;
    {
      const qrs::Recording<double> on(tape);
      hidden = qrs::tanh(qrs::matmul(Var<double>(x), w1) + b1);  // (4, 8)
      hidden.retain_grad();                                      // asked for: else freed once it has been passed on
      y = qrs::matmul(hidden, w2) + b2;                          // (4, 1)
      loss = qrs::mse_loss(y, Var<double>(target));
    }
    if (step % 100 == 0) std::printf("step %3d  loss %.6f\n", step, loss.value().item());
    adam.zero_grad();
    tape.backward(loss);
    adam.step();
  }
  std::cout << "what it answers: " << y.value() << "\nthe output's biases: " << b2
            << "\nd loss / d hidden: " << hidden.grad() << '\n';

  const qrs::Difference worst = qrs::difference(y.value(), target);
  std::printf("largest error %.4f\n", worst.max_error);
  return worst.max_error < 0.05 ? 0 : 1;
} catch (const qrs::Error& error) {
  std::fprintf(stderr, "example_07_by_hand: %s\n", error.what());
  return 1;
}
