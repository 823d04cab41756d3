// A rows x cols matrix with a pitch, as kernels see it, and the choice between single values and 16-byte packs.
#pragma once

#include <cstdint>
#include <type_traits>

#include "views.hpp"

namespace qrs::kernels {

/// Row r begins at r * pitch.
template <class T>
struct Rows {
  Global<T> data;
  std::int64_t pitch;

  template <int N>
  __device__ Pack<std::remove_const_t<T>, N> load(std::uint32_t row, std::uint32_t col) const {
    return data.template load<N>(row * pitch + col);
  }
  template <int N>
  __device__ void store(std::uint32_t row, std::uint32_t col, const Pack<T, N>& values) const {
    data.template store<N>(row * pitch + col, values);
  }
};

/// The matrix as a launcher gets it: checked to end where its last row ends.
template <class T>
Rows<T> rows_of(T* data, std::int64_t rows, std::int64_t cols, std::int64_t pitch) {
  return {Global<T>(data, rows == 0 ? 0 : (rows - 1) * pitch + cols), pitch};
}

/// Whether every row of the matrix may be read in packs of 16 bytes.
template <class T>
bool packs_align(const T* data, std::int64_t pitch) {
  return reinterpret_cast<std::uintptr_t>(data) % 16 == 0 && pitch % pack_size<T> == 0;
}

}  // namespace qrs::kernels
