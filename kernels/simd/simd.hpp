// Vec<T>: as many values of T as one register of the target holds, in the vector types GCC and clang share.
//
// Vec<float> has 16 lanes with AVX-512, 8 with AVX, 4 otherwise. Arithmetic is written with the plain operators; a*b + c
// in one expression becomes one fused multiply-add where the target has it. Tails go through load_tail/store_tail, which
// touch only the lanes that exist.
#pragma once

#include <cstdint>
#include <cstring>

namespace qrs::simd {

#if defined(__AVX512F__)
inline constexpr int register_bytes = 64;
inline constexpr int registers = 32;
#elif defined(__AVX__)
inline constexpr int register_bytes = 32;
inline constexpr int registers = 16;
#else
inline constexpr int register_bytes = 16;
inline constexpr int registers = 16;
#endif

template <class T>
struct VecType {
  typedef T type __attribute__((vector_size(register_bytes)));
};
template <class T>
using Vec = typename VecType<T>::type;

/// Values in one register.
template <class T>
inline constexpr int lanes = register_bytes / static_cast<int>(sizeof(T));

template <class T>
inline Vec<T> load(const T* from) {
  Vec<T> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <class T>
inline void store(T* to, Vec<T> v) {
  std::memcpy(to, &v, sizeof v);
}

template <class T>
inline Vec<T> broadcast(T value) {
  return value - Vec<T>{};  // minus: 0 + -0 would not be -0, so a sum would stay in the program
}

/// The first `count` lanes from memory, zero in the others; 0 <= count <= lanes. Half a register, the commonest tail of
/// channel counts (24, 40), is one move.
template <class T>
inline Vec<T> load_tail(const T* from, std::int64_t count) {
  Vec<T> v{};
  if (count == lanes<T> / 2) {
    std::memcpy(&v, from, sizeof v / 2);
  } else {
    std::memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(T));
  }
  return v;
}

/// Writes the first `count` lanes.
template <class T>
inline void store_tail(T* to, Vec<T> v, std::int64_t count) {
  if (count == lanes<T> / 2) {
    std::memcpy(to, &v, sizeof v / 2);
  } else {
    std::memcpy(to, &v, static_cast<std::size_t>(count) * sizeof(T));
  }
}

/// How many lanes of the register of values from i on lie before `end`.
template <class T>
inline std::int64_t lanes_at(std::int64_t i, std::int64_t end) {
  return end - i < lanes<T> ? end - i : lanes<T>;
}

/// A whole register, or its first `count` lanes.
template <class T>
inline Vec<T> load_part(const T* from, std::int64_t count) {
  return count == lanes<T> ? load(from) : load_tail(from, count);
}
template <class T>
inline void store_part(T* to, Vec<T> v, std::int64_t count) {
  if (count == lanes<T>) {
    store(to, v);
  } else {
    store_tail(to, v, count);
  }
}

/// Asks for the cache line after that of `from`, without waiting: for a walk down the rows of a matrix one register of columns at
/// a time, whose next column then waits in the cache. The address may lie behind the last value; nothing is read.
template <class T>
inline void prefetch_next_line(const T* from) {
  constexpr std::uintptr_t line = 64;
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(from) + line));
}

/// max(a, b) lane by lane; b where a is NaN... see each caller: a > b ? a : b.
template <class T>
inline Vec<T> max(Vec<T> a, Vec<T> b) {
  return a > b ? a : b;
}

}  // namespace qrs::simd
