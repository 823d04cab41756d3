// Convolution on the device: three matrix products that find their operands in the images as they go.
//
//   pass      rows                  columns         summed over
//   forward   output pixels         C_out / groups  tap, input channel
//   data      input pixels          C_in / groups   tap, output channel
//   weights   tap, input channel    C_out / groups  output pixels
//
// A tap is one (ky, kx). The tile product of gemm/tile_cuda.hpp asks an operand for the value at (row, depth); the operands
// below answer from x, dy and w, with zero outside the image, so no patch is ever copied out (no im2col).
//
// Few tiles leave most of a device idle. Then the sum is cut into parts of its depth that run side by side into partial
// results, and a second kernel adds the parts in order. How many parts there are follows from the shape alone, so the bits are
// the same on every device, and there are no atomics.
#include <algorithm>
#include <initializer_list>

#include "../cuda/divider.hpp"
#include "../cuda/launch.hpp"
#include "../cuda/rows.hpp"
#include "../gemm/tile_cuda.hpp"
#include "conv2d.hpp"

namespace qrs::kernels {

namespace {

namespace tile = tile_cuda;

// ---- operands --------------------------------------------------------------------------------------------------------

/// Conv2dParams as kernels need them: 32-bit, with the divisions prepared.
struct Geometry {
  explicit Geometry(const Conv2dParams& p)
      : h(static_cast<int>(p.h)),
        w(static_cast<int>(p.w)),
        oh(static_cast<int>(p.oh())),
        ow(static_cast<int>(p.ow())),
        stride_h(static_cast<int>(p.stride_h)),
        stride_w(static_cast<int>(p.stride_w)),
        padding_h(static_cast<int>(p.padding_h)),
        padding_w(static_cast<int>(p.padding_w)),
        dilation_h(static_cast<int>(p.dilation_h)),
        dilation_w(static_cast<int>(p.dilation_w)),
        x_pitch(p.x_pitch),
        y_pitch(p.y_pitch),
        by_h(p.h),
        by_w(p.w),
        by_oh(p.oh()),
        by_ow(p.ow()),
        by_kw(p.kw),
        by_stride_h(p.stride_h),
        by_stride_w(p.stride_w) {}
  int h, w, oh, ow;
  int stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w;
  std::int64_t x_pitch, y_pitch;
  Divider by_h, by_w, by_oh, by_ow, by_kw, by_stride_h, by_stride_w;
};

/// Position (image, y, x) of a running pixel number.
struct Pixel {
  __device__ Pixel(std::uint32_t pixel, const Divider& by_height, const Divider& by_width) {
    const std::uint32_t line = by_width.quotient(pixel);
    image = static_cast<int>(by_height.quotient(line));
    y = static_cast<int>(by_height.remainder(line, static_cast<std::uint32_t>(image)));
    x = static_cast<int>(by_width.remainder(pixel, line));
  }
  int image, y, x;
};

/// A running number of (tap, channel), taken apart.
struct TapChannel {
  __device__ TapChannel(std::uint32_t k, const Divider& by_channels, const Divider& by_kw) {
    tap = by_channels.quotient(k);
    channel = by_channels.remainder(k, tap);
    ky = static_cast<int>(by_kw.quotient(tap));
    kx = static_cast<int>(by_kw.remainder(tap, static_cast<std::uint32_t>(ky)));
  }
  std::uint32_t tap, channel;
  int ky, kx;
};

/// x under tap and channel k of an output pixel. Forward sums over k (packs along the depth), the weight pass over pixels.
template <class T, int N, bool AlongDepth>
struct Patches {
  static constexpr int pack = N;
  static constexpr bool along_depth = AlongDepth;

  Global<const T> x;
  Geometry g;
  Divider by_channels;  // C_in / groups
  std::uint32_t pixels;
  std::uint32_t taps_channels;
  std::int64_t begin = 0;  // the group's first channel

  __device__ void enter_group(std::uint32_t group) { begin = std::int64_t{group} * by_channels.divisor(); }
  __device__ Pack<T, N> at(std::uint32_t outer, std::uint32_t d) const {
    const std::uint32_t pixel = AlongDepth ? outer : d;
    const std::uint32_t k = AlongDepth ? d : outer;
    if (pixel >= pixels || k >= taps_channels) return {};
    const Pixel out(pixel, g.by_oh, g.by_ow);
    const TapChannel t(k, by_channels, g.by_kw);
    const int iy = out.y * g.stride_h - g.padding_h + t.ky * g.dilation_h;
    const int ix = out.x * g.stride_w - g.padding_w + t.kx * g.dilation_w;
    if (iy < 0 || iy >= g.h || ix < 0 || ix >= g.w) return {};
    const std::int64_t row = (std::int64_t{out.image} * g.h + iy) * g.w + ix;
    return x.template load<N>(row * g.x_pitch + begin + t.channel);
  }
};

/// dy of the output pixel that reaches an input pixel through a tap, if there is one.
template <class T, int N>
struct GradientPatches {
  static constexpr int pack = N;
  static constexpr bool along_depth = true;

  Global<const T> dy;
  Geometry g;
  Divider by_channels;  // C_out / groups
  std::uint32_t pixels;
  std::uint32_t taps_channels;
  std::int64_t begin = 0;

  __device__ void enter_group(std::uint32_t group) { begin = std::int64_t{group} * by_channels.divisor(); }
  __device__ Pack<T, N> at(std::uint32_t pixel, std::uint32_t k) const {
    if (pixel >= pixels || k >= taps_channels) return {};
    const Pixel in(pixel, g.by_h, g.by_w);
    const TapChannel t(k, by_channels, g.by_kw);
    const int y = in.y + g.padding_h - t.ky * g.dilation_h;  // oy * stride
    const int x = in.x + g.padding_w - t.kx * g.dilation_w;
    if (y < 0 || x < 0) return {};
    const auto oy = static_cast<int>(g.by_stride_h.quotient(static_cast<std::uint32_t>(y)));
    const auto ox = static_cast<int>(g.by_stride_w.quotient(static_cast<std::uint32_t>(x)));
    if (oy * g.stride_h != y || ox * g.stride_w != x || oy >= g.oh || ox >= g.ow) return {};
    const std::int64_t row = (std::int64_t{in.image} * g.oh + oy) * g.ow + ox;
    return dy.template load<N>(row * g.y_pitch + begin + t.channel);
  }
};

/// A matrix whose columns are cut into groups: w in the forward pass, dy in the weight pass, x or dy under a 1x1 kernel.
template <class T, int N, bool AlongDepth>
struct GroupedMatrix : tile::Matrix<T, N, AlongDepth> {
  __device__ void enter_group(std::uint32_t group) {
    this->begin = std::int64_t{group} * (AlongDepth ? this->depth_extent : this->outer_extent);
  }
};

/// w with input channels as columns and (tap, output channel) as depth.
template <class T, int N>
struct TransposedWeights {
  static constexpr int pack = N;
  static constexpr bool along_depth = true;

  Global<const T> w;
  Divider by_channels;  // C_out / groups
  std::uint32_t ci;     // of a group
  std::uint32_t taps_channels;
  std::int64_t pitch;  // C_out
  std::int64_t begin = 0;

  __device__ void enter_group(std::uint32_t group) { begin = std::int64_t{group} * by_channels.divisor(); }
  __device__ Pack<T, N> at(std::uint32_t channel, std::uint32_t k) const {
    if (channel >= ci || k >= taps_channels) return {};
    const std::uint32_t tap = by_channels.quotient(k);
    return w.template load<N>((std::int64_t{tap} * ci + channel) * pitch + begin + by_channels.remainder(k, tap));
  }
};

// ---- results ---------------------------------------------------------------------------------------------------------

/// Epilogue with checked views.
template <class T>
struct EpilogueViews {
  Global<const T> scale{nullptr, 0};
  Global<const T> shift{nullptr, 0};
  Global<const T> residual{nullptr, 0};
  std::int64_t residual_pitch = 0;
  Activation activation{};
};

/// Where the sums of a pass go: through the epilogue to the result, or as they are to a part's partial result.
template <class T>
struct Output {
  tile::Target<T> target;
  EpilogueViews<T> epilogue;
  std::int64_t part_size;  // values of a partial result

  __device__ void enter(std::uint32_t group, std::uint32_t part) {
    target.begin = std::int64_t{group} * target.col_extent + part * part_size;
    first_channel = std::int64_t{group} * target.col_extent;
  }
  __device__ void store(std::uint32_t row, std::uint32_t col, Pack<T, 4> values) const {
    if (row >= target.row_extent) return;
    for (std::uint32_t n = 0; n < 4 && col + n < target.col_extent; ++n) {
      values[n] = apply_epilogue(epilogue, row, first_channel + col + n, values[n]);
    }
    target.store(row, col, values);
  }
  std::int64_t first_channel = 0;
};

// ---- kernels ---------------------------------------------------------------------------------------------------------

/// One tile of one group and one part of the depth: block (tile, part, group).
template <class T, class A, class B>
__global__ void __launch_bounds__(tile::threads)
    product_kernel(A a, B b, Output<T> out, std::uint32_t depth, std::uint32_t depth_of_part, std::uint32_t col_tiles) {
  const std::uint32_t row_begin = blockIdx.x / col_tiles * tile::rows;
  const std::uint32_t col_begin = blockIdx.x % col_tiles * tile::cols;
  const std::uint32_t depth_begin = blockIdx.y * depth_of_part;
  a.enter_group(blockIdx.z);
  b.enter_group(blockIdx.z);
  out.enter(blockIdx.z, blockIdx.y);
  tile::Sums<T> sums;
  tile::multiply(a, b, row_begin, col_begin, depth_begin, min(depth, depth_begin + depth_of_part), sums);
  tile::for_each_run(sums, row_begin, col_begin, [&](std::uint32_t row, std::uint32_t col, const Pack<T, 4>& values) {
    out.store(row, col, values);
  });
}

/// The parts of a sum, added in order, and the epilogue.
template <class T>
__global__ void finish_kernel(std::uint32_t count, Divider by_cols, std::uint32_t parts, Global<const T> partials,
                              Rows<T> out, EpilogueViews<T> epilogue, bool accumulate) {
  const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  T sum = T(0);
  for (std::uint32_t part = 0; part < parts; ++part) sum += partials[std::int64_t{part} * count + i];
  const std::uint32_t row = by_cols.quotient(i);
  const std::uint32_t col = by_cols.remainder(i, row);
  sum = apply_epilogue(epilogue, row, col, sum);
  const std::int64_t to = row * out.pitch + col;
  out.data[to] = accumulate ? static_cast<T>(out.data[to]) + sum : sum;
}

// ---- launching them --------------------------------------------------------------------------------------------------

/// A pass as a matrix product: rows x (groups x cols), summed over depth.
struct Product {
  const char* name;
  std::int64_t rows;
  std::int64_t cols;  // of one group
  std::int64_t groups;
  std::int64_t depth;
  bool accumulate;
};

/// How much of the depth one part takes, a multiple of `step`: enough parts for about 512 blocks (two to four for each
/// multiprocessor of a large device), but at least 256 of depth in each, and at most 256 MB of partial results.
std::int64_t depth_of_part(const Product& s, std::int64_t tiles, std::int64_t step) {
  const std::int64_t most = std::max<std::int64_t>(1, (std::int64_t{1} << 26) / (s.rows * s.cols * s.groups));
  const std::int64_t parts = std::max<std::int64_t>(1, std::min({512 / tiles, most, s.depth / 256}));
  return std::max(step, ((s.depth + parts - 1) / parts + step - 1) / step * step);
}

template <class T, class A, class B>
void run(const Product& s, const A& a, const B& b, T* out, std::int64_t pitch, const EpilogueViews<T>& epilogue) {
  const std::int64_t channels = s.groups * s.cols;
  const std::int64_t col_tiles = blocks_for(s.cols, tile::cols);
  const std::int64_t tiles = blocks_for(s.rows, tile::rows) * col_tiles;
  const std::int64_t of_part = depth_of_part(s, tiles * s.groups, tile::depth<T>);
  const std::int64_t parts = std::max<std::int64_t>(1, (s.depth + of_part - 1) / of_part);  // a sum of nothing is 0
  QRS_CHECK(s.rows * channels <= Divider::limit || parts == 1, "[", s.name, "] expected at most ", Divider::limit,
            " values, got ", s.rows, " rows of ", channels);
  const LaunchShape shape{
      .name = s.name,
      .grid = {static_cast<unsigned>(tiles), static_cast<unsigned>(parts), static_cast<unsigned>(s.groups)},
      .block = tile::threads,
      .shared_bytes = tile::shared_bytes<T>()};
  const auto target = [&](T* data, std::int64_t count, std::int64_t row_pitch, bool accumulate) {
    const bool packs = reinterpret_cast<std::uintptr_t>(data) % 16 == 0 && row_pitch % 4 == 0 && s.cols % 4 == 0;
    return tile::Target<T>{
        {data, count}, row_pitch, static_cast<std::uint32_t>(s.rows), static_cast<std::uint32_t>(s.cols),
        packs,         accumulate};
  };
  if (parts == 1) {
    const Output<T> whole{target(out, (s.rows - 1) * pitch + channels, pitch, s.accumulate), epilogue, 0};
    launch(shape, product_kernel<T, A, B>, a, b, whole, s.depth, of_part, col_tiles);
    return;
  }
  const std::int64_t size = s.rows * channels;
  const DeviceScratch<T> partials(parts * size);
  const Output<T> part{target(partials.data(), parts * size, channels, false), {}, size};
  launch(shape, product_kernel<T, A, B>, a, b, part, s.depth, of_part, col_tiles);
  launch({.name = s.name, .grid = blocks_for(size, 256), .block = 256}, finish_kernel<T>, size, Divider(channels),
         parts, partials.const_view(), rows_of(out, s.rows, channels, pitch), epilogue, s.accumulate);
}

template <class T>
Global<const T> view(const T* data, std::int64_t rows, std::int64_t cols, std::int64_t pitch) {
  return {data, rows == 0 ? 0 : (rows - 1) * pitch + cols};
}

std::int64_t pixels_in(const Conv2dParams& p) { return p.n * p.h * p.w; }
std::int64_t pixels_out(const Conv2dParams& p) { return p.n * p.oh() * p.ow(); }

/// 1x1, stride 1, no padding: x and y are matrices of pixels, no tap to look for.
bool is_pointwise(const Conv2dParams& p) {
  return p.kh == 1 && p.kw == 1 && p.stride_h == 1 && p.stride_w == 1 && p.padding_h == 0 && p.padding_w == 0;
}

void check_sizes(const char* name, const Conv2dParams& p) {
  QRS_CHECK(p.groups >= 1 && p.ci % p.groups == 0 && p.co % p.groups == 0, "[", name,
            "] expected channels divisible by ", p.groups, " groups, got ", p.ci, " in and ", p.co, " out");
  const std::int64_t taps = p.kh * p.kw;
  for (const std::int64_t extent : {pixels_in(p), pixels_out(p), taps * p.ci, taps * p.co}) {
    QRS_CHECK(extent < Divider::limit - tile::rows, "[", name,
              "] expected fewer than 2^31 pixels and weights a channel, got ", extent);
  }
}

/// Calls run(pack) with the number of values a load may take, as a constant: all channel counts, pitches and addresses must
/// allow 16 bytes at once.
template <class T, class Run>
void with_pack(const Conv2dParams& p, const T* a, std::int64_t a_pitch, const T* b, std::int64_t b_pitch,
               const Run& run) {
  constexpr int pack = pack_size<T>;
  if (packs_align(a, a_pitch) && packs_align(b, b_pitch) && p.ci_per_group() % pack == 0 &&
      p.co_per_group() % pack == 0) {
    run(std::integral_constant<int, pack>{});
  } else {
    run(std::integral_constant<int, 1>{});
  }
}

template <class T, int N, bool AlongDepth>
GroupedMatrix<T, N, AlongDepth> matrix(Global<const T> data, std::int64_t pitch, std::int64_t outer,
                                       std::int64_t depth) {
  return {{data, pitch, static_cast<std::uint32_t>(outer), static_cast<std::uint32_t>(depth)}};
}

}  // namespace

template <class T>
void conv2d_forward_cuda(const Conv2dParams& p, const T* x, const T* w, const Epilogue<T>& e, T* y) {
  const std::int64_t pixels = pixels_out(p);
  const std::int64_t depth = p.kh * p.kw * p.ci_per_group();
  if (pixels == 0 || p.co == 0) return;
  check_sizes("conv2d_forward", p);
  const EpilogueViews<T> epilogue{.scale = {e.scale, e.scale ? p.co : 0},
                                  .shift = {e.shift, e.shift ? p.co : 0},
                                  .residual = {e.residual, e.residual ? (pixels - 1) * e.residual_pitch + p.co : 0},
                                  .residual_pitch = e.residual_pitch,
                                  .activation = e.activation};
  const Product product{"conv2d_forward", pixels, p.co_per_group(), p.groups, depth, false};
  with_pack(p, x, p.x_pitch, w, p.co, [&](auto pack) {
    constexpr int n = pack;
    const auto weights = matrix<T, n, false>({w, depth * p.co}, p.co, p.co_per_group(), depth);
    const Global<const T> image = view(x, pixels_in(p), p.ci, p.x_pitch);
    if (is_pointwise(p)) {
      run(product, matrix<T, n, true>(image, p.x_pitch, pixels, depth), weights, y, p.y_pitch, epilogue);
    } else {
      const Patches<T, n, true> patches{image, Geometry(p), Divider(p.ci_per_group()),
                                        static_cast<std::uint32_t>(pixels), static_cast<std::uint32_t>(depth)};
      run(product, patches, weights, y, p.y_pitch, epilogue);
    }
  });
}

template <class T>
void conv2d_backward_data_cuda(const Conv2dParams& p, const T* dy, const T* w, T* dx, bool accumulate) {
  const std::int64_t pixels = pixels_in(p);
  const std::int64_t depth = p.kh * p.kw * p.co_per_group();
  if (pixels == 0 || p.ci == 0) return;
  check_sizes("conv2d_backward_data", p);
  const Product product{"conv2d_backward_data", pixels, p.ci_per_group(), p.groups, depth, accumulate};
  with_pack(p, dy, p.y_pitch, w, p.co, [&](auto pack) {
    constexpr int n = pack;
    const Divider by_channels(p.co_per_group());
    const TransposedWeights<T, n> weights{{w, p.kh * p.kw * p.ci_per_group() * p.co},
                                          by_channels,
                                          static_cast<std::uint32_t>(p.ci_per_group()),
                                          static_cast<std::uint32_t>(depth),
                                          p.co};
    const Global<const T> gradient = view(dy, pixels_out(p), p.co, p.y_pitch);
    if (is_pointwise(p)) {
      run(product, matrix<T, n, true>(gradient, p.y_pitch, pixels, depth), weights, dx, p.x_pitch, {});
    } else {
      const GradientPatches<T, n> patches{gradient, Geometry(p), by_channels, static_cast<std::uint32_t>(pixels),
                                          static_cast<std::uint32_t>(depth)};
      run(product, patches, weights, dx, p.x_pitch, {});
    }
  });
}

template <class T>
void conv2d_backward_weights_cuda(const Conv2dParams& p, const T* x, const T* dy, T* dw, bool accumulate) {
  const std::int64_t pixels = pixels_out(p);
  const std::int64_t rows = p.kh * p.kw * p.ci_per_group();
  if (rows == 0 || p.co == 0) return;
  check_sizes("conv2d_backward_weights", p);
  const Product product{"conv2d_backward_weights", rows, p.co_per_group(), p.groups, pixels, accumulate};
  with_pack(p, x, p.x_pitch, dy, p.y_pitch, [&](auto pack) {
    constexpr int n = pack;
    const auto gradient = matrix<T, n, false>(view(dy, pixels, p.co, p.y_pitch), p.y_pitch, p.co_per_group(), pixels);
    const Global<const T> image = view(x, pixels_in(p), p.ci, p.x_pitch);
    if (is_pointwise(p)) {
      run(product, matrix<T, n, false>(image, p.x_pitch, rows, pixels), gradient, dw, p.co, {});
    } else {
      const Patches<T, n, false> patches{image, Geometry(p), Divider(p.ci_per_group()),
                                         static_cast<std::uint32_t>(pixels), static_cast<std::uint32_t>(rows)};
      run(product, patches, gradient, dw, p.co, {});
    }
  });
}

template void conv2d_forward_cuda<float>(const Conv2dParams&, const float*, const float*, const Epilogue<float>&,
                                         float*);
template void conv2d_forward_cuda<double>(const Conv2dParams&, const double*, const double*, const Epilogue<double>&,
                                          double*);
template void conv2d_backward_data_cuda<float>(const Conv2dParams&, const float*, const float*, float*, bool);
template void conv2d_backward_data_cuda<double>(const Conv2dParams&, const double*, const double*, double*, bool);
template void conv2d_backward_weights_cuda<float>(const Conv2dParams&, const float*, const float*, float*, bool);
template void conv2d_backward_weights_cuda<double>(const Conv2dParams&, const double*, const double*, double*, bool);

}  // namespace qrs::kernels
