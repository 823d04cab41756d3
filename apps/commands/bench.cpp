// qrs bench MODEL: images per second of training or inference, peak memory, and the share of the machine's peak.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../models/instances.hpp"
#include "../outputs/outputs.hpp"
#include "commands.hpp"
#include "model_argument.hpp"
#include "peak.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/optim/adam.hpp"
#include "resident_size.hpp"

namespace qrs::commands::bench_verb {

namespace {

struct Options {
  std::string model;
  std::int64_t batch = 16;
  std::int64_t input = 224;
  std::int64_t channels = 3;
  std::int64_t classes = 1000;
  std::string mode = "train";
  int steps = 10;
  int warm_up = 2;
  bool json = false;
};

struct Result {
  double images_per_second = 0.0;  // by the median step
  double fastest = 0.0;
  double slowest = 0.0;
  double gflops = 0.0;
  double peak_gflops = 0.0;
  std::int64_t peak_rss_bytes = 0;
  std::int64_t system_allocations = 0;  // during the timed steps
};

/// Seconds of each step after the warm-up, with a line of progress on the error stream.
template <class Step>
std::vector<double> time_steps(const Options& o, const Step& step, std::int64_t& allocations) {
  std::vector<double> seconds;
  for (int i = 0; i < o.warm_up + o.steps; ++i) {
    if (i == o.warm_up) allocations = host_cache().system_allocations();
    const Timer timer;
    step(i);
    const double took = timer.seconds();
    if (i >= o.warm_up) seconds.push_back(took);
    const int left = o.warm_up + o.steps - 1 - i;
    std::fprintf(stderr, "\r%s step %d of %d, %.1f images/s, %.0f s left   ", i < o.warm_up ? "warm-up" : "timed",
                 i + 1, o.warm_up + o.steps, static_cast<double>(o.batch) / took, took * left);
  }
  std::fprintf(stderr, "\r%60s\r", "");
  allocations = host_cache().system_allocations() - allocations;
  return seconds;
}

Result measure(const Options& o) {
  const auto net =
      models::create<float>(o.model, {.classes = o.classes, .in_channels = o.channels, .image_size = o.input});
  Rng rng(0);
  Tensor<float> images({o.batch, o.input, o.input, o.channels});  // (N, H, W, C)
  for (float& value : images.values()) value = static_cast<float>(rng.uniform(0.0, 1.0));
  Tensor<std::int64_t> labels({o.batch});
  for (std::int64_t i = 0; i < o.batch; ++i) labels.data()[i] = i % o.classes;

  Result result;
  std::vector<double> seconds;
  const bool training = o.mode == "train";
  if (training) {
    net->train();
    optim::Adam<float> adam(net->named_parameters(), {});
    seconds = time_steps(
        o,
        [&](int step) {
          net->set_random({.seed = 0, .step = static_cast<std::uint64_t>(step)});
          Tape<float> tape;
          Var<float> loss;
          {
            const Recording<float> on(tape);
            loss = cross_entropy(net->forward(images), labels);
          }
          adam.zero_grad();
          tape.backward(loss);
          adam.step();
        },
        result.system_allocations);
  } else {
    nn::fold_batch_norm(*net);
    seconds = time_steps(
        o, [&](int) { net->forward(images); }, result.system_allocations);
  }
  std::sort(seconds.begin(), seconds.end());
  const double images_count = static_cast<double>(o.batch);
  result.images_per_second = images_count / seconds[seconds.size() / 2];
  result.fastest = images_count / seconds.front();
  result.slowest = images_count / seconds.back();
  // A multiply-add is two operations; the backward pass costs two forward passes.
  const nn::Summary summary = net->summary({1, o.input, o.input, o.channels});
  result.gflops = 2e-9 * static_cast<double>(summary.macs()) * (training ? 3.0 : 1.0) * result.images_per_second;
  result.peak_rss_bytes = peak_rss_bytes();
  result.peak_gflops = measure_peak_gflops();
  return result;
}

void print(const Options& o, const Result& r) {
  if (o.json) {
    const nlohmann::ordered_json out = {{"model", o.model},
                                        {"mode", o.mode},
                                        {"batch", o.batch},
                                        {"input", o.input},
                                        {"threads", num_threads()},
                                        {"steps", o.steps},
                                        {"images_per_second", r.images_per_second},
                                        {"fastest_images_per_second", r.fastest},
                                        {"slowest_images_per_second", r.slowest},
                                        {"peak_rss_bytes", r.peak_rss_bytes},
                                        {"gflops", r.gflops},
                                        {"peak_gflops", r.peak_gflops},
                                        {"share_of_peak", r.gflops / r.peak_gflops},
                                        {"system_allocations", r.system_allocations}};
    outputs::print_json(out);
    return;
  }
  std::printf("%s, %s, batch %lld of %lldx%lldx%lld, %d threads\n", o.model.c_str(), o.mode.c_str(),
              static_cast<long long>(o.batch), static_cast<long long>(o.input), static_cast<long long>(o.input),
              static_cast<long long>(o.channels), num_threads());
  std::printf("  images per second   %.1f   (median of %d steps; %.1f to %.1f)\n", r.images_per_second, o.steps,
              r.slowest, r.fastest);
  std::printf("  arithmetic          %.1f GFLOP/s, %.0f %% of the %.1f this machine's cores reach\n", r.gflops,
              100.0 * r.gflops / r.peak_gflops, r.peak_gflops);
  std::printf("  peak memory         %.0f MB resident; %lld blocks asked of the system during the timed steps\n",
              static_cast<double>(r.peak_rss_bytes) / 1e6, static_cast<long long>(r.system_allocations));
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("bench", "Time training steps or inference of a network.");
  verb->footer(
      "Training steps are forward, backward and Adam; inference runs with batch norms folded.\n"
      "Examples:\n"
      "  qrs bench resnet18\n"
      "  qrs bench densenet121 --mode infer --batch 1 --steps 30\n"
      "  OMP_NUM_THREADS=1 qrs bench efficientnet_b0 --json");
  add_model_argument(*verb, options->model);
  const auto number = [&](const char* flag, std::int64_t& value, const char* help) {
    verb->add_option(flag, value, help)->capture_default_str()->check(CLI::PositiveNumber);
  };
  number("--batch", options->batch, "Images in a batch");
  number("--input", options->input, "Height and width of the images");
  number("--channels", options->channels, "Channels of the images");
  number("--classes", options->classes, "Outputs of the head");
  verb->add_option("--mode", options->mode, "What to time")
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "infer"}));
  verb->add_option("--steps", options->steps, "Timed steps")->capture_default_str()->check(CLI::PositiveNumber);
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback([options] { print(*options, measure(*options)); });
}

}  // namespace qrs::commands::bench_verb
