// The poolings of the backbones, forward and backward: 3x3 maxima after the stem, 2x2 averages of the transitions, the
// average over the image. Bound by memory: look at bytes.
#include "../../kernels/pool2d/ref.hpp"
#include "measure.hpp"
#include "qrs/kernels.hpp"

namespace pool2d_bench {

namespace {

using namespace qrs::bench;
using namespace qrs::kernels;

Pool2dParams pooling(std::int64_t n, std::int64_t side, std::int64_t channels, const PoolAxis& window) {
  PoolAxis axis = window;
  axis.size = side;
  axis.out = axis.adaptive ? 1 : axis.outputs(false);
  return {.n = n, .c = channels, .y = axis, .x = axis, .x_pitch = channels, .y_pitch = channels};
}

constexpr PoolAxis stem{.kernel = 3, .stride = 2, .padding = 1};
constexpr PoolAxis transition{.kernel = 2, .stride = 2};
constexpr PoolAxis whole_image{.adaptive = true};

struct Operands {
  explicit Operands(const Pool2dParams& p)
      : x(values(p.n * p.y.size * p.x.size * p.c)), y(values(p.n * p.y.out * p.x.out * p.c)), maxima(y.size()) {}
  std::vector<float> x;
  std::vector<float> y;
  std::vector<MaxTap<float>> maxima;
};

/// Every pooling on an image and channels that neither window nor register divides.
const std::string& fault() {
  static const std::string found = [] {
    std::vector<std::string> faults;
    for (const PoolAxis& window : {stem, transition, whole_image}) {
      const Pool2dParams p = pooling(2, 11, 37, window);
      const Operands in(p);
      Operands a(p);
      Operands b(p);
      avg_pool2d_backward_cpu(p, in.y.data(), a.x.data(), false);
      avg_pool2d_backward_ref(p, in.y.data(), b.x.data(), false);
      avg_pool2d_forward_cpu(p, in.x.data(), a.y.data());
      avg_pool2d_forward_ref(p, in.x.data(), b.y.data());
      faults.push_back(fault_of("avg_pool2d_backward", a.x, b.x));
      faults.push_back(fault_of("avg_pool2d_forward", a.y, b.y));
      if (window.adaptive) continue;
      max_pool2d_forward_cpu(p, in.x.data(), a.y.data(), a.maxima.data());
      max_pool2d_forward_ref(p, in.x.data(), b.y.data(), b.maxima.data());
      max_pool2d_backward_cpu(p, in.y.data(), a.maxima.data(), a.x.data(), false);
      max_pool2d_backward_ref(p, in.y.data(), b.maxima.data(), b.x.data(), false);
      faults.push_back(fault_of("max_pool2d_forward", a.y, b.y));
      faults.push_back(fault_of("max_pool2d_backward", a.x, b.x));
    }
    return first_fault(faults);
  }();
  return found;
}

/// Bytes are x once, y once and, for maxima, their taps once.
template <class Call>
void add_pooling(const char* pass, const Pool2dParams& p, bool taps, const Call& call) {
  add(qrs::text("pool2d/", pass, "/", p.y.size, "x", p.x.size, "x", p.c), [p, taps, call](benchmark::State& state) {
    Operands o(p);
    if (taps) max_pool2d_forward_cpu(p, o.x.data(), o.y.data(), o.maxima.data());  // what a backward pass reads
    const double bytes = 4.0 * static_cast<double>(o.x.size() + o.y.size() * (taps ? 2 : 1));
    measure(state, fault(), 0.0, bytes, [&] { call(p, o); });
  });
}

[[maybe_unused]] const bool added = [] {
  constexpr std::int64_t batch = 16;
  const Pool2dParams first = pooling(batch, 112, 64, stem);
  add_pooling("max_forward", first, true, [](const Pool2dParams& p, Operands& o) {
    max_pool2d_forward_cpu(p, o.x.data(), o.y.data(), o.maxima.data());
  });
  add_pooling("max_backward", first, true, [](const Pool2dParams& p, Operands& o) {
    max_pool2d_backward_cpu(p, o.y.data(), o.maxima.data(), o.x.data(), false);
  });
  for (const Pool2dParams& average : {pooling(batch, 56, 128, transition), pooling(batch, 14, 512, transition),
                                      pooling(batch, 7, 1280, whole_image)}) {
    add_pooling("average_forward", average, false,
                [](const Pool2dParams& p, Operands& o) { avg_pool2d_forward_cpu(p, o.x.data(), o.y.data()); });
    add_pooling("average_backward", average, false,
                [](const Pool2dParams& p, Operands& o) { avg_pool2d_backward_cpu(p, o.y.data(), o.x.data(), false); });
  }
  return true;
}();

}  // namespace

}  // namespace pool2d_bench
