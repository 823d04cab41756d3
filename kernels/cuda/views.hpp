// How a kernel reaches memory: Global<T> and Shared<T> are arrays that know where they end.
//
// Under nvcc a view is a plain pointer and costs nothing. Under the emulator every use is checked: the index against the
// count, 16-byte accesses against their alignment, the word against uses by other threads that no barrier orders
// (simt_shadow.hpp), shared memory against being read before it was written, and global memory against not being device
// memory at all. A finding is a qrs::Error that names kernel, block, thread and index.
//
//   __global__ void scale_kernel(Global<const T> x, Global<T> y, T factor, std::int64_t count) {
//     const std::int64_t i = blockIdx.x * std::int64_t{blockDim.x} + threadIdx.x;
//     if (i < count) y[i] = factor * x[i];
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "../simt/simt.hpp"

#if !defined(__CUDACC__)
#include "../simt/memory.hpp"
#endif

namespace qrs::kernels {

/// N neighbouring values that travel as one: 4 floats or 2 doubles are one 16-byte access.
template <class T, int N>
struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Pack {
  T values[N];
  QRS_HD T& operator[](int i) { return values[i]; }
  QRS_HD const T& operator[](int i) const { return values[i]; }
};

/// How many values of T one 16-byte access moves.
template <class T>
inline constexpr int pack_size = 16 / static_cast<int>(sizeof(T));

#if defined(__CUDACC__)

namespace detail {
template <class T>
class View {
 public:
  QRS_HD View(T* data, std::int64_t) : data_(data) {}
  QRS_HD T& operator[](std::int64_t i) const { return data_[i]; }
  QRS_HD bool operator==(std::nullptr_t) const { return data_ == nullptr; }
  /// Values i, i + 1, ..., i + N - 1; the address must be a multiple of their size (16 at most).
  template <int N>
  QRS_HD Pack<std::remove_const_t<T>, N> load(std::int64_t i) const {
    return *reinterpret_cast<const Pack<std::remove_const_t<T>, N>*>(data_ + i);
  }
  template <int N>
  QRS_HD void store(std::int64_t i, const Pack<T, N>& values) const {
    *reinterpret_cast<Pack<T, N>*>(data_ + i) = values;
  }

 private:
  T* data_;
};
}  // namespace detail

/// `count` values of device memory; made by a launcher, passed to a kernel.
template <class T>
using Global = detail::View<T>;
/// `count` values of the block's shared memory.
template <class T>
using Shared = detail::View<T>;

/// This block's shared memory, handed out piece by piece. Every thread takes the same pieces in the same order.
class SharedMemory {
 public:
  template <class T>
  __device__ Shared<T> take(int count) {
    extern __shared__ __align__(16) unsigned char block_shared_memory[];
    const int begin = used_;
    used_ += (count * static_cast<int>(sizeof(T)) + 15) / 16 * 16;
    return {reinterpret_cast<T*>(block_shared_memory + begin), count};
  }

 private:
  int used_ = 0;
};

#else

namespace simt {

/// A checked array. Const T gives values, otherwise operator[] gives a Place that reads or writes when it is used.
template <class T, bool InShared>
class View {
 public:
  using Value = std::remove_const_t<T>;

  View(T* data, std::int64_t count) : data_(data), count_(count) {
    if constexpr (!InShared) {
      QRS_CHECK(count >= 0, "[simt] expected a count of at least 0 for a global array, got ", count);
      QRS_CHECK(count == 0 || device_memory().owns(data, static_cast<std::size_t>(count) * sizeof(T)),
                "[simt] expected a global array of ", count,
                " values inside device memory, got host memory or an end "
                "past the allocation");
    }
  }

  class Place {
   public:
    Place(const View& view, std::int64_t index) : view_(view), index_(index) {}
    operator Value() const { return view_.read(index_); }
    const Place& operator=(const Value& value) const {
      view_.write(index_, value);
      return *this;
    }
    const Place& operator=(const Place& other) const { return *this = static_cast<Value>(other); }
    const Place& operator+=(const Value& value) const { return *this = static_cast<Value>(*this) + value; }
    const Place& operator-=(const Value& value) const { return *this = static_cast<Value>(*this) - value; }
    const Place& operator*=(const Value& value) const { return *this = static_cast<Value>(*this) * value; }

   private:
    const View& view_;
    std::int64_t index_;
  };

  auto operator[](std::int64_t i) const {
    if constexpr (std::is_const_v<T>) {
      return read(i);
    } else {
      return Place(*this, i);
    }
  }

  bool operator==(std::nullptr_t) const { return data_ == nullptr; }

  template <int N>
  Pack<Value, N> load(std::int64_t i) const {
    check_alignment<N>(i);
    Pack<Value, N> pack;
    for (int n = 0; n < N; ++n) pack[n] = read(i + n);
    return pack;
  }
  template <int N>
  void store(std::int64_t i, const Pack<Value, N>& pack) const {
    check_alignment<N>(i);
    for (int n = 0; n < N; ++n) write(i + n, pack[n]);
  }

 private:
  static constexpr const char* kind = InShared ? "shared" : "global";

  Value read(std::int64_t i) const {
    Machine& m = check_index(i, "read");
    Record& word = m.record(data_ + i, sizeof(T));
    if constexpr (InShared) {
      QRS_CHECK(word.write.time >= m.clock().block_begin, m.head(), "expected index ", i, " of a shared array of ",
                count_, " values to be written before it is read, got a read first in ", m.place());
    }
    const Clash clash = note_read(word, m.clock(), m.thread());
    if (clash.use != nullptr) report(m, i, "read", clash);
    return data_[i];
  }

  void write(std::int64_t i, const Value& value) const {
    Machine& m = check_index(i, "write");
    Record& word = m.record(data_ + i, sizeof(T));
    if constexpr (InShared) {
      if (word.write.time < m.clock().block_begin) word = {};  // left over from the block before
    }
    const Clash clash = note_write(word, m.clock(), m.thread());
    if (clash.use != nullptr) report(m, i, "write", clash);
    data_[i] = value;
  }

  Machine& check_index(std::int64_t i, const char* what) const {
    Machine& m = machine();
    QRS_CHECK(m.running(), "[simt] expected a view to be used inside a kernel, got a ", what, " outside");
    QRS_CHECK(i >= 0 && i < count_, m.head(), "expected an index inside a ", kind, " array of ", count_,
              " values, got a ", what, " of index ", i, " in ", m.place());
    return m;
  }
  template <int N>
  void check_alignment(std::int64_t i) const {
    const auto address = reinterpret_cast<std::uintptr_t>(data_ + i);
    constexpr std::size_t alignment = alignof(Pack<Value, N>);
    QRS_CHECK(address % alignment == 0, machine().head(), "expected an address that is a multiple of ", alignment,
              " for ", N, " values at once, got index ", i, " of a ", kind, " array in ", machine().place());
  }
  [[noreturn]] void report(const Machine& m, std::int64_t i, const char* what, const Clash& clash) const {
    fail(m.head(), "expected a barrier between two uses of index ", i, " of a ", kind, " array of ", count_,
         " values, got a ", clash.was_write ? "write" : "read", " in ", m.place(*clash.use), " and a ", what, " in ",
         m.place());
  }

  T* data_;
  std::int64_t count_;
};

}  // namespace simt

template <class T>
using Global = simt::View<T, false>;
template <class T>
using Shared = simt::View<T, true>;

class SharedMemory {
 public:
  template <class T>
  Shared<T> take(int count) {
    simt::Machine& m = simt::machine();
    const std::size_t begin = used_;
    used_ += (static_cast<std::size_t>(count) * sizeof(T) + 15) / 16 * 16;
    QRS_CHECK(used_ <= m.shared_bytes(), m.head(), "expected at most ", m.shared_bytes(),
              " bytes of shared memory, as launched, got ", used_, " taken in ", m.place());
    return {reinterpret_cast<T*>(m.shared() + begin), count};
  }

 private:
  std::size_t used_ = 0;
};

#endif

/// Bytes that SharedMemory::take<T>(count) uses up: for the launcher.
template <class T>
constexpr std::size_t shared_bytes_for(std::int64_t count) {
  return (static_cast<std::size_t>(count) * sizeof(T) + 15) / 16 * 16;
}

}  // namespace qrs::kernels
