// Dropout: y (+)= x / (1 - p) where the mask keeps a value, 0 where it does not. The same function is its backward
// pass.
//
//   element mask   keeps element i of the tensor where u(i) >= p                 (i counts values, row by row)
//   row mask       keeps sample n, all of its rows, where u(n) >= p              (stochastic depth)
//   u(i) = philox_uniform(seed, stream, i): nothing is stored, and CPU and GPU draw the same mask
//
// Shapes: x and y are rows x cols with a pitch; samples are `rows_per_sample` rows each. p = 1 keeps nothing.
// Sources: Srivastava et al., Dropout, JMLR 2014; Huang et al., Deep Networks with Stochastic Depth, ECCV 2016. The
// distribution is that of torch.nn.functional.dropout and torchvision.ops.stochastic_depth, the random numbers are not.
#pragma once

#include <cstdint>

#include "../../include/qrs/core/philox.hpp"

namespace qrs::kernels {

struct DropoutParams {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t x_pitch = 0;
  std::int64_t y_pitch = 0;
  std::int64_t rows_per_sample = 0;  // 0: an element mask
  double probability = 0.5;          // of being dropped
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  bool accumulate = false;

  /// What a kept value is multiplied by.
  QRS_HD double scale() const { return probability < 1.0 ? 1.0 / (1.0 - probability) : 0.0; }
  /// Whether a number of the stream keeps what it stands for.
  QRS_HD bool keeps(float u) const { return static_cast<double>(u) >= probability; }
};

// dropout_{ref,cpu}(p, x, y)

}  // namespace qrs::kernels
