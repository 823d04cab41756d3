// fit with schedules, clipping and averages: what each epoch was trained with, what is validated and kept, and that a broken
// run ends with the bits of an unbroken one.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/nn/weights_hash.hpp"
#include "qrs/train/trainer.hpp"
#include "tiny.hpp"

namespace train_schedule_test {

namespace {

using qrs::nn::weights_sha256;
using qrs::tests::error_message;
using qrs::tests::TemporaryFolder;
using qrs::tests::TinyNet;
using qrs::train::Epoch;
using qrs::train::EpochProgress;
using qrs::train::FitObserver;
using qrs::train::FitOptions;
using qrs::train::FitResult;
using qrs::train::Samples;
using qrs::train::ScheduleKind;

/// 30 images to train with, 9 to validate: 4 steps an epoch in batches of 8.
struct Parts {
  qrs::data::ImageDataset data = qrs::tests::stripes(39);
  Samples train{&data, {}};
  Samples validation{&data, {}};
  Parts() {
    for (std::int64_t i = 0; i < data.size(); ++i) (i < 30 ? train : validation).rows.push_back(i);
  }
};

TinyNet fresh() { return TinyNet({.classes = 3, .in_channels = 1, .seed = 5}); }

FitOptions quick(std::int64_t epochs) {
  return {.epochs = epochs, .batch_size = 8, .optimizer = {.lr = 0.02}, .seed = 3};
}

struct StopAfter : FitObserver {
  explicit StopAfter(int asked) : left(asked) {}
  bool stop() override { return --left < 0; }
  int left;
};

std::vector<double> rates(const FitOptions& options) {
  const Parts parts;
  TinyNet net = fresh();
  std::vector<double> out;
  for (const Epoch& e : fit(net, parts.train, parts.validation, options).history) out.push_back(e.learning_rate);
  return out;
}

std::string hash_of(const FitOptions& options) {
  const Parts parts;
  TinyNet net = fresh();
  fit(net, parts.train, parts.validation, options);
  return weights_sha256(net);
}

}  // namespace

TEST_CASE("a schedule sets the rate of each step: epochs begin with the rates of their first steps") {
  FitOptions options = quick(5);
  options.schedule.kind = ScheduleKind::cosine;
  const auto cosine = rates(options);
  for (std::int64_t e = 0; e < 5; ++e) {
    CHECK(cosine[static_cast<std::size_t>(e)] == qrs::optim::CosineAnnealingLR{.t_max = 20}(0.02, 4 * e).lr);
  }
  options.schedule.warm_up = 2;
  options.schedule.eta_min = 1e-3;
  const auto warm = rates(options);
  CHECK(warm[0] == 0.02 * (1.0 / 3.0));
  CHECK(warm[1] == qrs::optim::LinearLR{.total_iters = 8}(0.02, 4).lr);
  CHECK(warm[2] == 0.02);
  CHECK(warm[4] == qrs::optim::CosineAnnealingLR{.t_max = 12, .eta_min = 1e-3}(0.02, 8).lr);
  options.schedule = {.kind = ScheduleKind::one_cycle, .epochs = 10};
  const auto cycle = rates(options);
  for (std::int64_t e = 0; e < 5; ++e) {
    CHECK(cycle[static_cast<std::size_t>(e)] ==
          qrs::optim::OneCycleLR({.max_lr = 0.02, .total_steps = 40})(0.0, 4 * e).lr);
  }
}

TEST_CASE("the plateau takes over after a warm-up") {
  FitOptions options = quick(6);
  options.freeze_features = true;  // with so small a rate the validation loss is the same in every epoch
  options.optimizer.lr = 1e-30;
  options.plateau = {.factor = 0.5, .patience = 0, .eps = 0.0};
  options.schedule.warm_up = 2;
  options.early_stopping.patience = 9;
  const auto seen = rates(options);
  REQUIRE(seen.size() == 6);
  CHECK(seen[0] == 1e-30 * (1.0 / 3.0));
  // The third epoch is the first that the plateau sees, and its best; the fourth is bad, so the fifth has half the rate.
  CHECK(std::vector<double>(seen.begin() + 2, seen.end()) == std::vector<double>{1e-30, 1e-30, 0.5e-30, 0.25e-30});
}

TEST_CASE("a run with schedule, clipping and average that is broken off goes on to the bits of an unbroken one") {
  const Parts parts;
  const TemporaryFolder folder;
  for (const auto kind : {ScheduleKind::cosine, ScheduleKind::one_cycle, ScheduleKind::plateau}) {
    FitOptions options = quick(4);
    options.optimizer.kind =
        kind == ScheduleKind::one_cycle ? qrs::train::OptimizerKind::sgd : qrs::train::OptimizerKind::adam;
    options.optimizer.momentum = 0.9;
    options.schedule.kind = kind;
    options.schedule.warm_up = kind == ScheduleKind::one_cycle ? 0 : 2;
    options.clip_grad_norm = 0.5;
    options.clip_grad_value = 0.1;
    options.ema = qrs::optim::EmaOptions{.decay = 0.8, .use_buffers = kind == ScheduleKind::cosine};
    options.early_stopping.restore_best_weights = kind != ScheduleKind::plateau;
    TinyNet whole = fresh();
    const FitResult expected = fit(whole, parts.train, parts.validation, options);
    CHECK(expected.history.size() == 4);
    options.checkpoint_path = folder / "checkpoint.safetensors";
    options.resume = true;
    for (const int asked : {3, 6, 13, 20}) {  // 4 steps and 1 question in the validation make an epoch
      CAPTURE(asked);
      std::filesystem::remove(options.checkpoint_path);
      TinyNet first = fresh();
      StopAfter stop(asked);
      fit(first, parts.train, parts.validation, options, &stop);
      TinyNet second = fresh();
      const FitResult result = fit(second, parts.train, parts.validation, options);
      CHECK(result.resumed == std::min(4, asked / 5));
      CHECK(weights_sha256(second) == weights_sha256(whole));
      REQUIRE(result.history.size() == expected.history.size());
      for (std::size_t e = 0; e < 4; ++e) CHECK(result.history[e].same_numbers(expected.history[e]));
    }
    std::filesystem::remove(options.checkpoint_path);
  }
}

TEST_CASE("the average is what is validated and kept, and training does not see it") {
  const Parts parts;
  FitOptions options = quick(4);
  const auto last_loss = [&](const FitOptions& o, TinyNet& net) {
    return fit(net, parts.train, parts.validation, o).history.back();
  };
  TinyNet plain = fresh();
  const Epoch without = last_loss(options, plain);
  options.ema = qrs::optim::EmaOptions{.decay = 0.7};
  TinyNet net = fresh();
  const Epoch with = last_loss(options, net);
  CHECK(with.train_loss == without.train_loss);
  CHECK(with.validation_loss != without.validation_loss);
  const FitResult result = fit(net, parts.train, parts.validation, options);
  const Epoch& best = result.history[static_cast<std::size_t>(result.best_epoch - 1)];
  CHECK(score(net, parts.validation, options.batch_size).loss == best.validation_loss);

  options.early_stopping.restore_best_weights = false;
  TinyNet last = fresh();
  const double last_validation = last_loss(options, last).validation_loss;
  CHECK(last_validation == score(last, parts.validation, options.batch_size).loss);
  // An average of decay 0 is the weights themselves: nothing may differ from a run without one.
  options = quick(4);
  const std::string expected = hash_of(options);
  options.ema = qrs::optim::EmaOptions{.decay = 0.0};
  CHECK(hash_of(options) == expected);
  // As is a bound that no gradient reaches.
  options = quick(4);
  options.clip_grad_norm = 1e6;
  options.clip_grad_value = 1e6;
  CHECK(hash_of(options) == expected);
}

TEST_CASE("each setting moves the weights, the same for 1, 2 and 3 threads") {
  const auto change = [](int which) {
    FitOptions options = quick(3);
    if (which == 1) options.schedule.kind = ScheduleKind::cosine;
    if (which == 2) options.schedule.kind = ScheduleKind::one_cycle;
    if (which == 3) options.schedule.warm_up = 1;
    if (which == 4) options.clip_grad_norm = 0.05;
    if (which == 5) options.clip_grad_value = 0.01;
    if (which == 6) options.ema = qrs::optim::EmaOptions{.decay = 0.9};
    if (which == 7) options.ema = qrs::optim::EmaOptions{.decay = 0.9, .use_buffers = true};
    return options;
  };
  std::vector<std::string> seen;
  for (int which = 0; which < 8; ++which) {
    CAPTURE(which);
    for (const int threads : {1, 2, 3}) {
      const qrs::ThreadLimit limit(threads);
      const std::string hash = hash_of(change(which));
      if (threads == 1) {
        CHECK(std::find(seen.begin(), seen.end(), hash) == seen.end());
        seen.push_back(hash);
      }
      CHECK(hash == seen.back());
    }
  }
}

TEST_CASE("what makes no schedule is refused, and a run that goes on must have the schedule it began with") {
  const Parts parts;
  const TemporaryFolder folder;
  TinyNet net = fresh();
  const auto said = [&](FitOptions options, const auto& change) {
    change(options);
    return error_message([&] { fit(net, parts.train, parts.validation, options); });
  };
  FitOptions options = quick(4);
  CHECK(said(options, [](FitOptions& o) { o.schedule.warm_up = -1; }) == "[fit] expected warm_up >= 0, got -1");
  CHECK(said(options, [](FitOptions& o) { o.schedule = {.kind = ScheduleKind::one_cycle, .warm_up = 1}; }) ==
        "[fit] expected no warm_up with one-cycle, which rises by itself, got 1");
  CHECK(said(options, [](FitOptions& o) { o.schedule = {.kind = ScheduleKind::cosine, .epochs = 3}; }) ==
        "[fit] expected at most the 3 epochs of the schedule, got 4");
  CHECK(said(options, [](FitOptions& o) { o.schedule = {.kind = ScheduleKind::cosine, .warm_up = 4}; }) ==
        "[fit] expected a warm_up shorter than the 4 epochs of the schedule, got 4");
  options = quick(1);
  options.checkpoint_path = folder / "checkpoint.safetensors";
  options.resume = true;
  options.schedule = {.kind = ScheduleKind::cosine, .epochs = 3, .warm_up = 1};
  options.ema = qrs::optim::EmaOptions{.decay = 0.9};
  options.clip_grad_norm = 1.0;
  fit(net, parts.train, parts.validation, options);
  options.epochs = 2;
  const auto differs = [&](const auto& change, const std::string& name) {
    return said(options, change).starts_with("[resume] expected " + name + " = ");
  };
  CHECK(differs([](FitOptions& o) { o.schedule.kind = ScheduleKind::plateau; }, "schedule"));
  CHECK(differs([](FitOptions& o) { o.schedule.epochs = 4; }, "schedule_epochs"));
  CHECK(differs([](FitOptions& o) { o.schedule.eta_min = 1e-4; }, "eta_min"));
  CHECK(differs([](FitOptions& o) { o.schedule.warm_up = 0; }, "warm_up"));
  CHECK(differs([](FitOptions& o) { o.ema->decay = 0.8; }, "ema_decay"));
  CHECK(differs([](FitOptions& o) { o.ema.reset(); }, "ema_decay"));
  CHECK(differs([](FitOptions& o) { o.clip_grad_norm = 2.0; }, "clip_grad_norm"));
  CHECK(differs([](FitOptions& o) { o.clip_grad_value = 2.0; }, "clip_grad_value"));
  CHECK(said(options, [](FitOptions&) {}) == "no error");
}

TEST_CASE("a checkpoint keeps the average, and without one it names no schedule, no clipping and no average") {
  const Parts parts;
  const TemporaryFolder folder;
  TinyNet net = fresh();
  FitOptions options = quick(1);
  options.checkpoint_path = folder / "checkpoint.safetensors";
  fit(net, parts.train, parts.validation, options);
  auto kept = qrs::train::load_checkpoint<float>(options.checkpoint_path);
  CHECK(kept.average.numbers.empty());
  CHECK(kept.average.tensors.empty());
  for (const auto& [name, value] : kept.settings) {
    CAPTURE(name);
    CHECK((name.find("schedule") == std::string::npos && name.find("ema") == std::string::npos));
  }
  options.ema = qrs::optim::EmaOptions{.decay = 0.9};
  fit(net, parts.train, parts.validation, options);
  kept = qrs::train::load_checkpoint<float>(options.checkpoint_path);
  CHECK(kept.average.numbers.at("n_averaged") == 4.0);
  CHECK(kept.average.tensors.size() == net.named_parameters().size() + net.named_buffers().size());
  // What is kept of the average must be whole.
  kept.average.tensors.erase("head.bias");
  save_checkpoint(options.checkpoint_path, kept);
  options.resume = true;
  options.epochs = 2;
  CHECK(error_message([&] { fit(net, parts.train, parts.validation, options); }).find("'head.bias'") !=
        std::string::npos);
}

}  // namespace train_schedule_test
