// Depthwise convolutions of EfficientNet-B0, forward and both backward passes. They are bound by memory: look at bytes.
#include "conv_passes.hpp"

namespace depthwise_conv2d_bench {

namespace {

using namespace qrs::bench;

/// 3x3 with a stride and 5x5, on images and channels that no register divides.
const std::string& fault() {
  static const std::string found = [] {
    auto strided = layer_shape("", 3, 37, 37, 9, 2, 37).params;
    auto wide = layer_shape("", 5, 21, 21, 11, 1, 21).params;
    strided.n = wide.n = 2;
    return first_fault({conv_fault(strided), conv_fault(wide)});
  }();
  return found;
}

[[maybe_unused]] const bool added = [] {
  add_conv_passes("depthwise_conv2d", efficientnet_b0_layers(true), fault);
  return true;
}();

}  // namespace

}  // namespace depthwise_conv2d_bench
