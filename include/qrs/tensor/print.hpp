// A tensor as text, for people: nested brackets, the middle of long axes left out.
//
//   std::cout << x << '\n';        std::puts(to_text(x, {.digits = 3}).c_str());
//   Tensor (2, 3) on cpu
//   [[1, 2, 3],
//    [4, 5, 6]]
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <ostream>
#include <string>

#include "tensor.hpp"

namespace qrs {

struct PrintOptions {
  int digits = 5;               // significant digits
  std::int64_t threshold = 64;  // tensors with more elements are shortened
  std::int64_t edge = 3;        // elements kept at each end of an axis of a shortened tensor
};

namespace detail {

/// The value as C's %g writes it, in any locale.
inline void append_value(std::string& out, double value, const PrintOptions& options) {
  char text[400];
  const int digits = std::clamp(options.digits, 1, 300);
  out.append(text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits).ptr);
}

template <class T>
void append_axis(std::string& out, const Tensor<T>& tensor, const PrintOptions& options, int axis, std::int64_t row) {
  const std::int64_t extent = tensor.dim(axis);
  const bool last = axis + 1 == tensor.rank();
  const bool shorten = tensor.size() > options.threshold && extent > 2 * options.edge;
  out += '[';
  for (std::int64_t i = 0; i < extent; ++i) {
    if (i > 0) {
      out += ',';
      out += last ? std::string(1, ' ') : '\n' + std::string(static_cast<std::size_t>(axis) + 1, ' ');
    }
    if (shorten && i == options.edge) {
      out += "...";
      i = extent - options.edge - 1;
      continue;
    }
    if (last) {
      append_value(out, static_cast<double>(tensor.data()[row * tensor.pitch() + i]), options);
    } else {
      append_axis(out, tensor, options, axis + 1, row * extent + i);
    }
  }
  out += ']';
}

}  // namespace detail

/// Shape, device and values; any pitch, any device.
template <class T>
std::string to_text(const Tensor<T>& tensor, const PrintOptions& options = {}) {
  if (tensor.empty()) return "no tensor";
  std::string out = text("Tensor ", tensor.shape(), " on ", name(tensor.device()), "\n");
  const Tensor<T> host = tensor.to(Device::cpu);
  if (host.rank() == 0) {
    detail::append_value(out, static_cast<double>(host.item()), options);
    return out;
  }
  detail::append_axis(out, host, options, 0, 0);
  return out;
}

template <class T>
std::ostream& operator<<(std::ostream& out, const Tensor<T>& tensor) {
  return out << to_text(tensor);
}

}  // namespace qrs
