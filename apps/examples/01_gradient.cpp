// Lesson 1: a gradient. Nothing is recorded unless a tape listens; then one walk back gives every derivative at once.
//
//   loss(w) = mean(relu(conv(x, w)))
//
// The tape gives d loss / d w. Its definition, (loss(w + h) - loss(w - h)) / 2h, gives the same numbers again, one at a
// time: two evaluations for each of the 36 weights, where the tape needed one.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "qrs/core/compare.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/ops/activation.hpp"
#include "qrs/ops/conv2d.hpp"
#include "qrs/ops/sum.hpp"

namespace {

using qrs::Tensor;
using qrs::Var;

Tensor<double> draw(const qrs::Shape& shape, qrs::Rng& rng) {
  Tensor<double> out(shape);
  for (double& value : out.values()) value = rng.normal(0.0, 1.0);
  return out;
}

Var<double> loss_of(const Var<double>& x, const Var<double>& w) {
  return qrs::mean(qrs::relu(qrs::conv2d(x, w, {.padding = 1})));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1) {
    std::puts("usage: example_01_gradient\nPrints the gradient of a convolution beside its definition.");
    return std::strcmp(argv[1], "--help") == 0 ? 0 : 2;
  }
  qrs::Rng rng(0);
  const Var<double> x = draw({2, 6, 6, 1}, rng);                          // (N, H, W, C): a constant
  const Var<double> w = Var<double>::parameter(draw({3, 3, 1, 4}, rng));  // (KH, KW, C_in, C_out): wants a gradient

  qrs::Tape<double> tape;
  {
    const qrs::Recording<double> on(tape);
    const Var<double> loss = loss_of(x, w);
    std::printf("loss %.6f after %zu recorded steps\n", loss.value().item(), tape.size());
    tape.backward(loss);  // w.grad() now holds d loss / d w
  }

  constexpr double h = 1e-6;
  qrs::Difference worst;
  std::puts("weight      tape       definition");
  for (std::int64_t i = 0; i < w.value().size(); ++i) {
    double& weight = w.value().data()[i];  // no tape listens here: these are plain evaluations
    const double before = weight;
    weight = before + h;
    const double above = loss_of(x, w).value().item();
    weight = before - h;
    const double below = loss_of(x, w).value().item();
    weight = before;
    const double definition = (above - below) / (2.0 * h);
    worst.add(w.grad().data()[i], definition);
    if (i < 6) std::printf("%4lld  %12.8f  %12.8f\n", static_cast<long long>(i), w.grad().data()[i], definition);
  }
  std::printf("largest difference over all %lld weights: %.1e\n", static_cast<long long>(w.value().size()),
              worst.max_error);
  return worst.max_error < 1e-8 ? 0 : 1;
} catch (const qrs::Error& error) {
  std::fprintf(stderr, "example_01_gradient: %s\n", error.what());
  return 1;
}
