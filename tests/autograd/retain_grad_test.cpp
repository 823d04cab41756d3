// Gradients of values between parameters and loss.
#include <doctest/doctest.h>

#include <sstream>

#include "../error_message.hpp"
#include "qrs/autograd/print.hpp"
#include "qrs/ops/operators.hpp"
#include "qrs/ops/sum.hpp"
#include "qrs/tensor/compare.hpp"

namespace qrs {

namespace retain_grad_test {

TEST_CASE("a value between parameters and loss keeps its gradient where that was asked for, and only there") {
  const Var<double> w = Var<double>::parameter(Tensor<double>::from({2}, {3, 5}));
  Tape<double> tape;
  Var<double> kept;
  Var<double> passed;
  {
    const Recording<double> on(tape);
    passed = w * w;
    kept = 2.0 * passed;
    kept.retain_grad();
    tape.backward(sum(kept * kept));
  }
  CHECK(mismatch(kept.grad(), Tensor<double>::from({2}, {36, 100})) == "");
  CHECK(passed.grad().empty());
  CHECK(mismatch(w.grad(), Tensor<double>::from({2}, {36 * 2 * 6, 100 * 2 * 10})) == "");
  kept.zero_grad();
  CHECK(kept.grad().empty());
}

TEST_CASE("a constant has no gradient to keep") {
  const Var<double> x = Tensor<double>::zeros({2});
  CHECK(tests::error_message([&] { x.retain_grad(); }) ==
        "[retain_grad] expected a value that wants a gradient, got a constant (was a Recording active?)");
}

TEST_CASE("a stream shows a value, and its gradient where one has arrived") {
  const Var<double> w = Var<double>::parameter(Tensor<double>::from({2}, {3, 5}));
  Tape<double> tape;
  {
    const Recording<double> on(tape);
    tape.backward(sum(w * w));
  }
  std::ostringstream out;
  out << w;
  CHECK(out.str() == "Tensor (2) on cpu\n[3, 5]\ngradient: Tensor (2) on cpu\n[6, 10]");
  std::ostringstream tensor;
  tensor << w.value();
  CHECK(tensor.str() == to_text(w.value()));
}

}  // namespace retain_grad_test

}  // namespace qrs
