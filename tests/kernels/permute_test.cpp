// The permutation of axes: the fast version against five loops, for every order of up to five axes.
#include <doctest/doctest.h>
#include <qrs/kernels.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "../../kernels/permute/ref.hpp"
#include "random_values.hpp"

namespace permute_test {

using qrs::kernels::PermuteParams;
using qrs::testing::random_values;

/// x has these extents and `gap` values between its rows; y its axes in this order.
template <class T>
static void check_order(const std::array<std::int64_t, 5>& extents, const std::array<std::size_t, 5>& order,
                        std::int64_t gap) {
  std::array<std::int64_t, 5> strides{};
  strides[4] = 1;
  strides[3] = extents[4] + gap;
  for (std::size_t axis = 3; axis-- > 0;) strides[axis] = strides[axis + 1] * extents[axis + 1];
  PermuteParams p;
  for (std::size_t axis = 0; axis < 5; ++axis) {
    p.extents[axis] = extents[order[axis]];
    p.strides[axis] = strides[order[axis]];
  }
  const std::vector<T> x = random_values<T>(strides[0] * extents[0], -1, 1, 1);
  for (const bool accumulate : {false, true}) {
    p.accumulate = accumulate;
    std::vector<T> y = random_values<T>(p.rows() * p.extents[4], -1, 1, 2);
    std::vector<T> expected = y;
    qrs::kernels::permute_ref(p, x.data(), expected.data());
    for (const int threads : {1, 3}) {
      const qrs::ThreadLimit limit(threads);
      std::vector<T> got = y;
      qrs::kernels::permute_cpu(p, x.data(), got.data());
      CHECK(got == expected);
    }
  }
}

TEST_CASE_TEMPLATE("the permutation of axes is that of five loops, for every order, tail and pitch", T, float, double) {
  std::array<std::size_t, 5> order = {0, 1, 2, 3, 4};
  do {
    for (const std::int64_t gap : {0, 3}) {
      check_order<T>({2, 3, 1, 4, 7}, order, gap);
      check_order<T>({1, 1, 2, 33, 35}, order, gap);
    }
  } while (std::next_permutation(order.begin(), order.end()));
  for (std::int64_t tail = 1; tail <= 2 * qrs::simd::lanes<T> + 1; ++tail) {
    check_order<T>({1, 2, 3, 5, tail}, {0, 2, 3, 1, 4}, 2);
  }
}

}  // namespace permute_test
