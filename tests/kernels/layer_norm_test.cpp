// Layer normalisation on the CPU against the plain loops: every tail, pitches, optional parameters, threads.
#include "../../kernels/layer_norm/cpu.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "../../include/qrs/core/compare.hpp"
#include "../../include/qrs/core/rng.hpp"
#include "../../kernels/layer_norm/ref.hpp"

namespace {

using namespace qrs;
using namespace qrs::kernels;

/// rows x cols of random values; the gap behind each row is NaN.
template <class T>
std::vector<T> matrix(std::int64_t rows, std::int64_t cols, std::int64_t pitch, Rng& rng) {
  std::vector<T> out(static_cast<std::size_t>(rows * pitch), std::numeric_limits<T>::quiet_NaN());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c)
      out[static_cast<std::size_t>(r * pitch + c)] = static_cast<T>(rng.uniform(-2.0, 3.0));
  }
  return out;
}

template <class T>
struct Results {
  std::vector<T> y, dx, dgamma, dbeta;
};

template <class T, class Forward, class Backward>
Results<T> run(const LayerNormParams& p, const std::vector<T>& x, const std::vector<T>& dy, const std::vector<T>& gamma,
               const std::vector<T>& beta, bool accumulate, const Forward& forward, const Backward& backward) {
  const std::size_t cols = static_cast<std::size_t>(p.cols);
  Results<T> out{std::vector<T>(dy.size(), T(7)), std::vector<T>(x.size(), T(0.25)), std::vector<T>(cols),
                 std::vector<T>(cols)};
  const T* scale = gamma.empty() ? nullptr : gamma.data();
  forward(p, x.data(), scale, beta.empty() ? nullptr : beta.data(), out.y.data());
  backward(p, x.data(), dy.data(), scale,
           LayerNormGradients<T>{.dx = out.dx.data(),
                                 .dx_pitch = p.x_pitch,
                                 .accumulate_dx = accumulate,
                                 .dgamma = out.dgamma.data(),
                                 .dbeta = out.dbeta.data()});
  return out;
}

template <class T>
void check(double tolerance) {
  Rng rng(11);
  for (std::int64_t cols = 1; cols <= 70; cols += cols < 36 ? 1 : 17) {
    for (const std::int64_t rows : {1, 3, 130}) {
      for (const bool affine : {false, true}) {
        const bool accumulate = rows == 3;
        const LayerNormParams p{
            .rows = rows,
            .cols = cols,
            .x_pitch = cols + rows % 4,
            .y_pitch = cols + 2,
            .eps = cols < 8 ? 0.5 : 1e-6};  // short rows: their gradient is all cancellation where eps is small
        CAPTURE(rows);
        CAPTURE(cols);
        CAPTURE(affine);
        const auto x = matrix<T>(rows, cols, p.x_pitch, rng);
        const auto dy = matrix<T>(rows, cols, p.y_pitch, rng);
        const auto gamma = affine ? matrix<T>(1, cols, cols, rng) : std::vector<T>();
        const auto beta = affine ? matrix<T>(1, cols, cols, rng) : std::vector<T>();
        const Results<T> want =
            run<T>(p, x, dy, gamma, beta, accumulate, layer_norm_forward_ref<T>, layer_norm_backward_ref<T>);
        Results<T> first;
        for (const int threads : {1, 2, 3, 7}) {
          const ThreadLimit limit(threads);
          const Results<T> got =
              run<T>(p, x, dy, gamma, beta, accumulate, layer_norm_forward_cpu<T>, layer_norm_backward_cpu<T>);
          if (threads == 1) {
            first = got;
            CHECK(difference(got.y, want.y).relative() < tolerance);
            CHECK(difference(got.dx, want.dx).relative() < 20 * tolerance);  // sums that cancel
            CHECK(difference(got.dgamma, want.dgamma).relative() < 20 * tolerance);
            CHECK(difference(got.dbeta, want.dbeta).relative() < 20 * tolerance);
          }
          CHECK(same_bits(got.y, first.y));
          CHECK(same_bits(got.dx, first.dx));
          CHECK(same_bits(got.dgamma, first.dgamma));
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("layer norm equals the plain loops for every tail, and its bits do not depend on the threads") {
  check<float>(3e-6);
  check<double>(1e-13);
}
