// Stochastic gradient descent; the equations stand in kernels/sgd/sgd.hpp.
//
//   qrs::optim::Sgd<float> sgd(net.named_parameters(), {.lr = 0.1, .momentum = 0.9, .nesterov = true});
//
// Names and defaults are PyTorch's; the state of a parameter is its momentum_buffer.
#pragma once

#include <span>
#include <vector>

#include "optimizer.hpp"

namespace qrs::optim {

struct SgdOptions {
  double lr = 1e-3;
  double momentum = 0.0;
  double dampening = 0.0;
  double weight_decay = 0.0;  // added to the gradient
  bool nesterov = false;      // needs momentum, and no dampening
  bool maximize = false;
};

template <class T>
class Sgd : public Optimizer<T> {
 public:
  template <class Range>
  explicit Sgd(const Range& parameters, const SgdOptions& options = {})
      : Optimizer<T>(parameters, options.lr), options_(options), buffers_(this->parameters().size()) {
    QRS_CHECK(options.weight_decay >= 0.0, "[sgd] expected weight_decay >= 0, got ", options.weight_decay);
    set_momentum(options.momentum);
  }

  void step() override {
    std::vector<kernels::SgdTensor<T>> work;
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      const NamedParameter<T>& p = this->parameters()[i];
      const T* g = this->gradient(p);
      if (g == nullptr) continue;
      const bool first = buffers_[i].empty();
      if (first && options_.momentum > 0.0) buffers_[i] = Tensor<T>(p.parameter.shape(), p.parameter.device());
      work.push_back({.count = p.parameter.value().size(),
                      .p = p.parameter.value().data(),
                      .g = g,
                      .buffer = options_.momentum > 0.0 ? buffers_[i].data() : nullptr,
                      .first = first});
    }
    if (work.empty()) return;
    const kernels::SgdParams params{.lr = this->lr(),
                                    .momentum = options_.momentum,
                                    .dampening = options_.dampening,
                                    .weight_decay = options_.weight_decay,
                                    .nesterov = options_.nesterov,
                                    .maximize = options_.maximize};
    on_cpu_only("sgd", this->parameters().front().parameter.device(),
                [&] { kernels::sgd_cpu(params, std::span<const kernels::SgdTensor<T>>(work)); });
  }

  State<T> state() const override {
    State<T> out;
    out.numbers["lr"] = this->lr();
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      const std::string& name = this->parameters()[i].name;
      out.numbers[name + "/has_momentum_buffer"] = buffers_[i].empty() ? 0.0 : 1.0;
      if (!buffers_[i].empty()) out.tensors[name + "/momentum_buffer"] = buffers_[i].clone();
    }
    return out;
  }

  void load(const State<T>& state) override {
    std::vector<Tensor<T>> loaded(buffers_.size());
    for (std::size_t i = 0; i < loaded.size(); ++i) {
      const NamedParameter<T>& p = this->parameters()[i];
      if (this->load_number(state, p.name + "/has_momentum_buffer") == 0.0) continue;
      loaded[i] = this->load_tensor(state, p, "momentum_buffer");
    }
    this->set_lr(this->load_number(state, "lr"));
    buffers_ = std::move(loaded);
  }

  double momentum() const override { return options_.momentum; }
  void set_momentum(double momentum) override {
    QRS_CHECK(momentum >= 0.0, "[sgd] expected momentum >= 0, got ", momentum);
    QRS_CHECK(!options_.nesterov || (momentum > 0.0 && options_.dampening == 0.0),
              "[sgd] expected momentum > 0 and dampening 0 with nesterov, got ", momentum, " and ", options_.dampening);
    options_.momentum = momentum;
  }

  const SgdOptions& options() const { return options_; }

 private:
  SgdOptions options_;
  std::vector<Tensor<T>> buffers_;  // empty before a parameter's first step, and without momentum
};

template <class Range>
explicit Sgd(const Range&, const SgdOptions& = {}) -> Sgd<detail::ParameterType<Range>>;

}  // namespace qrs::optim
