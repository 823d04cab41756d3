// Batch normalisation on the CPU: each pass reads its operands once, in chunks of rows.
//
// Sums over rows: a chunk of fixed length is added up in registers of T, the chunks in double and in index order: near
// exact, and the same bits for any number of threads. The variance is summed around a pivot (the chunk's first row), so a
// large mean costs no digits; chunks are merged by Chan, Golub and LeVeque 1979.
#pragma once

#include <algorithm>

#include "../../include/qrs/core/memory.hpp"
#include "../../include/qrs/core/parallel.hpp"
#include "../elementwise/simd.hpp"
#include "batch_norm.hpp"

namespace qrs::kernels {

namespace batch_norm {

/// Rows of a chunk; what one register of a sum takes.
inline constexpr std::int64_t chunk_rows = 128;

inline std::int64_t chunks(const BatchNormParams& p) { return (p.rows + chunk_rows - 1) / chunk_rows; }

/// Rows per task of a pass without sums: about 32 Ki values.
inline std::int64_t task_rows(const BatchNormParams& p) {
  return std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(1, p.cols));
}

/// The epilogue of one row: its residual begins there.
template <class T>
Epilogue<T> row_of(Epilogue<T> e, std::int64_t row) {
  if (e.residual != nullptr) e.residual += row * e.residual_pitch;
  return e;
}

// One row of a pass, everything by value: what has an address is read again after every store, because the store might have
// changed it.

/// y = f(x scale + shift + residual) factors; null factors: no such step.
template <class T, class F>
void affine_row(F f, std::int64_t cols, Epilogue<T> e, const T* x, const T* factors, T* y) {
  for (std::int64_t c = 0; c < cols; c += simd::lanes<T>) {
    const std::int64_t count = simd::lanes_at<T>(c, cols);
    simd::Vec<T> v = apply_epilogue<RegisterMath<T>>(e, f, simd::load_part(x + c, count), 0, c, ReadPart{count});
    if (factors != nullptr) v *= simd::load_part(factors + c, count);
    simd::store_part(y + c, v, count);
  }
}

/// dx = scale dz + terms[0] + terms[1] (x - mean), dresidual = dz; what is null is not written.
template <class T, class F>
void data_row(F f, std::int64_t cols, Epilogue<T> e, const T* x, const T* dy, const T* mean, const T* terms,
              BatchNormGradients<T> g) {
  using simd::Vec;
  for (std::int64_t c = 0; c < cols; c += simd::lanes<T>) {
    const std::int64_t count = simd::lanes_at<T>(c, cols);
    const ReadPart read{count};
    const Vec<T> value = read(x, c);
    const Vec<T> z = apply_epilogue<RegisterMath<T>>(e, LinearFormula<T>{}, value, 0, c, read);
    const Vec<T> dz = read(dy, c) * f.derivative(z);
    if (g.dx != nullptr) {
      Vec<T> dx = read(e.scale, c) * dz + (read(terms, c) + read(terms, cols + c) * (value - read(mean, c)));
      if (g.accumulate_dx) dx += read(g.dx, c);
      simd::store_part(g.dx + c, dx, count);
    }
    if (g.dresidual != nullptr) {
      simd::store_part(g.dresidual + c, g.accumulate_dresidual ? dz + read(g.dresidual, c) : dz, count);
    }
  }
}

}  // namespace batch_norm

template <class T>
void batch_norm_statistics_cpu(const BatchNormParams& p, const T* x, T* mean, T* var) {
  using simd::Vec;
  constexpr int ways = 4;  // sums side by side: shorter chains, and no addition waits for the one before
  const std::int64_t chunks = batch_norm::chunks(p);
  Scratch<double> sums(2 * chunks * p.cols + 1);  // per chunk: means, then squared deviations
  parallel_for(chunks, [&](std::int64_t chunk) {
    const std::int64_t begin = chunk * batch_norm::chunk_rows;
    const std::int64_t rows = std::min(batch_norm::chunk_rows, p.rows - begin);
    double* means = sums.data() + 2 * chunk * p.cols;
    double* squares = means + p.cols;
    for (std::int64_t c = 0; c < p.cols; c += simd::lanes<T>) {
      const std::int64_t count = simd::lanes_at<T>(c, p.cols);
      const T* from = x + begin * p.x_pitch + c;
      const Vec<T> pivot = simd::load_part(from, count);
      Vec<T> s1[ways] = {};
      Vec<T> s2[ways] = {};
      const auto add = [&](std::int64_t r, int u) {
        simd::prefetch_next_line(from + r * p.x_pitch);
        const Vec<T> d = simd::load_part(from + r * p.x_pitch, count) - pivot;
        s1[u] += d;
        s2[u] += d * d;
      };
      std::int64_t r = 0;
      for (; r + ways <= rows; r += ways) {
#pragma GCC unroll 4
        for (int u = 0; u < ways; ++u) add(r + u, u);
      }
      for (; r < rows; ++r) add(r, 0);
      for (std::int64_t i = 0; i < count; ++i) {
        double a = 0.0;
        double b = 0.0;
        for (int u = 0; u < ways; ++u) {
          a += static_cast<double>(s1[u][i]);
          b += static_cast<double>(s2[u][i]);
        }
        means[c + i] = static_cast<double>(pivot[i]) + a / static_cast<double>(rows);
        squares[c + i] = b - a * a / static_cast<double>(rows);
      }
    }
  });
  parallel_chunks(p.cols, 64, [&](std::int64_t c_begin, std::int64_t c_end) {
    for (std::int64_t c = c_begin; c < c_end; ++c) {
      double count = 0.0;
      double average = 0.0;
      double squares = 0.0;
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
        const double rows =
            static_cast<double>(std::min(batch_norm::chunk_rows, p.rows - chunk * batch_norm::chunk_rows));
        const double delta = sums[2 * chunk * p.cols + c] - average;
        const double total = count + rows;
        average += delta * rows / total;
        squares += sums[(2 * chunk + 1) * p.cols + c] + delta * delta * count * rows / total;
        count = total;
      }
      mean[c] = static_cast<T>(average);
      var[c] = static_cast<T>(std::max(squares, 0.0) / count);
    }
  });
}

template <class T>
void affine_cpu(const BatchNormParams& p, const T* x, const T* scale, const T* shift, const T* residual, T* y,
                const RowGate<T>& gate = {}) {
  const Epilogue<T> e = batch_norm::epilogue_of(p, scale, shift, residual);
  parallel_chunks(p.rows, batch_norm::task_rows(p), [&](std::int64_t begin, std::int64_t end) {
    with_activation_vec<T>(p.activation, [&](const auto& f) {
      for (std::int64_t r = begin; r < end; ++r) {
        const T* factors = gate.factors == nullptr ? nullptr : gate.factors + r / gate.rows * p.cols;
        batch_norm::affine_row<T>(f, p.cols, batch_norm::row_of(e, r), x + r * p.x_pitch, factors, y + r * p.y_pitch);
      }
    });
  });
}

template <class T>
void batch_norm_backward_sums_cpu(const BatchNormParams& p, const T* x, const T* dy, const BatchNormChannels<T>& ch,
                                  const T* residual, T* dgamma, T* dbeta) {
  using simd::Vec;
  const Epilogue<T> e = batch_norm::epilogue_of(p, ch.scale, ch.shift, residual);
  const std::int64_t chunks = batch_norm::chunks(p);
  Scratch<T> sums(2 * chunks * p.cols + 1);                  // per chunk: sums of dz, then of dz x_hat
  const bool linear = p.activation == Activation::identity;  // its slope is 1
  parallel_for(chunks, [&](std::int64_t chunk) {
    const std::int64_t begin = chunk * batch_norm::chunk_rows;
    const std::int64_t end = std::min(p.rows, begin + batch_norm::chunk_rows);
    T* out = sums.data() + 2 * chunk * p.cols;
    for (std::int64_t c = 0; c < p.cols; c += simd::lanes<T>) {
      const ReadPart read{simd::lanes_at<T>(c, p.cols)};
      const Vec<T> mean = read(ch.mean, c);
      Vec<T> sum{};
      Vec<T> sum_centred{};
      Vec<T> slope[block_registers];  // of as many rows
      for (std::int64_t first = begin; first < end; first += block_registers) {
        const std::int64_t rows = std::min(block_registers, end - first);
        for (std::int64_t i = 0; i < rows; ++i) {
          simd::prefetch_next_line(x + (first + i) * p.x_pitch + c);
          simd::prefetch_next_line(dy + (first + i) * p.y_pitch + c);
          if (linear) continue;
          const Vec<T> value = read(x + (first + i) * p.x_pitch, c);
          slope[i] = apply_epilogue<RegisterMath<T>>(e, LinearFormula<T>{}, value, first + i, c, read);
        }
        if (!linear) derive_registers<T>(p.activation, slope, rows);
        for (std::int64_t i = 0; i < rows; ++i) {
          const Vec<T> g = read(dy + (first + i) * p.y_pitch, c);
          const Vec<T> dz = linear ? g : g * slope[i];
          sum += dz;
          sum_centred += dz * (read(x + (first + i) * p.x_pitch, c) - mean);
        }
      }
      simd::store_part(out + c, sum, read.count);
      simd::store_part(out + p.cols + c, sum_centred * read(ch.inv_std, c), read.count);
    }
  });
  parallel_chunks(p.cols, 64, [&](std::int64_t c_begin, std::int64_t c_end) {
    for (std::int64_t c = c_begin; c < c_end; ++c) {
      double sum = 0.0;
      double sum_hat = 0.0;
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
        sum += static_cast<double>(sums[2 * chunk * p.cols + c]);
        sum_hat += static_cast<double>(sums[(2 * chunk + 1) * p.cols + c]);
      }
      dbeta[c] = static_cast<T>(sum);
      dgamma[c] = static_cast<T>(sum_hat);
    }
  });
}

template <class T>
void batch_norm_backward_data_cpu(const BatchNormParams& p, const T* x, const T* dy, const BatchNormChannels<T>& ch,
                                  const T* residual, const T* dgamma, const T* dbeta, const BatchNormGradients<T>& g) {
  const Epilogue<T> e = batch_norm::epilogue_of(p, ch.scale, ch.shift, residual);
  // dx = scale dz + a + b x, with a and b per channel: the two mean terms folded once.
  Scratch<T> terms(2 * p.cols + 1);
  const double share = g.batch_statistics ? 1.0 / static_cast<double>(p.rows) : 0.0;
  for (std::int64_t c = 0; c < p.cols; ++c) {
    const double slope =
        -static_cast<double>(ch.scale[c]) * static_cast<double>(dgamma[c]) * static_cast<double>(ch.inv_std[c]) * share;
    terms[c] = static_cast<T>(-static_cast<double>(ch.scale[c]) * static_cast<double>(dbeta[c]) * share);
    terms[p.cols + c] = static_cast<T>(slope);
  }
  parallel_chunks(p.rows, batch_norm::task_rows(p), [&](std::int64_t begin, std::int64_t end) {
    with_activation_vec<T>(p.activation, [&](const auto& f) {
      for (std::int64_t r = begin; r < end; ++r) {
        BatchNormGradients<T> to = g;
        if (to.dx != nullptr) to.dx += r * g.dx_pitch;
        if (to.dresidual != nullptr) to.dresidual += r * g.dresidual_pitch;
        batch_norm::data_row<T>(f, p.cols, batch_norm::row_of(e, r), x + r * p.x_pitch, dy + r * p.y_pitch, ch.mean,
                                terms.data(), to);
      }
    });
  });
}

}  // namespace qrs::kernels
