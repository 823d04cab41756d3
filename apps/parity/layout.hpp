// The border between the reference files, which are channels first as PyTorch is, and QRS, which is channels last.
#pragma once

#include <cstdint>

#include "qrs/nn/state.hpp"
#include "qrs/tensor/tensor.hpp"

namespace qrs::parity {

/// What a stored tensor is; an image is (N, C, H, W) in a file, a kernel (O, I, KH, KW), everything else is as it is.
enum class Layout { plain, image, kernel };

/// (a, b, c) to (a, c, b): planes to pixels, and back.
template <class T>
Tensor<T> swap_last_axes(const Tensor<T>& x, std::int64_t b, std::int64_t c, const Shape& shape) {
  Tensor<T> out(shape);
  const T* from = x.values().data();
  const std::int64_t a = b * c == 0 ? 0 : x.size() / (b * c);
  for (std::int64_t i = 0; i < a; ++i) {
    for (std::int64_t j = 0; j < b; ++j) {
      for (std::int64_t k = 0; k < c; ++k) out.data()[(i * c + k) * b + j] = from[(i * b + j) * c + k];
    }
  }
  return out;
}

/// From the layout of the files to that of QRS.
template <class T>
Tensor<T> from_reference(const Tensor<T>& x, Layout layout) {
  if (layout == Layout::plain) return x;
  QRS_CHECK(x.rank() == 4, "[parity] expected an image or a kernel of four axes, got shape ", x.shape());
  if (layout == Layout::image) {
    return swap_last_axes(x, x.dim(1), x.dim(2) * x.dim(3), {x.dim(0), x.dim(2), x.dim(3), x.dim(1)});
  }
  Tensor<T> out({x.dim(2), x.dim(3), x.dim(1), x.dim(0)});
  nn::detail::from_torch_layout(x, out);
  return out;
}

/// And back, from any device and pitch.
template <class T>
Tensor<T> to_reference(const Tensor<T>& x, Layout layout) {
  const Tensor<T> host = x.to(Device::cpu).as_contiguous();
  if (layout == Layout::plain) return host;
  if (layout == Layout::kernel) return nn::detail::to_torch_layout(host);
  return swap_last_axes(host, host.dim(1) * host.dim(2), host.dim(3),
                        {host.dim(0), host.dim(3), host.dim(1), host.dim(2)});
}

}  // namespace qrs::parity
