// The eigenvalues and vectors of a tridiagonal matrix by divide and conquer.
//
//   T = diag(T1, T2) + rho v v^T                 v has two values, at the last row of T1 and the first of T2
//     = Z^T (D + rho z z^T) Z,   z = Z v         from the halves: T1 = Z1^T D1 Z1, T2 = Z2^T D2 Z2
//
// Halves down to small blocks, which QL steps finish (ql_steps.hpp); then pairs are joined, level by level: the roots of
// the secular equation are the eigenvalues (secular.hpp), and one matrix product turns the vectors of the halves into those
// of the whole. Where z[i] or the distance of two d is negligible, a pair (d[i], row i of Z) is an eigenpair already and
// stays out of all that. n^2 work for the values, 4/3 n^3 at most, in matrix products, for the vectors; the last product
// makes only those that are wanted.
// Source: Cuppen 1981; Dongarra and Sorensen 1987; Gu and Eisenstat, SIAM J. Matrix Anal. Appl. 16(1), 1995.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/memory.hpp"
#include "../../core/parallel.hpp"
#include "../../kernels.hpp"
#include "../matrix.hpp"
#include "ql_steps.hpp"
#include "secular.hpp"

namespace qrs::ml::decompose {

struct SymmetricEigen {
  Array<double> values;    // all, the largest first
  Matrix<double> vectors;  // (wanted, n): row i belongs to values[i]
};

/// How many vectors are wanted, told after the eigenvalues are known: they come with the largest first.
using WantedVectors = std::function<std::int64_t(const Array<double>& values)>;

class DivideAndConquer {
 public:
  /// Of the matrix with this diagonal and these neighbours (beside[i] couples i and i + 1; the last value is not read).
  DivideAndConquer(Array<double> diagonal, Array<double> beside)
      : d_(std::move(diagonal)), e_(std::move(beside)), z_(size(), size()) {}

  SymmetricEigen run(const WantedVectors& wanted) && {
    Array<Array<Block>> levels;
    Array<Block> leaves;
    split({.begin = 0, .end = size()}, 0, levels, leaves);
    parallel_for(leaves.size(), [&](std::int64_t i) { finish(leaves[i]); });
    const auto all = [](std::int64_t) { return std::int64_t{0}; };
    for (std::int64_t level = levels.size(); level-- > 1;) {
      const Array<Block>& blocks = levels[level];
      const std::int64_t count = blocks.size();
      if (count >= 4) {
        parallel_for(count, [&](std::int64_t i) { join(blocks[i], all); });
      } else {
        for (const Block& block : blocks) join(block, all);
      }
    }
    SymmetricEigen out;
    Array<std::int64_t> order;
    std::int64_t count = 0;
    const auto choose = [&](std::int64_t roots) {
      for (std::int64_t i = size() - 1; i >= 0; --i) order.push_back(i);
      std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return d_[a] > d_[b]; });
      for (const std::int64_t i : order) out.values.push_back(d_[i]);
      count = wanted(out.values);
      std::int64_t first = roots;
      for (std::int64_t i = 0; i < count; ++i) first = std::min(first, order[i]);
      return first;
    };
    if (levels.empty()) {
      choose(0);
    } else {
      join(levels[0][0], choose);
    }
    out.vectors = Matrix<double>(count, size());
    parallel_chunks(count, 32, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) std::copy_n(z_.row(order[i]), size(), out.vectors.row(i));
    });
    return out;
  }

 private:
  static constexpr std::int64_t leaf = 32;

  /// Rows and columns [begin, end) of T; the halves meet at `middle`.
  struct Block {
    std::int64_t begin = 0;
    std::int64_t middle = 0;
    std::int64_t end = 0;
    double coupling = 0.0;  // of the rows before and after `middle`
  };

  /// Which columns of a row of Z may differ from zero: those of the upper half, all, those of the lower.
  enum class Kind { upper, both, lower };

  /// What is left of a joint when the eigenpairs that stay as they are have been taken out.
  struct Poles {
    double rho = 0.0;
    Array<double> d;            // rising
    Array<double> z;            // of length at most 1
    Array<std::int64_t> rows;   // of Z
    Array<std::int64_t> place;  // by kind: upper, both, lower
    std::int64_t upper = 0;     // how many there are of a kind
    std::int64_t both = 0;
    std::int64_t lower = 0;
    Array<std::int64_t> settled;  // rows of Z that are eigenvectors of the whole
  };

  std::int64_t size() const { return d_.size(); }

  /// Tears T into leaves. levels[l] holds the joints l steps below the whole.
  void split(Block block, std::int64_t level, Array<Array<Block>>& levels, Array<Block>& leaves) {
    if (block.end - block.begin <= leaf) {
      leaves.push_back(block);
      return;
    }
    block.middle = block.begin + (block.end - block.begin) / 2;
    block.coupling = e_[block.middle - 1];
    d_[block.middle - 1] -= std::abs(block.coupling);
    d_[block.middle] -= std::abs(block.coupling);
    if (levels.size() <= level) levels.resize(level + 1);
    levels[level].push_back(block);
    split({.begin = block.begin, .end = block.middle}, level + 1, levels, leaves);
    split({.begin = block.middle, .end = block.end}, level + 1, levels, leaves);
  }

  void finish(const Block& block) {
    const std::int64_t n = block.end - block.begin;
    Array<double> d(d_.begin() + block.begin, d_.begin() + block.end);
    Array<double> e(e_.begin() + block.begin, e_.begin() + block.end);
    Matrix<double> z(n, n);
    for (std::int64_t i = 0; i < n; ++i) z(i, i) = 1.0;
    ql_steps(d, e, z);
    std::copy(d.begin(), d.end(), d_.begin() + block.begin);
    for (std::int64_t i = 0; i < n; ++i) std::copy_n(z.row(i), n, z_.row(block.begin + i) + block.begin);
  }

  /// Sorts the eigenpairs of the halves into poles and settled ones.
  Poles poles_of(const Block& block) {
    constexpr double eps = std::numeric_limits<double>::epsilon();
    Poles out;
    // |v|^2 is 2.
    out.rho = 2.0 * std::abs(block.coupling);
    Array<double> z;
    double largest = out.rho;
    for (std::int64_t i = block.begin; i < block.end; ++i) {
      const bool upper = i < block.middle;
      const double value = z_(i, upper ? block.middle - 1 : block.middle) * std::sqrt(0.5);
      z.push_back(upper ? value : std::copysign(1.0, block.coupling) * value);
      largest = std::max(largest, std::abs(d_[i]));
    }
    const double negligible = 8.0 * eps * largest;
    Array<std::int64_t> order(block.end - block.begin);
    std::iota(order.begin(), order.end(), block.begin);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return d_[a] < d_[b]; });
    Array<Kind> kinds;
    for (const std::int64_t row : order) {
      double weight = z[row - block.begin];
      Kind kind = row < block.middle ? Kind::upper : Kind::lower;
      if (out.rho * std::abs(weight) <= negligible) {
        out.settled.push_back(row);
        continue;
      }
      if (!out.rows.empty()) {
        // A rotation of the two rows that makes the z of the one before zero; what it puts beside the diagonal may be too
        // little to matter.
        const std::int64_t other = out.rows.back();
        const double length = std::hypot(weight, out.z.back());
        const double c = weight / length;
        const double s = out.z.back() / length;
        if (std::abs((d_[row] - d_[other]) * c * s) <= negligible) {
          rotate(block, other, row, c, s);
          const double before = d_[other];
          const double own = d_[row];
          d_[other] = before * c * c + own * s * s;
          d_[row] = before * s * s + own * c * c;
          if (kind != kinds.back()) kind = Kind::both;
          weight = length;
          out.settled.push_back(other);
          out.rows.pop_back(), out.z.pop_back(), kinds.pop_back();
        }
      }
      out.rows.push_back(row), out.z.push_back(weight), kinds.push_back(kind);
    }
    for (const std::int64_t row : out.rows) out.d.push_back(d_[row]);
    for (const Kind kind : kinds) ++(kind == Kind::upper ? out.upper : kind == Kind::both ? out.both : out.lower);
    std::int64_t next[] = {0, out.upper, out.upper + out.both};
    for (const Kind kind : kinds) out.place.push_back(next[static_cast<int>(kind)]++);
    return out;
  }

  void rotate(const Block& block, std::int64_t a, std::int64_t b, double c, double s) {
    double* x = z_.row(a);
    double* y = z_.row(b);
    for (std::int64_t j = block.begin; j < block.end; ++j) {
      const double value = x[j];
      x[j] = c * value - s * y[j];
      y[j] = c * y[j] + s * value;
    }
  }

  /// Makes one block of two: its first rows of Z belong to the roots, rising, the others to settled pairs. first_wanted,
  /// told the number of roots when the values are in d_, says from which root on the vectors are wanted.
  template <class First>
  void join(const Block& block, const First& first_wanted) {
    const Poles poles = poles_of(block);
    const std::int64_t count = poles.d.size();
    Matrix<double> factors(count, count);
    Array<double> roots(poles.d.size());
    parallel_chunks(count, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t j = begin; j < end; ++j) {
        roots[j] = secular_root(poles.d, poles.z, poles.rho, j, factors.row(j));
      }
    });
    // The rows leave Z, each with the columns it has; the settled ones come back at the end.
    const std::int64_t rows = block.middle - block.begin;
    const std::int64_t others = block.end - block.middle;
    Scratch<double> above((poles.upper + poles.both) * rows + 1);
    Scratch<double> below((poles.both + poles.lower) * others + 1);
    for (std::int64_t i = 0; i < count; ++i) {
      const double* row = z_.row(poles.rows[i]);
      const std::int64_t place = poles.place[i];
      if (place < poles.upper + poles.both) std::copy_n(row + block.begin, rows, above.data() + place * rows);
      if (place >= poles.upper) std::copy_n(row + block.middle, others, below.data() + (place - poles.upper) * others);
    }
    settle(block, poles, roots);
    const std::int64_t from = first_wanted(count);
    if (from >= count) return;
    secular_vectors(poles.d, poles.z, poles.place, factors, from);
    const double* wanted = factors.row(from);
    double* to = z_.row(block.begin + from) + block.begin;
    kernels::GemmParams p{.m = count - from, .n = rows, .k = poles.upper + poles.both};
    p.lda = count;
    p.ldb = rows;
    p.ldc = size();
    kernels::gemm_cpu(p, wanted, above.data(), to);
    p.n = p.ldb = others;
    p.k = poles.both + poles.lower;
    kernels::gemm_cpu(p, wanted + poles.upper, below.data(), to + rows);
  }

  /// Puts the values and the settled vectors where they belong.
  void settle(const Block& block, const Poles& poles, const Array<double>& roots) {
    const std::int64_t n = block.end - block.begin;
    Matrix<double> vectors(poles.settled.size(), n);
    Array<double> values = roots;
    for (std::int64_t i = 0; i < vectors.rows(); ++i) {
      values.push_back(d_[poles.settled[i]]);
      std::copy_n(z_.row(poles.settled[i]) + block.begin, n, vectors.row(i));
    }
    std::copy(values.begin(), values.end(), d_.begin() + block.begin);
    const std::int64_t begin = block.end - vectors.rows();
    for (std::int64_t i = 0; i < vectors.rows(); ++i) std::copy_n(vectors.row(i), n, z_.row(begin + i) + block.begin);
  }

  Array<double> d_;
  Array<double> e_;
  Matrix<double> z_;
};

}  // namespace qrs::ml::decompose
