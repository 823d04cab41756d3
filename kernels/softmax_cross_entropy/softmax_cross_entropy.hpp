// Softmax, its logarithm, and the cross-entropy of class targets, over rows of logits.
//
//   softmax       y[n, c] = exp(x[n, c] - m) / sum_k exp(x[n, k] - m),   m = max_k x[n, k]
//   log_softmax   y[n, c] = x[n, c] - lse[n],                            lse[n] = m + log sum_k exp(x[n, k] - m)
//   cross-entropy of row n with target t, class weights w (1 where null) and label smoothing e, C classes:
//                 loss[n] = (1 - e) w[t] (lse[n] - x[n, t]) + (e / C) sum_c w[c] (lse[n] - x[n, c])
//                 its gradient by x[n, c] = a[n] softmax[n, c] - (1 - e) w[t] [c = t] - (e / C) w[c],
//                 a[n] = (1 - e) w[t] + (e / C) sum_c w[c]
//   A row whose target is ignore_index has loss and gradient 0.
//
// Shapes: x (N, C) with a pitch; targets and losses (N). Reductions are the caller's: sum, or the mean over w[t] of the
// rows that count. Equal to torch.nn.functional's; smoothing as in Szegedy et al., Rethinking Inception, CVPR 2016, eq.
// 7.
#pragma once

#include <cstdint>

namespace qrs::kernels {

struct SoftmaxParams {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t x_pitch = 0;  // of x and dx
  std::int64_t y_pitch = 0;  // of y
  std::int64_t dy_pitch = 0;
  bool accumulate = false;  // into dx
};

template <class T>
struct CrossEntropyParams {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t x_pitch = 0;
  std::int64_t dx_pitch = 0;
  const std::int64_t* targets = nullptr;  // (N), each ignore_index or in [0, C): checked by the caller
  const T* weight = nullptr;              // (C), or null: 1
  double weight_sum = 0.0;                // of all classes; C where weight is null
  double smoothing = 0.0;
  std::int64_t ignore_index = -100;
  bool accumulate = false;  // into dx
};

// softmax_forward_{ref,cpu}     (p, log, x, y)                     log: the logarithm of it
// softmax_backward_{ref,cpu}    (p, log, y, dy, dx)                dx (+)= from the result alone
// cross_entropy_forward_{ref,cpu}(p, x, loss, lse)                 loss, lse (N)
// cross_entropy_backward_{ref,cpu}(p, x, lse, scale, dx)           dx (+)= scale[n] * the gradient above; scale (N)

}  // namespace qrs::kernels
