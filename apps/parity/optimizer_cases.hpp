// The reference cases of optimisers and of the plateau scheduler.
//
// A case of op "optimizer" stores `params` (steps + 1, n), the trajectory, and `grads` (steps, n), the gradient that led from
// each row to the next. The gradients are given to our optimiser one after the other; its parameters must follow the rows.
// Its hyperparameters stand in the case under PyTorch's names (optimizer, lr, betas, ...). A case without them names one of
// the recipes below: optim_<recipe>.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "op_context.hpp"
#include "qrs/optim/adam.hpp"
#include "qrs/optim/reduce_lr_on_plateau.hpp"
#include "qrs/optim/sgd.hpp"

namespace qrs::parity {

/// The hyperparameters of a named recipe, in the words of a case; null where there is none of that name.
inline const nlohmann::json* optimizer_recipe(const std::string& name) {
  static const nlohmann::json recipes = {
      {"adam", {{"optimizer", "Adam"}, {"lr", 1e-2}}},
      {"adam_wd", {{"optimizer", "Adam"}, {"lr", 1e-2}, {"weight_decay", 0.1}}},
      {"adam_amsgrad", {{"optimizer", "Adam"}, {"lr", 1e-2}, {"betas", {0.8, 0.95}}, {"eps", 1e-6}, {"amsgrad", true}}},
      {"adamw", {{"optimizer", "AdamW"}, {"lr", 1e-2}, {"weight_decay", 0.05}}},
      {"sgd", {{"optimizer", "SGD"}, {"lr", 1e-2}}},
      {"sgd_nesterov",
       {{"optimizer", "SGD"}, {"lr", 1e-2}, {"momentum", 0.9}, {"nesterov", true}, {"weight_decay", 1e-3}}},
      {"sgd_momentum", {{"optimizer", "SGD"}, {"lr", 1e-2}, {"momentum", 0.9}, {"dampening", 0.1}}},
  };
  const auto found = recipes.find(name);
  return found == recipes.end() ? nullptr : &*found;
}

/// An optimiser of one parameter from the words of a case.
template <class T>
std::unique_ptr<optim::Optimizer<T>> make_optimizer(const OpContext<T>& c, const Var<T>& parameter) {
  const std::vector<std::pair<std::string, Var<T>>> parameters{{"p", parameter}};
  const auto name = c.template parameter<std::string>("optimizer", "");
  if (name == "SGD") {
    return std::make_unique<optim::Sgd<T>>(parameters,
                                           optim::SgdOptions{.lr = c.parameter("lr", 1e-3),
                                                             .momentum = c.parameter("momentum", 0.0),
                                                             .dampening = c.parameter("dampening", 0.0),
                                                             .weight_decay = c.parameter("weight_decay", 0.0),
                                                             .nesterov = c.parameter("nesterov", false),
                                                             .maximize = c.parameter("maximize", false)});
  }
  const bool decoupled = name == "AdamW";
  if (name != "Adam" && !decoupled) throw NotKnown(text("optimizer '", name, "' is not known"));
  const auto betas = c.template parameter<std::vector<double>>("betas", {0.9, 0.999});
  QRS_CHECK(betas.size() == 2, "[parity] expected two betas in case '", c.name(), "', got ", betas.size());
  return std::make_unique<optim::Adam<T>>(
      parameters, optim::AdamOptions{.lr = c.parameter("lr", 1e-3),
                                     .beta1 = betas[0],
                                     .beta2 = betas[1],
                                     .eps = c.parameter("eps", 1e-8),
                                     .weight_decay = c.parameter("weight_decay", decoupled ? 1e-2 : 0.0),
                                     .amsgrad = c.parameter("amsgrad", false),
                                     .maximize = c.parameter("maximize", false),
                                     .decoupled_weight_decay = decoupled});
}

/// The trajectory of an optimiser, all steps as one quantity.
template <class T>
void follow_trajectory(OpContext<T>& c) {
  const auto params = c.template stored<T>("params");  // (steps + 1, n)
  const auto grads = c.template stored<T>("grads");    // (steps, n)
  QRS_CHECK(
      params.rank() == 2 && grads.rank() == 2 && params.dim(0) == grads.dim(0) + 1 && params.dim(1) == grads.dim(1),
      "[parity] expected params (steps + 1, n) and grads (steps, n) in case '", c.name(), "', got ", params.shape(),
      " and ", grads.shape());
  const Shape one{params.dim(1)};
  const Tensor<T> start = params.batch_range(0, 1).reshape(one).clone();
  const Var<T> p = Var<T>::parameter(start.to(c.device()));
  const auto optimizer = make_optimizer(c, p);
  const Tensor<T> got(params.shape());
  start.copy_into(got.batch_range(0, 1).reshape(one));
  for (std::int64_t step = 0; step < grads.dim(0); ++step) {
    optimizer->zero_grad();
    p.slot()->add(grads.batch_range(step, 1).reshape(one).to(c.device()).clone());
    optimizer->step();
    p.value().copy_into(got.batch_range(step + 1, 1).reshape(one));
  }
  c.compare_forward("params", got);
}

template <class T>
void run_optimizer(OpContext<T>& c) {
  if (!c.template parameter<std::string>("optimizer", "").empty()) return follow_trajectory(c);
  const std::string prefix = "optim_";
  const std::string& name = c.name();
  const nlohmann::json* recipe = name.starts_with(prefix) ? optimizer_recipe(name.substr(prefix.size())) : nullptr;
  if (recipe == nullptr) throw NotKnown(text("no recipe is known for optimizer case '", name, "'"));
  OpContext<T> with_recipe = c.with_parameters(*recipe);
  follow_trajectory(with_recipe);
}

/// The learning rate epoch by epoch; computed in double whatever the type of the weights.
template <class T>
void run_plateau(OpContext<T>& c) {
  const auto word = [&](const char* key, const char* otherwise, const char* other) {
    const auto value = c.template parameter<std::string>(key, otherwise);
    QRS_CHECK(value == otherwise || value == other, "[parity] expected ", key, " '", otherwise, "' or '", other,
              "' in case '", c.name(), "', got '", value, "'");
    return value == other;
  };
  optim::ReduceLROnPlateau plateau(
      {.mode = word("mode", "min", "max") ? optim::Mode::max : optim::Mode::min,
       .factor = c.parameter("factor", 0.1),
       .patience = c.template parameter<std::int64_t>("patience", 10),
       .threshold = c.parameter("threshold", 1e-4),
       .threshold_mode = word("threshold_mode", "rel", "abs") ? optim::ThresholdMode::abs : optim::ThresholdMode::rel,
       .cooldown = c.template parameter<std::int64_t>("cooldown", 0),
       .min_lr = c.parameter("min_lr", 0.0),
       .eps = c.parameter("eps", 1e-8)});
  const auto metric = c.template stored<double>("metric");
  const auto expected = c.template stored<double>("lr");
  Tensor<double> got(metric.shape());
  double lr = c.parameter("lr", 1e-3);
  for (std::int64_t epoch = 0; epoch < metric.size(); ++epoch) {
    lr = plateau.step(metric.data()[epoch], lr);
    got.data()[epoch] = lr;
  }
  c.rows().add("lr", difference(got, expected), 1e-12);
}

}  // namespace qrs::parity
