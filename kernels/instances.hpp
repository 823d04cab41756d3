// The kernels that take longest to compile, as declarations: a source that sees them leaves their code to instances.cpp.
//
// QRS needs no library. Whoever compiles many sources may link qrs_kernels, which is instances.cpp, and include this header before
// what uses the kernels; the programs and tests of this project do. The code is the same either way.
#pragma once

#include "attention/cpu.hpp"
#include "batch_norm/cpu.hpp"
#include "conv2d/cpu.hpp"
#include "elementwise/cpu.hpp"
#include "gemm/cpu.hpp"

namespace qrs::kernels {

extern template void conv2d_forward_cpu<float>(const Conv2dParams&, const float*, const float*, const Epilogue<float>&,
                                               float*);
extern template void conv2d_forward_cpu<double>(const Conv2dParams&, const double*, const double*,
                                                const Epilogue<double>&, double*);
extern template void conv2d_backward_data_cpu<float>(const Conv2dParams&, const float*, const float*, float*, bool);
extern template void conv2d_backward_data_cpu<double>(const Conv2dParams&, const double*, const double*, double*, bool);
extern template void conv2d_backward_weights_cpu<float>(const Conv2dParams&, const float*, const float*, float*, bool);
extern template void conv2d_backward_weights_cpu<double>(const Conv2dParams&, const double*, const double*, double*,
                                                         bool);
extern template void affine_cpu<float>(const BatchNormParams&, const float*, const float*, const float*, const float*,
                                       float*, const RowGate<float>&);
extern template void affine_cpu<double>(const BatchNormParams&, const double*, const double*, const double*,
                                        const double*, double*, const RowGate<double>&);
extern template void batch_norm_statistics_cpu<float>(const BatchNormParams&, const float*, float*, float*);
extern template void batch_norm_statistics_cpu<double>(const BatchNormParams&, const double*, double*, double*);
extern template void batch_norm_backward_sums_cpu<float>(const BatchNormParams&, const float*, const float*,
                                                         const BatchNormChannels<float>&, const float*, float*, float*);
extern template void batch_norm_backward_sums_cpu<double>(const BatchNormParams&, const double*, const double*,
                                                          const BatchNormChannels<double>&, const double*, double*,
                                                          double*);
extern template void batch_norm_backward_data_cpu<float>(const BatchNormParams&, const float*, const float*,
                                                         const BatchNormChannels<float>&, const float*, const float*,
                                                         const float*, const BatchNormGradients<float>&);
extern template void batch_norm_backward_data_cpu<double>(const BatchNormParams&, const double*, const double*,
                                                          const BatchNormChannels<double>&, const double*,
                                                          const double*, const double*,
                                                          const BatchNormGradients<double>&);
extern template void activation_forward_cpu<float>(const ElementwiseParams&, Activation, const float*, float*);
extern template void activation_forward_cpu<double>(const ElementwiseParams&, Activation, const double*, double*);
extern template void activation_backward_cpu<float>(const ElementwiseParams&, Activation, const float*, const float*,
                                                    float*, std::int64_t);
extern template void activation_backward_cpu<double>(const ElementwiseParams&, Activation, const double*, const double*,
                                                     double*, std::int64_t);
extern template void gemm_cpu<float>(const GemmParams&, const float*, const float*, float*);
extern template void gemm_cpu<double>(const GemmParams&, const double*, const double*, double*);
extern template void attention_forward_cpu<float>(const AttentionParams&, const float*, const float*, const float*,
                                                  float*, float*);
extern template void attention_forward_cpu<double>(const AttentionParams&, const double*, const double*, const double*,
                                                   double*, double*);
extern template void attention_backward_cpu<float>(const AttentionParams&, const float*, const float*, const float*,
                                                   const float*, const float*, const AttentionGradients<float>&);
extern template void attention_backward_cpu<double>(const AttentionParams&, const double*, const double*, const double*,
                                                    const double*, const double*, const AttentionGradients<double>&);

}  // namespace qrs::kernels
