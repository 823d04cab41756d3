// Times the device kernels on shapes of the backbones and prints one JSON object; run_gpu.sh runs it, compare_torch.py times
// the same cases in PyTorch.
//
//   bench_gpu [--quick]      --quick: tiny shapes, one round; shows that the program works, measures nothing
//
// A time is the median over rounds of (a round of calls between two synchronisations / calls): launch costs are in it, as
// they are in a training step that is not captured into a graph.
#include <qrs/kernels.hpp>
#include <qrs/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace qrs::kernels;
using qrs::Device;

/// Device memory holding values in [-1, 1).
class Values {
 public:
  explicit Values(std::int64_t count) : bytes_(count * static_cast<std::int64_t>(sizeof(float))) {
    data_ = static_cast<float*>(device_allocate(static_cast<std::size_t>(bytes_)));
    QRS_CHECK(data_ != nullptr, "[bench_gpu] expected room for ", bytes_, " bytes on the device, got none");
    std::vector<float> host(static_cast<std::size_t>(count));
    std::uint32_t state = 1;
    for (float& value : host) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
    }
    device_copy({.rows = 1, .row_bytes = bytes_, .source_pitch = bytes_, .target_pitch = bytes_}, data_, Device::cuda,
                host.data(), Device::cpu);
  }
  ~Values() { device_release(data_); }
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;
  float* data() const { return data_; }

 private:
  float* data_ = nullptr;
  std::int64_t bytes_;
};

/// Milliseconds of one call.
template <class Call>
double milliseconds(const Call& call, bool quick) {
  using Clock = std::chrono::steady_clock;
  const auto round = [&](int calls) {
    device_synchronize();
    const auto begin = Clock::now();
    for (int i = 0; i < calls; ++i) call();
    device_synchronize();
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count() / calls;
  };
  if (quick) return round(1);
  round(3);  // warm-up: memory from the cache, code on the device
  const int calls = static_cast<int>(std::clamp(20.0 / std::max(round(3), 1e-3), 3.0, 2000.0));
  std::vector<double> rounds;
  for (int i = 0; i < 7; ++i) rounds.push_back(round(calls));
  std::nth_element(rounds.begin(), rounds.begin() + 3, rounds.end());
  return rounds[3];
}

/// The rows of the result, as JSON text.
class Report {
 public:
  explicit Report(bool quick) : quick_(quick) {}

  /// `shape` names the sizes as compare_torch.py expects them. Bytes: what must at least be read and written.
  template <class Call>
  void add(const std::string& family, const std::string& pass,
           const std::vector<std::pair<const char*, std::int64_t>>& shape, double flops, double bytes,
           const Call& call) {
    const double ms = milliseconds(call, quick_);
    std::string row = "{\"family\": \"" + family + "\", \"pass\": \"" + pass + "\"";
    for (const auto& [name, value] : shape) row += ", \"" + std::string(name) + "\": " + std::to_string(value);
    char numbers[160];
    std::snprintf(numbers, sizeof numbers,
                  ", \"milliseconds\": %.6g, \"gflops\": %.6g, \"gigabytes_per_second\": %.6g}", ms, flops / ms / 1e6,
                  bytes / ms / 1e6);
    rows_.push_back(row + numbers);
  }
  void print() const {
    std::printf("{\"qrs\": \"%d.%d.%d\", \"quick\": %s, \"rows\": [\n", qrs::version_major, qrs::version_minor,
                qrs::version_patch, quick_ ? "true" : "false");
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      std::printf("  %s%s\n", rows_[i].c_str(), i + 1 < rows_.size() ? "," : "");
    }
    std::printf("]}\n");
  }

 private:
  bool quick_;
  std::vector<std::string> rows_;
};

void time_elementwise(Report& report, bool quick) {
  const std::int64_t rows = quick ? 64 : 32 * 56 * 56;
  const std::int64_t cols = 256;
  const std::int64_t count = rows * cols;
  const Values x(count);
  const Values z(count);
  const Values y(count);
  ElementwiseParams p{.rows = rows, .cols = cols, .x_pitch = cols, .z_pitch = cols, .y_pitch = cols};
  const auto add = [&](const char* pass, int arrays, const auto& call) {
    report.add("elementwise", pass, {{"rows", rows}, {"cols", cols}}, static_cast<double>(count),
               4.0 * static_cast<double>(count) * arrays, call);
  };
  add("relu", 2, [&] { activation_forward_cuda(p, Activation::relu, x.data(), y.data()); });
  add("silu", 2, [&] { activation_forward_cuda(p, Activation::silu, x.data(), y.data()); });
  add("silu_backward", 3, [&] { activation_backward_cuda(p, Activation::silu, x.data(), z.data(), y.data(), cols); });
  add("add", 3, [&] { add_cuda(p, x.data(), z.data(), y.data()); });
  add("multiply", 3, [&] { multiply_cuda(p, x.data(), z.data(), y.data()); });
  p.accumulate = true;
  add("add_scaled_accumulate", 3, [&] { add_scaled_cuda(p, 0.5f, x.data(), y.data()); });
}

void time_reduce(Report& report, bool quick) {
  const auto time = [&](const char* pass, ReduceParams p) {
    p.x_pitch = p.cols;
    const std::int64_t count = p.outer * p.rows * p.cols;
    const Values x(count);
    const Values y(p.outer * p.cols);
    report.add("reduce", pass, {{"outer", p.outer}, {"rows", p.rows}, {"cols", p.cols}}, static_cast<double>(count),
               4.0 * static_cast<double>(count), [&] {
                 if (std::strcmp(pass, "total") == 0) reduce_total_cuda(p, x.data(), y.data());
                 if (std::strcmp(pass, "rows") == 0) reduce_rows_cuda(p, x.data(), y.data());
                 if (std::strcmp(pass, "broadcast") == 0) broadcast_rows_cuda(p, y.data(), x.data());
               });
  };
  const std::int64_t images = quick ? 1 : 32;
  const std::int64_t side = quick ? 4 : 56;
  time("rows", {.outer = 1, .rows = images * side * side, .cols = 256});
  time("rows", {.outer = images, .rows = 49, .cols = 1024});
  time("total", {.outer = 1, .rows = images * side * side, .cols = 256});
  time("broadcast", {.outer = images, .rows = 49, .cols = 1024});
}

void time_gemm(Report& report, bool quick) {
  struct Case {
    std::int64_t m, n, k;
    bool transpose_a, transpose_b;
  };
  std::vector<Case> cases{{1024, 1024, 1024, false, false},
                          {4096, 4096, 4096, false, false},
                          {1024, 1024, 20000, true, false},  // a covariance matrix
                          {64, 1000, 1024, false, true}};    // a classifier's head
  if (quick) cases = {{40, 24, 16, false, true}};
  for (const Case& c : cases) {
    GemmParams p{.m = c.m,
                 .n = c.n,
                 .k = c.k,
                 .lda = c.transpose_a ? c.m : c.k,
                 .ldb = c.transpose_b ? c.k : c.n,
                 .ldc = c.n,
                 .transpose_a = c.transpose_a,
                 .transpose_b = c.transpose_b};
    const Values a(c.m * c.k);
    const Values b(c.k * c.n);
    const Values out(c.m * c.n);
    for (const bool tensor_cores : {false, true}) {
      p.tensor_cores = tensor_cores;
      report.add("gemm", tensor_cores ? "product_on_tensor_cores" : "product",
                 {{"m", c.m}, {"n", c.n}, {"k", c.k}, {"transpose_a", c.transpose_a}, {"transpose_b", c.transpose_b}},
                 2.0 * static_cast<double>(c.m * c.n * c.k),
                 4.0 * static_cast<double>(c.m * c.k + c.k * c.n + c.m * c.n),
                 [&] { gemm_cuda(p, a.data(), b.data(), out.data()); });
    }
  }
}

void time_conv2d(Report& report, bool quick) {
  struct Case {
    std::int64_t side, ci, co, kernel, stride, padding;
  };
  std::vector<Case> cases{{224, 3, 64, 7, 2, 3},                                                      // every stem
                          {56, 64, 64, 3, 1, 1},   {28, 128, 128, 3, 1, 1}, {14, 256, 256, 3, 1, 1},  // ResNet18
                          {7, 512, 512, 3, 1, 1},  {56, 64, 128, 3, 2, 1},  {56, 64, 128, 1, 2, 0},
                          {56, 256, 128, 1, 1, 0}, {28, 512, 128, 1, 1, 0}, {14, 1024, 128, 1, 1, 0},  // DenseNet121
                          {56, 128, 32, 3, 1, 1},  {14, 128, 32, 3, 1, 1},  {112, 16, 96, 1, 1, 0},
                          {14, 112, 672, 1, 1, 0}};  // EfficientNet-B0
  if (quick) cases = {{6, 4, 8, 3, 1, 1}, {6, 4, 8, 1, 1, 0}};
  const std::int64_t images = quick ? 1 : 32;
  for (const Case& c : cases) {
    const Conv2dParams p{.n = images,
                         .h = c.side,
                         .w = c.side,
                         .ci = c.ci,
                         .co = c.co,
                         .kh = c.kernel,
                         .kw = c.kernel,
                         .stride_h = c.stride,
                         .stride_w = c.stride,
                         .padding_h = c.padding,
                         .padding_w = c.padding,
                         .x_pitch = c.ci,
                         .y_pitch = c.co};
    const std::int64_t x_count = p.n * p.h * p.w * p.ci;
    const std::int64_t y_count = p.n * p.oh() * p.ow() * p.co;
    const std::int64_t w_count = p.kh * p.kw * p.ci * p.co;
    const Values x(x_count);
    const Values y(y_count);
    const Values w(w_count);
    const Values bias(p.co);
    const auto add = [&](const char* pass, const auto& call) {
      report.add("conv2d", pass,
                 {{"n", p.n},
                  {"side", c.side},
                  {"ci", c.ci},
                  {"co", c.co},
                  {"kernel", c.kernel},
                  {"stride", c.stride},
                  {"padding", c.padding}},
                 2.0 * static_cast<double>(p.macs()), 4.0 * static_cast<double>(x_count + y_count + w_count), call);
    };
    add("forward", [&] { conv2d_forward_cuda<float>(p, x.data(), w.data(), {.shift = bias.data()}, y.data()); });
    if (c.ci > 3) add("backward_data", [&] { conv2d_backward_data_cuda(p, y.data(), w.data(), x.data(), false); });
    add("backward_weights", [&] { conv2d_backward_weights_cuda(p, x.data(), y.data(), w.data(), false); });
  }
}

}  // namespace

int main(int count, char** arguments) {
  const bool quick = count > 1 && std::strcmp(arguments[1], "--quick") == 0;
  if (count > 2 || (count == 2 && !quick)) {
    std::fprintf(stderr, "bench_gpu: expected --quick or nothing, got %s\n", arguments[1]);
    return 2;
  }
  try {
    if (!device_available()) {
      std::fprintf(stderr, "bench_gpu: expected a CUDA device, got none\n");
      return 2;
    }
    Report report(quick);
    time_elementwise(report, quick);
    time_reduce(report, quick);
    time_gemm(report, quick);
    time_conv2d(report, quick);
    report.print();
  } catch (const qrs::Error& error) {
    std::fprintf(stderr, "bench_gpu: %s\n", error.what());
    return 1;
  }
  return 0;
}
