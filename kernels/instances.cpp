// The code of what instances.hpp declares.
#include "instances.hpp"

namespace qrs::kernels {

template void conv2d_forward_cpu<float>(const Conv2dParams&, const float*, const float*, const Epilogue<float>&,
                                        float*);
template void conv2d_forward_cpu<double>(const Conv2dParams&, const double*, const double*, const Epilogue<double>&,
                                         double*);
template void conv2d_backward_data_cpu<float>(const Conv2dParams&, const float*, const float*, float*, bool);
template void conv2d_backward_data_cpu<double>(const Conv2dParams&, const double*, const double*, double*, bool);
template void conv2d_backward_weights_cpu<float>(const Conv2dParams&, const float*, const float*, float*, bool);
template void conv2d_backward_weights_cpu<double>(const Conv2dParams&, const double*, const double*, double*, bool);
template void affine_cpu<float>(const BatchNormParams&, const float*, const float*, const float*, const float*, float*,
                                const RowGate<float>&);
template void affine_cpu<double>(const BatchNormParams&, const double*, const double*, const double*, const double*,
                                 double*, const RowGate<double>&);
template void batch_norm_statistics_cpu<float>(const BatchNormParams&, const float*, float*, float*);
template void batch_norm_statistics_cpu<double>(const BatchNormParams&, const double*, double*, double*);
template void batch_norm_backward_sums_cpu<float>(const BatchNormParams&, const float*, const float*,
                                                  const BatchNormChannels<float>&, const float*, float*, float*);
template void batch_norm_backward_sums_cpu<double>(const BatchNormParams&, const double*, const double*,
                                                   const BatchNormChannels<double>&, const double*, double*, double*);
template void batch_norm_backward_data_cpu<float>(const BatchNormParams&, const float*, const float*,
                                                  const BatchNormChannels<float>&, const float*, const float*,
                                                  const float*, const BatchNormGradients<float>&);
template void batch_norm_backward_data_cpu<double>(const BatchNormParams&, const double*, const double*,
                                                   const BatchNormChannels<double>&, const double*, const double*,
                                                   const double*, const BatchNormGradients<double>&);
template void activation_forward_cpu<float>(const ElementwiseParams&, Activation, const float*, float*);
template void activation_forward_cpu<double>(const ElementwiseParams&, Activation, const double*, double*);
template void activation_backward_cpu<float>(const ElementwiseParams&, Activation, const float*, const float*, float*,
                                             std::int64_t);
template void activation_backward_cpu<double>(const ElementwiseParams&, Activation, const double*, const double*,
                                              double*, std::int64_t);
template void gemm_cpu<float>(const GemmParams&, const float*, const float*, float*);
template void gemm_cpu<double>(const GemmParams&, const double*, const double*, double*);
template void attention_forward_cpu<float>(const AttentionParams&, const float*, const float*, const float*, float*,
                                           float*);
template void attention_forward_cpu<double>(const AttentionParams&, const double*, const double*, const double*,
                                            double*, double*);
template void attention_backward_cpu<float>(const AttentionParams&, const float*, const float*, const float*,
                                            const float*, const float*, const AttentionGradients<float>&);
template void attention_backward_cpu<double>(const AttentionParams&, const double*, const double*, const double*,
                                             const double*, const double*, const AttentionGradients<double>&);

}  // namespace qrs::kernels
