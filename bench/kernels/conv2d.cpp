// Convolutions of the backbones, forward and both backward passes:
//   bench_kernels --benchmark_filter=conv2d/forward/resnet18
#include "conv_passes.hpp"

namespace conv2d_bench {

namespace {

using namespace qrs::bench;

/// 3x3 with a stride and 1x1, on images and channels that no register divides.
const std::string& fault() {
  static const std::string found = [] {
    auto strided = layer_shape("", 3, 19, 37, 9, 2).params;
    auto pointwise = layer_shape("", 1, 45, 33, 7).params;
    strided.n = pointwise.n = 2;
    return first_fault({conv_fault(strided), conv_fault(pointwise)});
  }();
  return found;
}

[[maybe_unused]] const bool added = [] {
  add_conv_passes("conv2d", resnet18_layers(), fault);
  add_conv_passes("conv2d", densenet121_layers(), fault);
  add_conv_passes("conv2d", efficientnet_b0_layers(false), fault);
  return true;
}();

}  // namespace

}  // namespace conv2d_bench
