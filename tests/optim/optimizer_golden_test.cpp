// The optimisers step by step against PyTorch: gradients given, parameters compared after every step.
#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "qrs/io/safetensors.hpp"
#include "qrs/optim/adam.hpp"
#include "qrs/optim/sgd.hpp"
#include "qrs/tensor/compare.hpp"

namespace {

using qrs::Tensor;
using qrs::Var;

template <class T>
using Parameters = std::vector<std::pair<std::string, Var<T>>>;
template <class T>
using Make = std::function<std::unique_ptr<qrs::optim::Optimizer<T>>(const Parameters<T>&)>;

/// The reference's recipes by name.
template <class T>
std::map<std::string, Make<T>> recipes() {
  using qrs::optim::Adam;
  using qrs::optim::AdamW;
  using qrs::optim::Sgd;
  return {
      {"adam", [](const auto& p) { return std::make_unique<Adam<T>>(p, qrs::optim::AdamOptions{.lr = 1e-2}); }},
      {"adam_wd",
       [](const auto& p) {
         return std::make_unique<Adam<T>>(p, qrs::optim::AdamOptions{.lr = 1e-2, .weight_decay = 0.1});
       }},
      {"adam_amsgrad",
       [](const auto& p) {
         return std::make_unique<Adam<T>>(
             p, qrs::optim::AdamOptions{.lr = 1e-2, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6, .amsgrad = true});
       }},
      {"adamw",
       [](const auto& p) {
         return std::make_unique<AdamW<T>>(p, qrs::optim::AdamWOptions{.lr = 1e-2, .weight_decay = 0.05});
       }},
      {"sgd", [](const auto& p) { return std::make_unique<Sgd<T>>(p, qrs::optim::SgdOptions{.lr = 1e-2}); }},
      {"sgd_nesterov",
       [](const auto& p) {
         return std::make_unique<Sgd<T>>(
             p, qrs::optim::SgdOptions{.lr = 1e-2, .momentum = 0.9, .weight_decay = 1e-3, .nesterov = true});
       }},
      {"sgd_momentum",
       [](const auto& p) {
         return std::make_unique<Sgd<T>>(p, qrs::optim::SgdOptions{.lr = 1e-2, .momentum = 0.9, .dampening = 0.1});
       }},
  };
}

template <class T>
Tensor<T> row(const Tensor<T>& matrix, std::int64_t i) {
  return matrix.batch_range(i, 1).reshape({matrix.dim(1)});
}

/// Twelve steps; at step `resume_at` a fresh optimiser takes over from the state of the first.
template <class T>
double largest_error(const qrs::io::StateDict& golden, const std::string& name, const Make<T>& make,
                     std::int64_t resume_at = -1) {
  const auto params = golden.at("optim_" + name + "/params").to<T>();
  const auto grads = golden.at("optim_" + name + "/grads").to<T>();
  const Var<T> p = Var<T>::parameter(row(params, 0).clone());
  std::unique_ptr<qrs::optim::Optimizer<T>> optimizer = make({{"p", p}});
  qrs::Difference worst;
  for (std::int64_t step = 0; step < grads.dim(0); ++step) {
    if (step == resume_at) {
      const auto state = optimizer->state();
      optimizer = make({{"p", p}});
      optimizer->load(state);
    }
    optimizer->zero_grad();
    p.slot()->add(row(grads, step).clone());
    optimizer->step();
    worst.add(qrs::difference(p.value(), row(params, step + 1)).relative(), 0.0);
  }
  return worst.max_error;
}

}  // namespace

TEST_CASE("every optimiser follows PyTorch step by step in double") {
  const auto golden = qrs::io::read_safetensors("tests/golden/ops.safetensors");
  for (const auto& recipe : recipes<double>()) {
    CAPTURE(recipe.first);
    CHECK(largest_error<double>(golden, recipe.first, recipe.second) < 1e-14);
  }
}

TEST_CASE("every optimiser follows PyTorch step by step in float, within its rounding") {
  const auto golden = qrs::io::read_safetensors("tests/golden/ops.safetensors");
  for (const auto& recipe : recipes<float>()) {
    CAPTURE(recipe.first);
    CHECK(largest_error<float>(golden, recipe.first, recipe.second) < 1e-6);
  }
}

TEST_CASE("an optimiser that is resumed from its state goes on as if nothing had happened") {
  const auto golden = qrs::io::read_safetensors("tests/golden/ops.safetensors");
  for (const auto& recipe : recipes<double>()) {
    CAPTURE(recipe.first);
    for (const std::int64_t at : {0, 1, 6})
      CHECK(largest_error<double>(golden, recipe.first, recipe.second, at) < 1e-14);
  }
}

TEST_CASE("the recipes are told apart: each reference fails under every other recipe") {
  const auto golden = qrs::io::read_safetensors("tests/golden/ops.safetensors");
  for (const auto& recipe : recipes<double>()) {
    for (const auto& other : recipes<double>()) {
      CAPTURE(recipe.first);
      CAPTURE(other.first);
      if (other.first != recipe.first) CHECK(largest_error<double>(golden, recipe.first, other.second) > 1e-9);
    }
  }
}
