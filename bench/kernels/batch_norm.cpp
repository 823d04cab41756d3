// Batch normalisation with ReLU: statistics, affine, and both backward passes. Bound by memory: look at bytes.
#include "../../kernels/batch_norm/ref.hpp"
#include "measure.hpp"
#include "qrs/kernels.hpp"

namespace batch_norm_bench {

namespace {

using namespace qrs::bench;
using namespace qrs::kernels;

struct Operands {
  explicit Operands(const BatchNormParams& p)
      : x(values(p.rows * p.x_pitch)),
        dy(values(p.rows * p.y_pitch, -0.5, 1.0)),
        y(dy.size()),
        dx(x.size()),
        mean(values(p.cols)),
        var(values(p.cols, 0.5, 2.0)),
        scale(values(p.cols, 0.5, 1.5)),
        shift(values(p.cols)),
        dgamma(values(p.cols)),
        dbeta(values(p.cols)) {}

  BatchNormChannels<float> channels() const {
    return {.mean = mean.data(), .inv_std = var.data(), .scale = scale.data(), .shift = shift.data()};
  }
  BatchNormGradients<float> gradients(const BatchNormParams& p) { return {.dx = dx.data(), .dx_pitch = p.x_pitch}; }

  std::vector<float> x, dy, y, dx, mean, var, scale, shift, dgamma, dbeta;
};

/// All four passes on rows and channels that no register divides, inside wider rows.
const std::string& fault() {
  static const std::string found = [] {
    const BatchNormParams p{.rows = 83, .cols = 37, .x_pitch = 41, .y_pitch = 39, .activation = Activation::relu};
    Operands a(p);
    Operands b(p);
    batch_norm_backward_sums_cpu<float>(p, a.x.data(), a.dy.data(), a.channels(), nullptr, a.dgamma.data(),
                                        a.dbeta.data());
    batch_norm_backward_sums_ref<float>(p, b.x.data(), b.dy.data(), b.channels(), nullptr, b.dgamma.data(),
                                        b.dbeta.data());
    batch_norm_backward_data_cpu<float>(p, a.x.data(), a.dy.data(), a.channels(), nullptr, a.dgamma.data(),
                                        a.dbeta.data(), a.gradients(p));
    batch_norm_backward_data_ref<float>(p, b.x.data(), b.dy.data(), b.channels(), nullptr, b.dgamma.data(),
                                        b.dbeta.data(), b.gradients(p));
    affine_cpu<float>(p, a.x.data(), a.scale.data(), a.shift.data(), nullptr, a.y.data());
    affine_ref<float>(p, b.x.data(), b.scale.data(), b.shift.data(), nullptr, b.y.data());
    batch_norm_statistics_cpu(p, a.x.data(), a.mean.data(), a.var.data());
    batch_norm_statistics_ref(p, b.x.data(), b.mean.data(), b.var.data());
    return first_fault(
        {fault_of("batch_norm_statistics", a.mean, b.mean), fault_of("batch_norm_statistics", a.var, b.var),
         fault_of("affine", a.y, b.y), fault_of("batch_norm_backward_sums", a.dgamma, b.dgamma),
         fault_of("batch_norm_backward_sums", a.dbeta, b.dbeta), fault_of("batch_norm_backward_data", a.dx, b.dx)});
  }();
  return found;
}

/// `arrays`: how many tensors of rows x cols the pass reads and writes.
template <class Call>
void add_pass(const char* pass, const BatchNormParams& p, int arrays, const Call& call) {
  const std::string of = p.x_pitch > p.cols ? qrs::text("_of_", p.x_pitch) : "";
  add(qrs::text("batch_norm/", pass, "/", p.rows, "x", p.cols, of), [p, arrays, call](benchmark::State& state) {
    Operands o(p);
    const double bytes = 4.0 * arrays * static_cast<double>(p.rows * p.cols);
    measure(state, fault(), 0.0, bytes, [&] { call(p, o); });
  });
}

[[maybe_unused]] const bool added = [] {
  constexpr std::int64_t batch = 16;
  struct Size {
    std::int64_t side, channels, pitch;
  };
  // After the stem; a residual block of ResNet18; dense blocks of DenseNet121, the first in place within its wide row;
  // EfficientNet-B0's widest rows.
  for (const Size& s :
       {Size{112, 64, 64}, Size{56, 64, 64}, Size{28, 256, 512}, Size{14, 1024, 1024}, Size{112, 96, 96}}) {
    const BatchNormParams p{.rows = batch * s.side * s.side,
                            .cols = s.channels,
                            .x_pitch = s.pitch,
                            .y_pitch = s.channels,
                            .activation = Activation::relu};
    add_pass("statistics", p, 1, [](const BatchNormParams& q, Operands& o) {
      batch_norm_statistics_cpu(q, o.x.data(), o.mean.data(), o.var.data());
    });
    add_pass("affine_relu", p, 2, [](const BatchNormParams& q, Operands& o) {
      affine_cpu<float>(q, o.x.data(), o.scale.data(), o.shift.data(), nullptr, o.y.data());
    });
    add_pass("backward_sums", p, 2, [](const BatchNormParams& q, Operands& o) {
      batch_norm_backward_sums_cpu<float>(q, o.x.data(), o.dy.data(), o.channels(), nullptr, o.dgamma.data(),
                                          o.dbeta.data());
    });
    add_pass("backward_data", p, 3, [](const BatchNormParams& q, Operands& o) {
      batch_norm_backward_data_cpu<float>(q, o.x.data(), o.dy.data(), o.channels(), nullptr, o.dgamma.data(),
                                          o.dbeta.data(), o.gradients(q));
    });
  }
  return true;
}();

}  // namespace

}  // namespace batch_norm_bench
