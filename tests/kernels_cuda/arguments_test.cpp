// Arguments on two devices: each operation says so by its name, in evaluation and under a tape, before a kernel reads an address
// that is not its own.
#include <doctest/doctest.h>
#include <qrs/ops/add.hpp>
#include <qrs/ops/attention.hpp>
#include <qrs/ops/concat.hpp>
#include <qrs/ops/conv_norm.hpp>
#include <qrs/ops/dense_features.hpp>
#include <qrs/ops/gate.hpp>
#include <qrs/ops/layer_norm.hpp>
#include <qrs/ops/linear.hpp>
#include <qrs/ops/matmul.hpp>
#include <qrs/ops/mul.hpp>

#include <functional>
#include <string>
#include <vector>

#include "../error_message.hpp"

namespace {

using qrs::Device;
using qrs::Shape;
using qrs::Tensor;
using qrs::Var;
using Inputs = std::vector<Var<float>>;

/// An operation, the shapes of its arguments, and how it is called.
struct Call {
  std::string name;
  std::vector<Shape> shapes;
  std::function<Var<float>(const Inputs&)> run;
};

qrs::BatchNorm<float> norm_of(const Inputs& in, std::size_t first) {
  return {.weight = in[first],
          .bias = in[first + 1],
          .running_mean = in[first + 2].value(),
          .running_var = in[first + 3].value()};
}

const std::vector<Call>& calls() {
  static const std::vector<Call> all = {
      {"add", {{2, 3}, {2, 3}}, [](const Inputs& in) { return qrs::add(in[0], in[1]); }},
      {"mul", {{2, 3}, {2, 3}}, [](const Inputs& in) { return qrs::mul(in[0], in[1]); }},
      {"concat",
       {{2, 3}, {2, 4}},
       [](const Inputs& in) {
         return qrs::concat({in[0], in[1]});
       }},
      {"matmul", {{2, 3}, {3, 4}}, [](const Inputs& in) { return qrs::matmul(in[0], in[1]); }},
      {"linear", {{2, 3}, {4, 3}, {4}}, [](const Inputs& in) { return qrs::linear(in[0], in[1], in[2]); }},
      {"gate", {{2, 2, 2, 3}, {2, 3}}, [](const Inputs& in) { return qrs::gate(in[0], in[1]); }},
      {"layer_norm", {{2, 3}, {3}, {3}}, [](const Inputs& in) { return qrs::layer_norm(in[0], in[1], in[2]); }},
      {"conv2d", {{1, 4, 4, 3}, {3, 3, 3, 5}, {5}}, [](const Inputs& in) { return qrs::conv2d(in[0], in[1], in[2]); }},
      {"batch_norm",
       {{2, 4, 4, 3}, {3}, {3}, {3}, {3}, {2, 4, 4, 3}},
       [](const Inputs& in) { return qrs::batch_norm(in[0], norm_of(in, 1), qrs::Activation::relu, in[5]); }},
      {"conv_norm",
       {{1, 4, 4, 3}, {1, 1, 3, 5}, {5}, {5}, {5}, {5}, {5}, {1, 4, 4, 5}},
       [](const Inputs& in) {
         return qrs::conv_norm(in[0], {.w = in[1], .bias = in[2], .options = {}, .norm = norm_of(in, 3)}, in[7]);
       }},
      {"dense_features",
       {{1, 4, 4, 3}, {1, 4, 4, 2}, {1, 1, 2, 5}, {5}},
       [](const Inputs& in) {
         qrs::DenseFeatures<float> features(in[0], 8, false);
         features.append(in[1], in[2], in[3], {});
         return features.all();
       }},
  };
  return all;
}

/// What the operation says where argument `moved` alone lives on the device; -1: none does.
std::string said(const Call& call, int moved, bool recorded) {
  Inputs in;
  for (std::size_t i = 0; i < call.shapes.size(); ++i) {
    const Tensor<float> value = Tensor<float>::full(call.shapes[i], 1.0f);
    in.push_back(Var<float>::parameter(static_cast<int>(i) == moved ? value.to(Device::cuda) : value));
  }
  return qrs::tests::error_message([&] {
    qrs::Tape<float> tape;
    if (!recorded) return static_cast<void>(call.run(in).value());
    const qrs::Recording<float> on(tape);
    call.run(in).value();
  });
}

}  // namespace

TEST_CASE("an argument on another device is an error that names an operation and the device") {
  for (const Call& call : calls()) {
    for (const bool recorded : {false, true}) {
      CAPTURE(call.name);
      CAPTURE(recorded);
      CHECK(said(call, -1, recorded) == "no error");
      for (int moved = 0; moved < static_cast<int>(call.shapes.size()); ++moved) {
        CAPTURE(moved);
        const std::string text = said(call, moved, recorded);
        CHECK_MESSAGE((text.starts_with("[") && text.find("cuda") != std::string::npos), text);
      }
    }
  }
}
