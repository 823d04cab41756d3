// The basic block of a residual network as one operation with one backward.
//
//   y = relu(norm2(conv2(relu(norm1(conv1(x))))) + shortcut(x)),   shortcut(x) = x, or norm(conv(x)) where the shape changes
//
// Shapes: x (N, H, W, C_in), y (N, OH, OW, C_out). It keeps x and the outputs of the convolutions; what stands between them
// (the first relu, the shortcut's norm) is computed again in the backward pass, which then overwrites gradients in place.
// Source: He, Zhang, Ren, Sun 2016, Deep Residual Learning for Image Recognition, figure 2.
#pragma once

#include <optional>

#include "conv_norm.hpp"

namespace qrs {

template <class T>
struct BasicBlockUse {
  ConvNorm<T> first;                    // with its relu
  ConvNorm<T> second;                   // with the relu after the sum
  std::optional<ConvNorm<T>> shortcut;  // none: the identity
};

template <class T>
Var<T> basic_block(const Var<T>& x, const BasicBlockUse<T>& use) {
  Tape<T>* tape = listening(x, use.first.w, use.first.norm.weight, use.first.norm.bias, use.second.w,
                            use.second.norm.weight, use.second.norm.bias, use.shortcut ? use.shortcut->w : Var<T>(),
                            use.shortcut ? use.shortcut->norm.weight : Var<T>());
  if (tape == nullptr) {
    const Var<T> shortcut = use.shortcut ? conv_norm(x, *use.shortcut) : x;
    return conv_norm(conv_norm(x, use.first), use.second, shortcut);
  }
  using Saved = detail::ConvNormSaved<T>;
  const Tensor<T>& input = x.value();
  const Saved first = detail::conv_norm_begin(input, use.first);
  const Saved second = detail::conv_norm_begin(detail::conv_norm_end(first, use.first), use.second);
  const Saved side = use.shortcut ? detail::conv_norm_begin(input, *use.shortcut) : Saved{};
  const auto shortcut_of = [](const Tensor<T>& in, const Saved& s, const BasicBlockUse<T>& u) {
    return u.shortcut ? detail::conv_norm_end(s, *u.shortcut) : in;
  };
  Tensor<T> y = detail::conv_norm_end(second, use.second, shortcut_of(input, side, use));
  return tape->record(y, [=, slot = x.slot()](const Tensor<T>& dy) {
    // dy becomes dz of the second convolution; the shortcut's share goes to x, or through its own unit.
    if (use.shortcut) {
      Tensor<T> dside(dy.shape(), dy.device());
      detail::conv_norm_backward_norm<T>(dy, second, use.second, shortcut_of(input, side, use), {dside, false});
      detail::conv_norm_backward_norm<T>(dside, side, *use.shortcut);
      detail::conv_norm_backward_conv(dside, input, *use.shortcut, slot);
    } else {
      detail::conv_norm_backward_norm<T>(dy, second, use.second, input, detail::target_of(slot));
    }
    Tensor<T> dinner;
    {
      const Tensor<T> inner = detail::conv_norm_end(first, use.first);
      detail::conv_norm_backward_conv<T>(dy, inner, use.second, nullptr);
      dinner = detail::conv_norm_backward_data(dy, use.second, inner.shape());
    }
    detail::conv_norm_backward_norm<T>(dinner, first, use.first);
    detail::conv_norm_backward_conv(dinner, input, use.first, slot);
  });
}

}  // namespace qrs
