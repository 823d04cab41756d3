// Random numbers with a state that the caller owns: Mt19937, equal to NumPy's legacy RandomState, and Rng, for weights.
//
// Splits and shuffles of published experiments were drawn with numpy.random.RandomState(seed); Mt19937 draws the same
// numbers in the same order, bit for bit. There is no global generator. (Numbers that have an address: philox.hpp.)
// Source: Matsumoto and Nishimura, Mersenne Twister, ACM TOMACS 8(1), 1998; the distributions are those that NumPy's
// documentation freezes as "legacy": 53-bit doubles, masked rejection for integers, Marsaglia's polar method for
// normals.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "error.hpp"
#include "philox.hpp"

namespace qrs {

/// numpy.random.RandomState(seed), as far as splits, shuffles and initialisations need it.
class Mt19937 {
 public:
  /// RandomState(seed) for an integer seed.
  explicit Mt19937(std::uint32_t seed) {
    state_[0] = seed;
    for (std::uint32_t i = 1; i < size; ++i) {
      state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
    }
  }

  /// The next 32 bits.
  std::uint32_t next() {
    if (at_ == size) refill();
    std::uint32_t y = state_[at_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }
  /// The next 64 bits: two draws, the upper half first.
  std::uint64_t next64() {
    const std::uint64_t upper = next();
    return upper << 32 | next();
  }

  /// random_sample(): 53 bits in [0, 1).
  double random_sample() {
    const std::uint32_t upper = next() >> 5;
    const std::uint32_t lower = next() >> 6;
    return (upper * 67108864.0 + lower) / 9007199254740992.0;
  }
  /// uniform(low, high).
  double uniform(double low, double high) { return low + rounded((high - low) * random_sample()); }

  /// standard normal, legacy: two at a time, the second kept for the next call.
  double gauss() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double x = 0.0;
    double y = 0.0;
    double r2 = 0.0;
    do {
      x = 2.0 * random_sample() - 1.0;
      y = 2.0 * random_sample() - 1.0;
      r2 = rounded(x * x) + rounded(y * y);
    } while (r2 >= 1.0 || r2 == 0.0);
    const double f = std::sqrt(-2.0 * std::log(r2) / r2);
    spare_ = f * x;
    has_spare_ = true;
    return f * y;
  }
  /// normal(mean, std).
  double normal(double mean, double std) { return mean + rounded(std * gauss()); }

  /// randint(low, high): an integer in [low, high), of NumPy's default type int64.
  std::int64_t randint(std::int64_t low, std::int64_t high) {
    QRS_CHECK(low < high, "[randint] expected low < high, got ", low, " and ", high);
    const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) - 1;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + below_or_equal(range));
  }

  /// shuffle(values), in place.
  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i-- > 1;) {
      const auto k = static_cast<std::size_t>(below_or_equal(i));
      std::swap(values[i], values[k]);
    }
  }
  /// permutation(count): 0 ... count - 1 in random order.
  std::vector<std::int64_t> permutation(std::int64_t count) {
    QRS_CHECK(count >= 0, "[permutation] expected a count >= 0, got ", count);
    std::vector<std::int64_t> out(static_cast<std::size_t>(count));
    std::iota(out.begin(), out.end(), std::int64_t{0});
    shuffle(std::span(out));
    return out;
  }

 private:
  static constexpr std::uint32_t size = 624;

  /// The value rounded to double before it enters a sum: without this the compiler may fuse product and sum into one
  /// rounding, which NumPy does not.
  static double rounded(double value) {
    volatile double stored = value;
    return stored;
  }

  /// Uniform on [0, range]: bits under the smallest mask that holds range, drawn until they fit.
  std::uint64_t below_or_equal(std::uint64_t range) {
    if (range == 0) return 0;
    const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(range);
    std::uint64_t value = 0;
    do {
      value = (range <= 0xffffffffu ? next() : next64()) & mask;
    } while (value > range);
    return value;
  }

  void refill() {
    for (std::uint32_t i = 0; i < size; ++i) {
      const std::uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % size] & 0x7fffffffu);
      state_[i] = state_[(i + 397) % size] ^ (y >> 1) ^ ((y & 1u) != 0 ? 0x9908b0dfu : 0u);
    }
    at_ = 0;
  }

  std::array<std::uint32_t, size> state_;
  std::uint32_t at_ = size;
  bool has_spare_ = false;
  double spare_ = 0.0;
};

/// The generator that weights are drawn from: the caller makes one and hands it on.
///   qrs::Rng rng(42);   rng.normal(0.0, 0.01)
class Rng {
 public:
  explicit Rng(std::uint64_t seed)
      : generator_(static_cast<std::uint32_t>(seed) ^ static_cast<std::uint32_t>((seed >> 32) * 0x9E3779B9u)) {}

  /// Uniform on [low, high).
  double uniform(double low, double high) { return generator_.uniform(low, high); }
  /// Normal with this mean and standard deviation.
  double normal(double mean, double std) { return generator_.normal(mean, std); }
  /// An integer in [low, high).
  std::int64_t integer(std::int64_t low, std::int64_t high) { return generator_.randint(low, high); }
  /// The generator underneath, for shuffles and permutations.
  Mt19937& generator() { return generator_; }

 private:
  Mt19937 generator_;
};

}  // namespace qrs
