// Adam's step on the CPU before its judge: every tail, every option, many parameters at once.
#include <doctest/doctest.h>
#include <qrs/kernels.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../../kernels/adam/ref.hpp"
#include "judge.hpp"

namespace adam_test {

namespace {

using qrs::kernels::AdamParams;
using qrs::kernels::AdamTensor;
using qrs::testing::Draw;
using qrs::testing::Matrix;
using qrs::testing::operand;
using qrs::testing::target;

/// What is wrong with three steps on parameters of these sizes, or nothing.
template <class T>
std::string wrong_with(const AdamParams& a, bool amsgrad, const std::vector<std::int64_t>& sizes,
                       std::uint64_t seed = 1) {
  Draw draw(seed);
  constexpr std::size_t arrays = 4;  // p, m, v, v_max
  std::vector<Matrix<T>> gradients;
  std::vector<Matrix<T>> before;
  for (const std::int64_t size : sizes) {
    gradients.push_back(operand<T>(draw, 1, size));
    before.push_back(target<T>(draw, 1, size, 0, true));
    before.push_back(target<T>(draw, 1, size, 0, true));
    before.push_back(target<T>(draw, 1, size, 0, true, 0, 1));  // squares
    before.push_back(target<T>(draw, 1, size, 0, true, 0, 1));
  }
  const auto steps = [&](std::vector<Matrix<T>>& out, const auto& step) {
    for (std::int64_t t = 1; t <= 3; ++t) {
      std::vector<AdamTensor<T>> tensors;
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        tensors.push_back({.count = sizes[i],
                           .p = out[arrays * i].data(),
                           .g = gradients[i].data(),
                           .m = out[arrays * i + 1].data(),
                           .v = out[arrays * i + 2].data(),
                           .v_max = amsgrad ? out[arrays * i + 3].data() : nullptr,
                           .step = t + static_cast<std::int64_t>(i)});
      }
      step(a, std::span<const AdamTensor<T>>(tensors));
    }
  };
  return qrs::testing::judge<T>(
      before, qrs::testing::roundings<T>(32),
      [&](auto& out) { steps(out, [](const auto&... args) { qrs::kernels::adam_cpu<T>(args...); }); },
      [&](auto& out) { steps(out, [](const auto&... args) { qrs::kernels::adam_ref<T>(args...); }); });
}

}  // namespace

TEST_CASE_TEMPLATE("Adam's steps have their judge's values, for every tail and option", T, float, double) {
  for (std::int64_t count = 1; count <= 2 * qrs::simd::lanes<T> + 1; ++count) {
    for (int way = 0; way < 16; ++way) {
      CAPTURE(count);
      CAPTURE(way);
      const AdamParams a{.lr = 0.125,
                         .beta1 = 0.75,
                         .beta2 = 0.875,
                         .weight_decay = way % 2 == 0 ? 0.0 : 0.25,
                         .decoupled = way / 2 % 2 == 1,
                         .maximize = way / 4 % 2 == 1};
      CHECK(wrong_with<T>(a, way / 8 == 1, {count}, static_cast<std::uint64_t>(count)) == "");
    }
  }
}

TEST_CASE_TEMPLATE("Adam's steps on many parameters of random sizes have their judge's values", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    std::vector<std::int64_t> sizes;
    for (int i = 0; i < 20; ++i) sizes.push_back(draw.in(0, 300));
    sizes.push_back(16384 * draw.in(1, 2) + draw.in(-1, 1));  // around the ends of chunks
    CHECK(wrong_with<T>({.lr = 0.01, .weight_decay = 0.1, .decoupled = draw.coin()}, draw.coin(), sizes, seed) == "");
  }
}

}  // namespace adam_test
