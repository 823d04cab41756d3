// Elementwise maps on the device. One kernel applies a formula to the values at one place of every operand; a thread
// handles 16 bytes of each where the rows are aligned, one value otherwise. These passes are bound by memory: what counts
// is that neighbouring threads touch neighbouring addresses, in wide accesses.
#include <cmath>
#include <initializer_list>

#include "../cuda/divider.hpp"
#include "../cuda/launch.hpp"
#include "../cuda/rows.hpp"
#include "elementwise.hpp"

namespace qrs::kernels {

namespace {

// ---- formulas: one value of each input to one value of the output ----------------------------------------------------

struct Activate {
  Activation f;
  template <class T>
  QRS_HD T operator()(T x) const {
    return activate(f, x);
  }
};

struct ActivateBackward {
  Activation f;
  template <class T>
  QRS_HD T operator()(T x, T dy) const {
    return dy * activate_slope(f, x);
  }
};

struct Add {
  template <class T>
  QRS_HD T operator()(T x, T z) const {
    return x + z;
  }
};

struct Multiply {
  template <class T>
  QRS_HD T operator()(T x, T z) const {
    return x * z;
  }
};

struct Divide {
  template <class T>
  QRS_HD T operator()(T x, T z) const {
    return x / z;
  }
};

struct Exp {
  template <class T>
  QRS_HD T operator()(T x) const {
    return std::exp(x);
  }
};

struct Log {
  template <class T>
  QRS_HD T operator()(T x) const {
    return std::log(x);
  }
};

struct Sqrt {
  template <class T>
  QRS_HD T operator()(T x) const {
    return std::sqrt(x);
  }
};

template <class T>
struct Scale {
  T alpha;
  QRS_HD T operator()(T x) const { return alpha * x; }
};

// ---- the kernel ------------------------------------------------------------------------------------------------------

/// y (+)= formula(inputs...); a row is a number of packs of N values.
template <int N, class T, class Formula, class... Inputs>
__global__ void map_kernel(std::uint32_t packs, Divider packs_per_row, bool accumulate, Formula formula, Rows<T> y,
                           Inputs... inputs) {
  const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= packs) return;
  const std::uint32_t row = packs_per_row.quotient(i);
  const std::uint32_t col = packs_per_row.remainder(i, row) * N;

  const auto apply = [&](const auto&... in) {
    Pack<T, N> out;
    if (accumulate) {
      out = y.template load<N>(row, col);
      for (int n = 0; n < N; ++n) out[n] += formula(in[n]...);
    } else {
      for (int n = 0; n < N; ++n) out[n] = formula(in[n]...);
    }
    y.template store<N>(row, col, out);
  };
  apply(inputs.template load<N>(row, col)...);
}

// ---- launching it ----------------------------------------------------------------------------------------------------

template <class T>
struct Operand {
  using View = Rows<T>;
  T* data;
  std::int64_t pitch;

  bool aligned() const { return packs_align(data, pitch); }
  Operand from_column(std::int64_t col) const { return {data + col, pitch}; }
};

template <int N, class T, class Formula, class... In>
void launch_map(const char* name, std::int64_t rows, std::int64_t cols, bool accumulate, Formula formula, Operand<T> y,
                In... in) {
  const std::int64_t packs = rows * (cols / N);
  if (packs == 0) return;
  QRS_CHECK(packs <= Divider::limit, "[", name, "] expected at most ", Divider::limit, " packs of values, got ", packs);
  launch({.name = name, .grid = blocks_for(packs, 256), .block = 256}, map_kernel<N, T, Formula, typename In::View...>,
         packs, Divider(cols / N), accumulate, formula, rows_of(y.data, rows, cols, y.pitch),
         rows_of(in.data, rows, cols, in.pitch)...);
}

/// y (+)= formula(in...) over rows x cols. Operands without gaps between their rows become one long row, so that its tail
/// is all that is left over from packs.
template <class T, class Formula, class... In>
void map(const char* name, std::int64_t rows, std::int64_t cols, bool accumulate, Formula formula, Operand<T> y,
         In... in) {
  if (y.pitch == cols && (true && ... && (in.pitch == cols))) {
    cols *= rows;
    rows = 1;
    y.pitch = cols;
    ((in.pitch = cols), ...);
  }
  constexpr int pack = pack_size<T>;
  // A single row has no second one to align: only where it begins counts.
  const std::int64_t tail = cols % pack;
  if (rows == 1) {
    y.pitch = cols - tail;
    ((in.pitch = cols - tail), ...);
  }
  const bool packs = y.aligned() && (true && ... && in.aligned()) && (tail == 0 || rows == 1);
  if (!packs) {
    launch_map<1>(name, rows, cols, accumulate, formula, y, in...);
    return;
  }
  launch_map<pack>(name, rows, cols - tail, accumulate, formula, y, in...);
  launch_map<1>(name, rows, tail, accumulate, formula, y.from_column(cols - tail), in.from_column(cols - tail)...);
}

}  // namespace

template <class T>
void activation_forward_cuda(const ElementwiseParams& p, Activation f, const T* x, T* y) {
  map("activation_forward", p.rows, p.cols, false, Activate{f}, Operand<T>{y, p.y_pitch},
      Operand<const T>{x, p.x_pitch});
}

template <class T>
void activation_backward_cuda(const ElementwiseParams& p, Activation f, const T* x, const T* dy, T* dx,
                              std::int64_t dx_pitch) {
  map("activation_backward", p.rows, p.cols, p.accumulate, ActivateBackward{f}, Operand<T>{dx, dx_pitch},
      Operand<const T>{x, p.x_pitch}, Operand<const T>{dy, p.y_pitch});
}

template <class T>
void add_cuda(const ElementwiseParams& p, const T* x, const T* z, T* y) {
  map("add", p.rows, p.cols, false, Add{}, Operand<T>{y, p.y_pitch}, Operand<const T>{x, p.x_pitch},
      Operand<const T>{z, p.z_pitch});
}

template <class T>
void multiply_cuda(const ElementwiseParams& p, const T* x, const T* z, T* y) {
  map("multiply", p.rows, p.cols, p.accumulate, Multiply{}, Operand<T>{y, p.y_pitch}, Operand<const T>{x, p.x_pitch},
      Operand<const T>{z, p.z_pitch});
}

template <class T>
void divide_cuda(const ElementwiseParams& p, const T* x, const T* z, T* y) {
  map("divide", p.rows, p.cols, p.accumulate, Divide{}, Operand<T>{y, p.y_pitch}, Operand<const T>{x, p.x_pitch},
      Operand<const T>{z, p.z_pitch});
}

template <class T>
void add_scaled_cuda(const ElementwiseParams& p, T alpha, const T* x, T* y) {
  map("add_scaled", p.rows, p.cols, p.accumulate, Scale<T>{alpha}, Operand<T>{y, p.y_pitch},
      Operand<const T>{x, p.x_pitch});
}

template <class T>
void exp_cuda(const ElementwiseParams& p, const T* x, T* y) {
  map("exp", p.rows, p.cols, false, Exp{}, Operand<T>{y, p.y_pitch}, Operand<const T>{x, p.x_pitch});
}

template <class T>
void log_cuda(const ElementwiseParams& p, const T* x, T* y) {
  map("log", p.rows, p.cols, false, Log{}, Operand<T>{y, p.y_pitch}, Operand<const T>{x, p.x_pitch});
}

template <class T>
void sqrt_cuda(const ElementwiseParams& p, const T* x, T* y) {
  map("sqrt", p.rows, p.cols, false, Sqrt{}, Operand<T>{y, p.y_pitch}, Operand<const T>{x, p.x_pitch});
}

template void activation_forward_cuda<float>(const ElementwiseParams&, Activation, const float*, float*);
template void activation_backward_cuda<float>(const ElementwiseParams&, Activation, const float*, const float*, float*,
                                              std::int64_t);
template void add_cuda<float>(const ElementwiseParams&, const float*, const float*, float*);
template void multiply_cuda<float>(const ElementwiseParams&, const float*, const float*, float*);
template void divide_cuda<float>(const ElementwiseParams&, const float*, const float*, float*);
template void add_scaled_cuda<float>(const ElementwiseParams&, float, const float*, float*);
template void exp_cuda<float>(const ElementwiseParams&, const float*, float*);
template void log_cuda<float>(const ElementwiseParams&, const float*, float*);
template void sqrt_cuda<float>(const ElementwiseParams&, const float*, float*);
template void activation_forward_cuda<double>(const ElementwiseParams&, Activation, const double*, double*);
template void activation_backward_cuda<double>(const ElementwiseParams&, Activation, const double*, const double*,
                                               double*, std::int64_t);
template void add_cuda<double>(const ElementwiseParams&, const double*, const double*, double*);
template void multiply_cuda<double>(const ElementwiseParams&, const double*, const double*, double*);
template void divide_cuda<double>(const ElementwiseParams&, const double*, const double*, double*);
template void add_scaled_cuda<double>(const ElementwiseParams&, double, const double*, double*);
template void exp_cuda<double>(const ElementwiseParams&, const double*, double*);
template void log_cuda<double>(const ElementwiseParams&, const double*, double*);
template void sqrt_cuda<double>(const ElementwiseParams&, const double*, double*);

}  // namespace qrs::kernels
