// The step of gradient descent on the CPU before its judge: every tail, every option, many parameters at once.
#include <doctest/doctest.h>
#include <qrs/kernels.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../../kernels/sgd/ref.hpp"
#include "judge.hpp"

namespace sgd_test {

namespace {

using qrs::kernels::SgdParams;
using qrs::kernels::SgdTensor;
using qrs::testing::Draw;
using qrs::testing::Matrix;
using qrs::testing::operand;
using qrs::testing::target;

/// What is wrong with three steps on parameters of these sizes, or nothing. The buffers begin as NaN: the first step may
/// not read them.
template <class T>
std::string wrong_with(const SgdParams& a, bool momentum, const std::vector<std::int64_t>& sizes,
                       std::uint64_t seed = 1) {
  Draw draw(seed);
  std::vector<Matrix<T>> gradients;
  std::vector<Matrix<T>> before;  // p and buffer of each parameter
  for (const std::int64_t size : sizes) {
    gradients.push_back(operand<T>(draw, 1, size));
    before.push_back(target<T>(draw, 1, size, 0, true));
    before.push_back(target<T>(draw, 1, size, 0, !momentum));
  }
  const auto steps = [&](std::vector<Matrix<T>>& out, const auto& step) {
    for (int t = 1; t <= 3; ++t) {
      std::vector<SgdTensor<T>> tensors;
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        tensors.push_back({.count = sizes[i],
                           .p = out[2 * i].data(),
                           .g = gradients[i].data(),
                           .buffer = momentum ? out[2 * i + 1].data() : nullptr,
                           .first = t == 1});
      }
      step(a, std::span<const SgdTensor<T>>(tensors));
    }
  };
  return qrs::testing::judge<T>(
      before, qrs::testing::roundings<T>(16),
      [&](auto& out) { steps(out, [](const auto&... args) { qrs::kernels::sgd_cpu<T>(args...); }); },
      [&](auto& out) { steps(out, [](const auto&... args) { qrs::kernels::sgd_ref<T>(args...); }); });
}

}  // namespace

TEST_CASE_TEMPLATE("steps of gradient descent have their judge's values, for every tail and option", T, float, double) {
  for (std::int64_t count = 1; count <= 2 * qrs::simd::lanes<T> + 1; ++count) {
    for (int way = 0; way < 32; ++way) {
      CAPTURE(count);
      CAPTURE(way);
      const SgdParams a{.lr = 0.125,
                        .momentum = 0.75,
                        .dampening = way % 2 == 0 ? 0.0 : 0.25,
                        .weight_decay = way / 2 % 2 == 0 ? 0.0 : 0.25,
                        .nesterov = way / 4 % 2 == 1,
                        .maximize = way / 8 % 2 == 1};
      CHECK(wrong_with<T>(a, way / 16 == 1, {count}, static_cast<std::uint64_t>(count)) == "");
    }
  }
}

TEST_CASE_TEMPLATE("steps of gradient descent on many parameters of random sizes have their judge's values", T, float,
                   double) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    std::vector<std::int64_t> sizes;
    for (int i = 0; i < 20; ++i) sizes.push_back(draw.in(0, 300));
    sizes.push_back(16384 * draw.in(1, 2) + draw.in(-1, 1));  // around the ends of chunks
    CHECK(wrong_with<T>({.lr = 0.01, .momentum = 0.9, .weight_decay = 0.1}, true, sizes, seed) == "");
  }
}

}  // namespace sgd_test
