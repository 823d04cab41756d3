// Matrix products: the classifiers of the backbones (x w^T, dy^T x, dy w at batch 16), and squares.
#include "../../kernels/gemm/ref.hpp"
#include "measure.hpp"
#include "qrs/kernels.hpp"

namespace gemm_bench {

namespace {

using namespace qrs::bench;
using qrs::kernels::GemmParams;

/// Contiguous operands of op(A) (m, k) and op(B) (k, n).
GemmParams product(std::int64_t m, std::int64_t n, std::int64_t k, bool transpose_a, bool transpose_b) {
  return {.m = m,
          .n = n,
          .k = k,
          .lda = transpose_a ? m : k,
          .ldb = transpose_b ? k : n,
          .ldc = n,
          .transpose_a = transpose_a,
          .transpose_b = transpose_b};
}

/// All four transpositions of a product whose sizes no register divides.
const std::string& fault() {
  static const std::string found = [] {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        const GemmParams p = product(29, 43, 71, transpose_a, transpose_b);
        const std::vector<float> a = values(p.m * p.k);
        const std::vector<float> b = values(p.k * p.n);
        std::vector<float> got(static_cast<std::size_t>(p.m * p.n));
        std::vector<float> reference = got;
        qrs::kernels::gemm_cpu(p, a.data(), b.data(), got.data());
        qrs::kernels::gemm_ref(p, a.data(), b.data(), reference.data());
        const std::string wrong = fault_of("gemm", got, reference);
        if (!wrong.empty()) return wrong;
      }
    }
    return std::string();
  }();
  return found;
}

void add_product(const std::string& name, const GemmParams& p) {
  add(qrs::text("gemm/", name, "/", p.m, "x", p.n, "x", p.k), [p](benchmark::State& state) {
    const std::vector<float> a = values(p.m * p.k);
    const std::vector<float> b = values(p.k * p.n);
    std::vector<float> c(static_cast<std::size_t>(p.m * p.n));
    const double flops = 2.0 * static_cast<double>(p.m * p.n * p.k);
    const double bytes = 4.0 * static_cast<double>(a.size() + b.size() + c.size());
    measure(state, fault(), flops, bytes, [&] { qrs::kernels::gemm_cpu(p, a.data(), b.data(), c.data()); });
  });
}

[[maybe_unused]] const bool added = [] {
  constexpr std::int64_t rows = 16;
  constexpr std::int64_t classes = 1000;
  for (const std::int64_t features : {512, 1024, 1280}) {
    add_product("linear_forward", product(rows, classes, features, false, true));
    add_product("linear_data", product(rows, features, classes, false, false));
    add_product("linear_weights", product(classes, features, rows, true, false));
  }
  for (const std::int64_t n : {256, 512, 1024}) add_product("square", product(n, n, n, false, false));
  return true;
}();

}  // namespace

}  // namespace gemm_bench
