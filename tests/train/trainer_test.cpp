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
