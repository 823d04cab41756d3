// A tensor as files describe it (bytes, offset, shape, strides) and its contiguous copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "state_dict.hpp"

namespace qrs::io {

/// A tensor over bytes of a file; offset and strides count elements.
struct StridedView {
  DType dtype = DType::f32;
  Bytes storage;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> stride;
  std::uint64_t where = 0;  // offset in the file of what describes it
};

/// Bounds the bytes of all tensors of a file, since views and strides of zero let a short file describe long tensors.
class TensorBudget {
 public:
  explicit TensorBudget(std::size_t file_bytes) : left_(4 * std::uint64_t{file_bytes} + (std::uint64_t{64} << 20)) {}
  bool take(std::uint64_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  std::uint64_t left_;
};

namespace detail {

/// Copies element by element in row-major order of the shape; the inner axis is the loop.
template <std::size_t Size>
void gather(const StridedView& tensor, std::byte* out) {
  const std::size_t rank = tensor.shape.size();
  const std::int64_t inner = rank == 0 ? 1 : tensor.shape.back();
  const std::int64_t step = rank == 0 ? 0 : tensor.stride.back();
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t at = tensor.offset;
  for (;;) {
    const std::byte* source = tensor.storage.data() + static_cast<std::size_t>(at) * Size;
    for (std::int64_t i = 0; i < inner; ++i, out += Size) {
      std::memcpy(out, source + static_cast<std::size_t>(i * step) * Size, Size);
    }
    std::size_t axis = rank < 2 ? 0 : rank - 1;
    for (; axis > 0; --axis) {
      const std::size_t a = axis - 1;
      at += tensor.stride[a];
      if (++index[a] < tensor.shape[a]) break;
      at -= tensor.stride[a] * tensor.shape[a];
      index[a] = 0;
    }
    if (axis == 0) return;
  }
}

}  // namespace detail

/// The tensor as a contiguous entry; throws where it reaches outside its storage.
inline Entry materialise(const StridedView& tensor, std::string_view name, TensorBudget& budget, std::string_view file,
                         std::string_view format) {
  const auto bad = [&](const auto&... parts) {
    fail_at(format, file, tensor.where, parts..., ", at '", shown(name), "'");
  };
  const auto size = static_cast<std::int64_t>(size_of(tensor.dtype));
  if (tensor.shape.size() > max_file_rank) bad("expected at most ", max_file_rank, " axes, got ", tensor.shape.size());
  if (tensor.stride.size() != tensor.shape.size()) {
    bad("expected ", tensor.shape.size(), " strides, got ", tensor.stride.size());
  }
  const std::int64_t count = element_count(tensor.shape);
  const std::int64_t bytes = byte_count(tensor.dtype, tensor.shape);
  if (bytes < 0) bad("expected extents >= 0 and fewer than 2^63 bytes, got shape ", std::span(tensor.shape));
  std::int64_t last = tensor.offset;
  bool inside = tensor.offset >= 0;
  bool dense = true;
  std::int64_t expected = 1;
  for (std::size_t axis = tensor.shape.size(); axis-- > 0 && count > 0;) {
    std::int64_t reach = 0;
    inside = inside && tensor.stride[axis] >= 0 &&
             !__builtin_mul_overflow(tensor.shape[axis] - 1, tensor.stride[axis], &reach) &&
             !__builtin_add_overflow(last, reach, &last);
    dense = dense && (tensor.shape[axis] == 1 || tensor.stride[axis] == expected);
    expected *= tensor.shape[axis];  // at most count
  }
  const auto room = static_cast<std::int64_t>(tensor.storage.size()) / size;
  if (!inside || (count > 0 && last >= room)) {
    bad("expected a view inside ", room, " elements, got offset ", tensor.offset, ", shape ", std::span(tensor.shape),
        ", stride ", std::span(tensor.stride));
  }
  if (!budget.take(static_cast<std::uint64_t>(bytes))) {
    bad("expected tensors of together at most four times the file, got more with shape ", std::span(tensor.shape));
  }
  Entry entry{.dtype = tensor.dtype, .shape = tensor.shape, .bytes = {}};
  if (count == 0) return entry;
  entry.bytes.resize(static_cast<std::size_t>(bytes));
  if (dense) {
    std::memcpy(entry.bytes.data(), tensor.storage.data() + tensor.offset * size, entry.bytes.size());
  } else if (size == 1) {
    detail::gather<1>(tensor, entry.bytes.data());
  } else if (size == 2) {
    detail::gather<2>(tensor, entry.bytes.data());
  } else if (size == 4) {
    detail::gather<4>(tensor, entry.bytes.data());
  } else {
    detail::gather<8>(tensor, entry.bytes.data());
  }
  return entry;
}

}  // namespace qrs::io
