// Random numbers with a state that the caller owns: Mt19937, equal to NumPy's legacy RandomState, and Rng, for weights.
//
// Splits and shuffles of published experiments were drawn with numpy.random.RandomState(seed); Mt19937 draws the same
// numbers in the same order, bit for bit. There is no global generator. (Numbers that have an address: philox.hpp.)
// Source: Matsumoto and Nishimura, Mersenne Twister, ACM TOMACS 8(1), 1998; the distributions are those that NumPy's
// documentation freezes as "legacy": 53-bit doubles, masked rejection for integers, Marsaglia's polar method for
// normals.
#pragma once

#include <algorithm>
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
#include "rounded.hpp"

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
  /// choice(count, size, replace): indices in [0, count). Without replacement, the beginning of a permutation.
  std::vector<std::int64_t> choice(std::int64_t count, std::int64_t size, bool replace = true) {
    QRS_CHECK(size >= 0 && (count > 0 || (count == 0 && size == 0)),
              "[choice] expected a size >= 0 and something to choose from, got ", size, " of ", count);
    QRS_CHECK(replace || size <= count, "[choice] expected at most ", count, " without replacement, got ", size);
    std::vector<std::int64_t> out;
    if (replace) {
      for (std::int64_t i = 0; i < size; ++i) out.push_back(randint(0, count));
    } else {
      out = permutation(count);
      out.resize(static_cast<std::size_t>(size));
    }
    return out;
  }
  /// choice(len(p), size, replace, p): index i with probability p[i]. The probabilities are >= 0 and sum to 1 within
  /// 1.5e-8; without replacement those already drawn are left out and the others scaled up.
  std::vector<std::int64_t> choice(std::span<const double> p, std::int64_t size, bool replace = true) {
    check_probabilities(p, size, replace);
    std::vector<double> left(p.begin(), p.end());
    std::vector<double> cumulative(p.size());
    std::vector<std::int64_t> out;
    while (static_cast<std::int64_t>(out.size()) < size) {
      const std::size_t before = out.size();
      std::partial_sum(left.begin(), left.end(), cumulative.begin());
      const double total = cumulative.back();
      for (double& value : cumulative) value /= total;
      for (std::int64_t i = static_cast<std::int64_t>(before); i < size; ++i) {
        const auto at = std::upper_bound(cumulative.begin(), cumulative.end(), random_sample()) - cumulative.begin();
        const bool fresh =
            replace || std::find(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), at) == out.end();
        if (fresh) out.push_back(at);
      }
      if (!replace) {
        for (const std::int64_t i : out) left[static_cast<std::size_t>(i)] = 0.0;
      }
    }
    return out;
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

  static void check_probabilities(std::span<const double> p, std::int64_t size, bool replace) {
    QRS_CHECK(size >= 0 && !p.empty(), "[choice] expected a size >= 0 and something to choose from, got ", size, " of ",
              p.size());
    double sum = 0.0;
    double lost = 0.0;  // what rounding took from the sum so far (Kahan), as NumPy adds here
    std::int64_t possible = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      QRS_CHECK(p[i] >= 0.0 && std::isfinite(p[i]), "[choice] expected probabilities >= 0, got ", p[i], " for ", i);
      const double value = p[i] - lost;
      const double next = sum + value;
      lost = (next - sum) - value;
      sum = next;
      possible += p[i] > 0.0 ? 1 : 0;
    }
    QRS_CHECK(std::abs(sum - 1.0) <= 1.4901161193847656e-08, "[choice] expected probabilities that sum to 1, got ",
              sum);
    QRS_CHECK(replace || size <= possible, "[choice] expected at most ", possible,
              " without replacement, as many as have a probability > 0, got ", size);
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
