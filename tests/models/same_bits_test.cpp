// The same weights after Adam steps, from run to run and for any number of threads.
#include <doctest/doctest.h>

#include <string>

#include "../sanitised.hpp"
#include "apps/models/instances.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/nn/weights_hash.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/optim/adam.hpp"

namespace qrs::models {

/// SHA-256 of all entries of the state dict after `steps` Adam steps on 8 images of 64 x 64, with random layers on.
static std::string trained(std::string_view name, int threads, int steps) {
  const ThreadLimit limit(threads);
  const auto net = create<float>(name, {.classes = 4, .seed = 11, .image_size = 64});
  Tensor<float> images({8, 64, 64, 3});  // (N, H, W, C)
  Rng rng(3);
  for (float& value : images.values()) value = static_cast<float>(rng.uniform(0.0, 1.0));
  const Tensor<std::int64_t> labels = Tensor<std::int64_t>::from({8}, {0, 1, 2, 3, 3, 2, 1, 0});
  optim::Adam<float> adam(net->named_parameters(), {});
  for (int step = 0; step < steps; ++step) {
    net->set_random({.seed = 1, .step = static_cast<std::uint64_t>(step)});
    Tape<float> tape;
    Var<float> loss;
    {
      const Recording<float> on(tape);
      loss = cross_entropy(net->forward(images), labels);
    }
    adam.zero_grad();
    tape.backward(loss);
    adam.step();
  }
  return nn::weights_sha256(*net);
}

static bool large(std::string_view name) { return name == "convnext_tiny" || name == "vit_b_16"; }  // seconds a step

static void check_same_bits(std::string_view name, int steps) {
  CAPTURE(name);
  const std::string one = trained(name, 1, steps);
  MESSAGE(std::string(name), " ", one);
  if (!tests::thread_sanitised) CHECK(trained(name, 1, steps) == one);
  for (const int threads : {2, 3, 7}) {
    if (tests::thread_sanitised && threads != 3) continue;
    CAPTURE(threads);
    CHECK(trained(name, threads, steps) == one);
  }
  CHECK(trained(name, 2, steps - 1) != one);
}

TEST_CASE("weights after two Adam steps are the same bits for 1, 2, 3 and 7 threads and from run to run") {
  // The thread sanitiser slows this down a hundredfold and sees in one step what it sees in two.
  for (const std::string_view name : names()) {
    if (!large(name)) check_same_bits(name, tests::thread_sanitised ? 1 : 2);
  }
}

TEST_CASE("the weights are the same bits after five steps too, and the large networks' after two" *
          doctest::test_suite("check")) {
  for (const std::string_view name : names()) {
    if (large(name)) check_same_bits(name, tests::thread_sanitised ? 1 : 2);
    if (!large(name) && !tests::thread_sanitised) check_same_bits(name, 5);
  }
}

}  // namespace qrs::models
