// Elementwise maps on one tensor that fits the caches and one that does not. Bound by memory: look at bytes.
#include "../../kernels/elementwise/ref.hpp"
#include "measure.hpp"
#include "qrs/ops/activation.hpp"

namespace elementwise_bench {

namespace {

using namespace qrs::bench;
using namespace qrs::kernels;

ElementwiseParams whole(std::int64_t rows, std::int64_t cols) {
  return {.rows = rows, .cols = cols, .x_pitch = cols, .z_pitch = cols, .y_pitch = cols};
}

constexpr Activation activations[] = {Activation::relu, Activation::relu6, Activation::silu,     Activation::sigmoid,
                                      Activation::tanh, Activation::gelu,  Activation::hardswish};

/// Every map on rows that no register divides.
const std::string& fault() {
  static const std::string found = [] {
    const ElementwiseParams p = whole(7, 53);
    const std::vector<float> x = values(p.rows * p.cols, -8.0, 8.0);
    const std::vector<float> z = values(p.rows * p.cols, -0.5, 1.5);
    std::vector<float> got(x.size());
    std::vector<float> reference(x.size());
    std::vector<std::string> faults;
    const auto judge = [&](const char* map) { faults.push_back(fault_of(map, got, reference)); };
    for (const Activation f : activations) {
      activation_forward_cpu(p, f, x.data(), got.data());
      activation_forward_ref(p, f, x.data(), reference.data());
      judge("activation_forward");
      activation_backward_cpu(p, f, x.data(), z.data(), got.data(), p.cols);
      activation_backward_ref(p, f, x.data(), z.data(), reference.data(), p.cols);
      judge("activation_backward");
    }
    add_cpu(p, x.data(), z.data(), got.data());
    add_ref(p, x.data(), z.data(), reference.data());
    judge("add");
    multiply_cpu(p, x.data(), z.data(), got.data());
    multiply_ref(p, x.data(), z.data(), reference.data());
    judge("multiply");
    add_scaled_cpu(p, 0.5F, x.data(), got.data());
    add_scaled_ref(p, 0.5F, x.data(), reference.data());
    judge("add_scaled");
    return first_fault(faults);
  }();
  return found;
}

/// `arrays`: how many tensors the map reads and writes.
template <class Call>
void add_map(const std::string& map, const ElementwiseParams& p, int arrays, const Call& call) {
  add(qrs::text("elementwise/", map, "/", p.rows, "x", p.cols), [p, arrays, call](benchmark::State& state) {
    const std::vector<float> x = values(p.rows * p.cols);
    const std::vector<float> z = values(p.rows * p.cols);
    std::vector<float> y(x.size());
    measure(state, fault(), 0.0, 4.0 * arrays * static_cast<double>(x.size()),
            [&] { call(p, x.data(), z.data(), y.data()); });
  });
}

[[maybe_unused]] const bool added = [] {
  for (const std::int64_t rows : {16 * 7 * 7, 16 * 56 * 56}) {
    const ElementwiseParams p = whole(rows, 128);
    for (const Activation f : activations) {
      add_map(qrs::name(f), p, 2, [f](const ElementwiseParams& q, const float* x, const float*, float* y) {
        activation_forward_cpu(q, f, x, y);
      });
      add_map(std::string(qrs::name(f)) + "_backward", p, 3,
              [f](const ElementwiseParams& q, const float* x, const float* dy, float* dx) {
                activation_backward_cpu(q, f, x, dy, dx, q.cols);
              });
    }
    add_map("add", p, 3,
            [](const ElementwiseParams& q, const float* x, const float* z, float* y) { add_cpu(q, x, z, y); });
    add_map("multiply", p, 3,
            [](const ElementwiseParams& q, const float* x, const float* z, float* y) { multiply_cpu(q, x, z, y); });
    ElementwiseParams sum = p;
    sum.accumulate = true;
    add_map("add_scaled_accumulate", sum, 3,
            [](const ElementwiseParams& q, const float* x, const float*, float* y) { add_scaled_cpu(q, 0.5F, x, y); });
  }
  return true;
}();

}  // namespace

}  // namespace elementwise_bench
