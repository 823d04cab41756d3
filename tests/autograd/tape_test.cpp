// What a tape refuses: values of another tape, of none, and steps that have run; and a Recording without its tape.
#include "qrs/autograd/tape.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>

#include "../contains.hpp"
#include "../error_message.hpp"
#include "qrs/ops/add.hpp"
#include "qrs/ops/mul.hpp"

namespace tape_test {

using qrs::Recording;
using qrs::Tape;
using qrs::Tensor;
using qrs::tests::contains;
using qrs::tests::error_message;
using Value = qrs::Var<double>;

namespace {

Value three() { return Value::parameter(Tensor<double>::full({1}, 3.0)); }

}  // namespace

TEST_CASE("backward on another tape than the value's is refused, and the right one still gives its gradient") {
  Tape<double> right;
  Tape<double> wrong;
  const Value x = three();
  Value y;
  {
    const Recording<double> on(right);
    y = qrs::mul(x, x);
  }
  CHECK(contains(error_message([&] { wrong.backward(y); }),
                 "[backward] expected a value recorded on this tape, got one of shape (1) recorded on another"));
  right.backward(y);
  CHECK(x.grad().item() == 6.0);
}

TEST_CASE("a second backward is refused, and so is a value whose step has run, wherever it is used") {
  Tape<double> tape;
  const Value x = three();
  const Recording<double> on(tape);
  const Value y = qrs::mul(x, x);
  tape.backward(y);
  CHECK(x.grad().item() == 6.0);
  CHECK(contains(error_message([&] { tape.backward(y); }), "backward empties a tape; compute the value again"));
  const Value z = qrs::mul(y, x);
  CHECK(contains(error_message([&] { tape.backward(z); }), "whose step has run"));
  x.zero_grad();
  tape.clear();
  tape.backward(qrs::mul(x, x));
  CHECK(x.grad().item() == 6.0);
}

TEST_CASE("a value that a cleared tape forgot is refused") {
  Tape<double> tape;
  const Value x = three();
  const Recording<double> on(tape);
  const Value y = qrs::mul(x, x);
  tape.clear();
  CHECK(contains(error_message([&] { tape.backward(y); }), "whose step has run"));
}

TEST_CASE("a value of a tape that is gone is refused, directly and behind another step") {
  const Value x = three();
  Value y;
  {
    Tape<double> gone;
    const Recording<double> on(gone);
    y = qrs::mul(x, x);
  }
  Tape<double> tape;
  CHECK(contains(error_message([&] { tape.backward(y); }), "whose tape is gone: keep the Tape until backward"));
  const Recording<double> on(tape);
  const Value z = qrs::add(y, y);
  CHECK(contains(error_message([&] { tape.backward(z); }), "whose tape is gone"));
}

TEST_CASE("a Recording whose tape is gone refuses the next operation") {
  auto tape = std::make_unique<Tape<double>>();
  const Value x = three();
  {
    const Recording<double> on(*tape);
    tape.reset();
    CHECK(contains(error_message([&] { qrs::mul(x, x); }),
                   "[recording] expected a Tape that outlives its Recording, got one that is gone"));
    const qrs::NoRecording<double> off;
    CHECK(qrs::mul(x, x).value().item() == 9.0);
  }
  CHECK(qrs::mul(x, x).value().item() == 9.0);
}

TEST_CASE("backward from nothing, from a constant and from a parameter") {
  Tape<double> tape;
  CHECK(contains(error_message([&] { tape.backward(Value()); }), "[backward] expected a value recorded on this tape"));
  CHECK(contains(error_message([&] { tape.backward(Value(Tensor<double>::full({1}, 1.0))); }), "got a constant"));
  CHECK(contains(error_message([] { Value::parameter(Tensor<double>()); }), "[parameter] expected a tensor"));
  const Value x = three();
  tape.backward(x);
  CHECK(x.grad().item() == 1.0);
}

}  // namespace tape_test
