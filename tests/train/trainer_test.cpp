// fit: what it learns, when it stops, and that a broken run ends with the bits of an unbroken one.
#include "qrs/train/trainer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "../sanitised.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/nn/weights_hash.hpp"
#include "tiny.hpp"

namespace {

using qrs::Tensor;
using qrs::data::ImageDataset;
using qrs::nn::weights_sha256;
using qrs::tests::error_message;
using qrs::tests::stripes;
using qrs::tests::TemporaryFolder;
using qrs::tests::TinyNet;
using qrs::train::Epoch;
using qrs::train::EpochProgress;
using qrs::train::FitObserver;
using qrs::train::FitOptions;
using qrs::train::FitResult;
using qrs::train::Samples;

/// 30 images to train with, 9 to validate.
struct Parts {
  ImageDataset data = stripes(39);
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

/// Ends the run after so many steps and batches of the validation.
struct StopAfter : FitObserver {
  explicit StopAfter(int asked) : left(asked) {}
  bool stop() override { return --left < 0; }
  int left;
};

bool same_numbers(const qrs::train::History& a, const qrs::train::History& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Epoch& x, const Epoch& y) { return x.same_numbers(y); });
}

}  // namespace

TEST_CASE("stripes are learnt: losses fall, every validation image is named rightly") {
  const Parts parts;
  TinyNet net = fresh();
  const FitResult result = fit(net, parts.train, parts.validation, quick(15));
  REQUIRE(result.history.size() == 15);
  CHECK(result.history.back().train_loss < 0.5 * result.history.front().train_loss);
  CHECK(result.history.back().validation_loss < 0.5 * result.history.front().validation_loss);
  CHECK(result.history.back().validation_accuracy == 1.0);
  CHECK_FALSE(net.training());
  CHECK_FALSE(result.interrupted);
  CHECK(result.resumed == 0);
}

TEST_CASE("the network ends with the weights of the best epoch, its counters included") {
  const Parts parts;
  TinyNet net = fresh();
  FitOptions options = quick(12);
  options.optimizer.lr = 0.3;  // jumps about: the last epoch is not the best
  options.early_stopping.patience = 12;
  const FitResult result = fit(net, parts.train, parts.validation, options);
  REQUIRE(result.best_epoch >= 1);
  REQUIRE(result.best_epoch < 12);
  const auto& best = result.history[static_cast<std::size_t>(result.best_epoch - 1)];
  for (const Epoch& e : result.history) CHECK(best.validation_loss <= e.validation_loss);
  CHECK(score(net, parts.validation, options.batch_size).loss == best.validation_loss);

  TinyNet shorter = fresh();
  options.epochs = result.best_epoch;
  fit(shorter, parts.train, parts.validation, options);
  CHECK(weights_sha256(net) == weights_sha256(shorter));

  TinyNet last = fresh();
  options.epochs = 12;
  options.early_stopping.restore_best_weights = false;
  fit(last, parts.train, parts.validation, options);
  CHECK(score(last, parts.validation, options.batch_size).loss == result.history.back().validation_loss);
  CHECK(weights_sha256(last) != weights_sha256(net));
}

TEST_CASE("a run broken off after any step goes on to the bits of an unbroken one") {
  const Parts parts;
  const TemporaryFolder folder;
  for (const auto kind : {qrs::train::OptimizerKind::adam, qrs::train::OptimizerKind::sgd}) {
    FitOptions options = quick(4);
    options.optimizer.kind = kind;
    options.optimizer.momentum = 0.9;
    options.plateau.patience = 0;
    TinyNet whole = fresh();
    const FitResult expected = fit(whole, parts.train, parts.validation, options);
    CHECK(expected.history.size() == 4);

    options.checkpoint_path = folder / "checkpoint.safetensors";
    options.history_path = folder / "history.jsonl";
    options.resume = true;
    for (const int asked : {0, 3, 5, 6, 13, 20}) {  // 4 steps and 1 question in the validation make an epoch
      CAPTURE(asked);
      std::filesystem::remove(options.checkpoint_path);
      TinyNet first = fresh();
      StopAfter stop(asked);
      const FitResult broken = fit(first, parts.train, parts.validation, options, &stop);
      CHECK(broken.interrupted == (asked < 20));
      TinyNet second = fresh();
      const FitResult result = fit(second, parts.train, parts.validation, options);
      CHECK(result.resumed == static_cast<std::int64_t>(broken.history.size()));
      CHECK_FALSE(result.interrupted);
      CHECK(weights_sha256(second) == weights_sha256(whole));
      CHECK(same_numbers(result.history, expected.history));
      CHECK(result.best_epoch == expected.best_epoch);
      const auto bytes = qrs::io::read_file(options.history_path);
      CHECK(same_numbers(qrs::train::parse_history(qrs::io::as_text(bytes), "history"), expected.history));
    }
    std::filesystem::remove(options.checkpoint_path);
  }
}

TEST_CASE("more epochs than the checkpoint's run had: as if it had asked for them at once") {
  const Parts parts;
  const TemporaryFolder folder;
  FitOptions options = quick(5);
  TinyNet whole = fresh();
  fit(whole, parts.train, parts.validation, options);
  options.checkpoint_path = folder / "checkpoint.safetensors";
  options.resume = true;
  TinyNet net = fresh();
  for (const std::int64_t epochs : {1, 2, 5, 5}) {
    options.epochs = epochs;
    const FitResult result = fit(net, parts.train, parts.validation, options);
    CHECK(result.history.size() == static_cast<std::size_t>(epochs));
  }
  CHECK(weights_sha256(net) == weights_sha256(whole));
  options.epochs = 4;
  CHECK(error_message([&] {
          fit(net, parts.train, parts.validation, options);
        }).starts_with("[resume] expected at least the 5 epochs that "));
}

TEST_CASE("the same bits for 1, 2 and 3 threads, with and without augmentation") {
  const Parts parts;
  for (const bool augment : {false, true}) {
    FitOptions options = quick(qrs::tests::thread_sanitised ? 1 : 3);
    if (augment) {
      options.augment = {.rotation = 10.0, .shift = 0.1, .brightness = 0.2, .grid_fade = 0.5, .jpeg_quality = 40};
    }
    std::string one;
    for (const int threads : {1, 2, 3}) {
      const qrs::ThreadLimit limit(threads);
      TinyNet net = fresh();
      fit(net, parts.train, parts.validation, options);
      if (threads == 1) one = weights_sha256(net);
      CHECK(weights_sha256(net) == one);
    }
    FitOptions other = options;
    other.seed = options.seed + 1;
    TinyNet net = fresh();
    fit(net, parts.train, parts.validation, other);
    CHECK(weights_sha256(net) != one);
    other = options;
    other.augment = augment ? qrs::train::AugmentOptions{} : qrs::train::AugmentOptions{.brightness = 0.2};
    TinyNet plain = fresh();
    fit(plain, parts.train, parts.validation, other);
    CHECK(weights_sha256(plain) != one);
  }
}

TEST_CASE("an augmented run goes on to the same bits") {
  const Parts parts;
  const TemporaryFolder folder;
  FitOptions options = quick(3);
  options.augment = {.rotation = 10.0, .shift = 0.1, .jpeg_quality = 40};
  TinyNet whole = fresh();
  fit(whole, parts.train, parts.validation, options);
  options.checkpoint_path = folder / "checkpoint.safetensors";
  options.resume = true;
  TinyNet first = fresh();
  StopAfter stop(7);
  CHECK(fit(first, parts.train, parts.validation, options, &stop).interrupted);
  TinyNet second = fresh();
  CHECK(fit(second, parts.train, parts.validation, options).resumed == 1);
  CHECK(weights_sha256(second) == weights_sha256(whole));
}

TEST_CASE("rates fall and the run ends in the epochs that the rules name") {
  // A rate that no weight feels and frozen batch norms: the validation loss is the same in every epoch.
  const Parts parts;
  TinyNet net = fresh();
  FitOptions options = quick(20);
  options.freeze_features = true;
  options.optimizer.lr = 1e-30;
  options.plateau.patience = 1;
  options.plateau.eps = 0.0;
  options.early_stopping.patience = 5;
  const FitResult result = fit(net, parts.train, parts.validation, options);
  REQUIRE(result.history.size() == 6);  // the first is the best, five are waited
  CHECK(result.stopped_early);
  CHECK(result.best_epoch == 1);
  std::vector<double> rates;
  for (const Epoch& e : result.history) rates.push_back(e.learning_rate);
  // Epochs 2 and 3 are bad, one more than the patience: the fourth has half the rate; 4 and 5 are bad: so has the sixth.
  CHECK(rates == std::vector<double>{1e-30, 1e-30, 1e-30, 0.5e-30, 0.5e-30, 0.25e-30});
}

TEST_CASE("a run that stopped early and is gone on with does nothing more") {
  const Parts parts;
  const TemporaryFolder folder;
  FitOptions options = quick(20);
  options.freeze_features = true;
  options.optimizer.lr = 1e-30;
  options.early_stopping.patience = 1;
  options.checkpoint_path = folder / "checkpoint.safetensors";
  options.resume = true;
  TinyNet net = fresh();
  CHECK(fit(net, parts.train, parts.validation, options).history.size() == 2);
  TinyNet again = fresh();
  const FitResult result = fit(again, parts.train, parts.validation, options);
  CHECK(result.history.size() == 2);
  CHECK(result.resumed == 2);
  CHECK(result.stopped_early);
  CHECK(weights_sha256(again) == weights_sha256(net));
}

TEST_CASE("frozen features: the head alone moves, running statistics stay") {
  const Parts parts;
  TinyNet net = fresh();
  const auto before = qrs::nn::state_dict(net);
  FitOptions options = quick(2);
  options.freeze_features = true;
  fit(net, parts.train, parts.validation, options);
  for (const auto& [name, entry] : qrs::nn::state_dict(net)) {
    CAPTURE(name);
    CHECK((entry == before.at(name)) == !name.starts_with("head."));
  }
}

TEST_CASE("a loss that is not finite ends the run with epoch, step and rate; the last good epoch's checkpoint stays") {
  const Parts parts;
  const TemporaryFolder folder;
  FitOptions options = quick(3);
  options.checkpoint_path = folder / "checkpoint.safetensors";
  /// Breaks a weight after the second step of the second epoch.
  struct Breaker : FitObserver {
    explicit Breaker(TinyNet& net) : net(net) {}
    void step(const EpochProgress& at) override {
      if (at.epoch == 2 && at.images == 16) {
        net.head().weight().value().fill(std::numeric_limits<float>::quiet_NaN());
      }
    }
    TinyNet& net;
  };
  TinyNet net = fresh();
  Breaker breaker(net);
  CHECK(error_message([&] { fit(net, parts.train, parts.validation, options, &breaker); }) ==
        "[fit] expected a finite training loss, got nan (epoch 2, step 3 of 4, 8 images, learning rate 0.02); " +
            options.checkpoint_path + " keeps epoch 1");
  options.resume = true;
  TinyNet second = fresh();
  CHECK(fit(second, parts.train, parts.validation, options).resumed == 1);
  TinyNet whole = fresh();
  fit(whole, parts.train, parts.validation, quick(3));
  CHECK(weights_sha256(second) == weights_sha256(whole));

  /// Breaks the running variance after an epoch's last step: only the validation sees it.
  struct LateBreaker : FitObserver {
    explicit LateBreaker(TinyNet& net) : net(net) {}
    void step(const EpochProgress& at) override {
      if (at.images < at.total) return;
      net.named_buffers()[1].second.fill(std::numeric_limits<float>::quiet_NaN());
    }
    TinyNet& net;
  };
  TinyNet third = fresh();
  LateBreaker late(third);
  CHECK(error_message([&] {
          fit(third, parts.train, parts.validation, quick(2), &late);
        }).starts_with("[fit] expected a finite validation loss, got nan (epoch 1, step 4 of the run, "));
}

TEST_CASE("other settings than the checkpoint's are refused by name") {
  Parts parts;
  const TemporaryFolder folder;
  FitOptions options = quick(1);
  options.checkpoint_path = folder / "checkpoint.safetensors";
  options.facts = {{"model", "tiny"}};
  TinyNet net = fresh();
  fit(net, parts.train, parts.validation, options);
  options.resume = true;
  options.epochs = 2;
  const auto said = [&](const auto& change) {
    FitOptions other = options;
    change(other);
    return error_message([&] { fit(net, parts.train, parts.validation, other); });
  };
  CHECK(said([](FitOptions& o) { o.optimizer.lr = 0.01; }) ==
        "[resume] expected lr = 0.02, as " + options.checkpoint_path + " was made with, got 0.01");
  CHECK(said([](FitOptions& o) { o.batch_size = 4; }).starts_with("[resume] expected batch_size = 8, as "));
  CHECK(said([](FitOptions& o) { o.seed = 4; }).starts_with("[resume] expected seed = 3, as "));
  CHECK(said([](FitOptions& o) { o.drop_last = true; }).starts_with("[resume] expected drop_last = false, as "));
  CHECK(said([](FitOptions& o) { o.plateau.patience = 3; }).starts_with("[resume] expected plateau_patience = 2, as "));
  CHECK(said([](FitOptions& o) { o.early_stopping.patience = 4; }).starts_with("[resume] expected patience = 5, as "));
  CHECK(said([](FitOptions& o) { o.augment.shift = 0.1; }).starts_with("[resume] expected augment_shift = 0, as "));
  CHECK(said([](FitOptions& o) { o.freeze_features = true; }).find("freeze_features = false") != std::string::npos);
  net.unfreeze();
  CHECK(said([](FitOptions& o) { o.facts[0].second = "small"; }).starts_with("[resume] expected model = tiny, as "));
  CHECK(said([](FitOptions& o) { o.facts.clear(); }).ends_with("was made with, got nothing"));
  parts.data.images.data()[0] ^= 1;
  CHECK(said([](FitOptions&) {}).starts_with("[resume] expected training images = "));
  parts.data.images.data()[0] ^= 1;
  CHECK(said([](FitOptions&) {}) == "no error");
}

TEST_CASE("what cannot be trained is refused before the first step") {
  Parts parts;
  TinyNet net = fresh();
  const std::string before = weights_sha256(net);
  const auto said = [&](const Samples& train, const Samples& validation, const FitOptions& options) {
    return error_message([&] { fit(net, train, validation, options); });
  };
  CHECK(said({&parts.data, {}}, parts.validation, quick(1)) == "[fit] expected at least one training image, got none");
  CHECK(said(parts.train, {}, quick(1)) == "[fit] expected at least one validation image, got none");
  CHECK(said({&parts.data, {39}}, parts.validation, quick(1)) ==
        "[fit] expected rows in [0, 39) for the training images, got 39");
  FitOptions options = quick(1);
  options.batch_size = 31;
  options.drop_last = true;
  CHECK(said(parts.train, parts.validation, options) ==
        "[fit] expected at least one batch of 31 images, got 30 images and drop_last");
  options = quick(0);
  CHECK(said(parts.train, parts.validation, options) == "[fit] expected at least one epoch, got 0");
  options = quick(1);
  options.resume = true;
  CHECK(said(parts.train, parts.validation, options) == "[fit] expected a checkpoint_path to resume from, got none");
  options = quick(1);
  options.augment.rotation = 181.0;
  CHECK(said(parts.train, parts.validation, options) == "[augment] expected rotation in [0, 180], got 181");
  parts.data.labels[4] = 3;
  CHECK(said(parts.train, parts.validation, quick(1)) ==
        "[fit] expected labels in [0, 3), as the network has classes, got 3 for training image 4");
  CHECK(weights_sha256(net) == before);
}

TEST_CASE("a last batch of one image trains where batch norms see more than a value a channel, and says so where not") {
  const Parts parts;
  FitOptions options = quick(1);
  options.batch_size = 29;
  TinyNet net = fresh();
  CHECK(fit(net, parts.train, parts.validation, options).history.size() == 1);
  const ImageDataset dots = stripes(39, 1);
  TinyNet other = fresh();
  const Samples train{&dots, parts.train.rows};
  const Samples validation{&dots, parts.validation.rows};
  CHECK(
      error_message([&] { fit(other, train, validation, options); }) ==
      "[batch_norm] expected more than one value per channel in training, got 1 in x (1, 1, 1, 8) (epoch 1, step 2 of "
      "2, 1 images, learning rate 0.02)");
  options.drop_last = true;
  TinyNet third = fresh();
  CHECK(fit(third, train, validation, options).history.size() == 1);
}

TEST_CASE("three input channels see the grey image three times") {
  const Parts parts;
  TinyNet net({.classes = 3, .in_channels = 3, .seed = 5});
  const FitResult result = fit(net, parts.train, parts.validation, quick(8));
  CHECK(result.history.back().train_loss < 0.7 * result.history.front().train_loss);
}

TEST_CASE("from the second epoch on nothing is asked of the system") {
  const Parts parts;
  const TemporaryFolder folder;
  struct Counter : FitObserver {
    void epoch(const Epoch&, bool) override { counts.push_back(qrs::host_cache().system_allocations()); }
    std::vector<std::int64_t> counts;
  } counter;
  FitOptions options = quick(5);
  options.checkpoint_path = folder / "checkpoint.safetensors";
  TinyNet net = fresh();
  fit(net, parts.train, parts.validation, options, &counter);
  REQUIRE(counter.counts.size() == 5);
  CHECK(counter.counts[4] == counter.counts[1]);
}
