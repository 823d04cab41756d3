// Adam and AdamW; the equations stand in kernels/adam/adam.hpp.
//
//   qrs::optim::Adam adam(net.parameters(), {.lr = 1e-3});
//   for (...) { adam.zero_grad(); ...; tape.backward(loss); adam.step(); }
//
// Names and defaults are PyTorch's; the state of a parameter is named as there: exp_avg, exp_avg_sq, max_exp_avg_sq, step.
// One difference in reach: there are no parameter groups, one optimiser has one set of options.
#pragma once

#include <span>
#include <vector>

#include "optimizer.hpp"

namespace qrs::optim {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.0;  // added to the gradient, unless decoupled
  bool amsgrad = false;
  bool maximize = false;
  bool decoupled_weight_decay = false;  // shrinks the parameter instead: AdamW
};

template <class T>
class Adam : public Optimizer<T> {
 public:
  template <class Range>
  explicit Adam(const Range& parameters, const AdamOptions& options = {})
      : Optimizer<T>(parameters, options.lr), options_(options), moments_(this->parameters().size()) {
    set_momentum(options.beta1);
    QRS_CHECK(options.beta2 >= 0.0 && options.beta2 < 1.0, "[adam] expected beta2 in [0, 1), got ", options.beta2);
    QRS_CHECK(options.eps >= 0.0, "[adam] expected eps >= 0, got ", options.eps);
    QRS_CHECK(options.weight_decay >= 0.0, "[adam] expected weight_decay >= 0, got ", options.weight_decay);
  }

  void step() override {
    std::vector<kernels::AdamTensor<T>> work;
    for (std::size_t i = 0; i < moments_.size(); ++i) {
      const NamedParameter<T>& p = this->parameters()[i];
      const T* g = this->gradient(p);
      if (g == nullptr) continue;
      Moments& m = moments_[i];
      if (m.step == 0) m = zeros_for(p);
      work.push_back({.count = p.parameter.value().size(),
                      .p = p.parameter.value().data(),
                      .g = g,
                      .m = m.exp_avg.data(),
                      .v = m.exp_avg_sq.data(),
                      .v_max = options_.amsgrad ? m.max_exp_avg_sq.data() : nullptr,
                      .step = ++m.step});
    }
    if (work.empty()) return;
    const kernels::AdamParams params{.lr = this->lr(),
                                     .beta1 = options_.beta1,
                                     .beta2 = options_.beta2,
                                     .eps = options_.eps,
                                     .weight_decay = options_.weight_decay,
                                     .decoupled = options_.decoupled_weight_decay,
                                     .maximize = options_.maximize};
    on_cpu_only("adam", this->parameters().front().parameter.device(),
                [&] { kernels::adam_cpu(params, std::span<const kernels::AdamTensor<T>>(work)); });
  }

  State<T> state() const override {
    State<T> out;
    out.numbers["lr"] = this->lr();
    for (std::size_t i = 0; i < moments_.size(); ++i) {
      const std::string& name = this->parameters()[i].name;
      const Moments& m = moments_[i];
      out.numbers[name + "/step"] = static_cast<double>(m.step);
      if (m.step == 0) continue;
      out.tensors[name + "/exp_avg"] = m.exp_avg.clone();
      out.tensors[name + "/exp_avg_sq"] = m.exp_avg_sq.clone();
      if (options_.amsgrad) out.tensors[name + "/max_exp_avg_sq"] = m.max_exp_avg_sq.clone();
    }
    return out;
  }

  void load(const State<T>& state) override {
    std::vector<Moments> loaded(moments_.size());
    for (std::size_t i = 0; i < loaded.size(); ++i) {
      const NamedParameter<T>& p = this->parameters()[i];
      Moments& m = loaded[i];
      m.step = static_cast<std::int64_t>(this->load_number(state, p.name + "/step"));
      if (m.step == 0) continue;
      m.exp_avg = this->load_tensor(state, p, "exp_avg");
      m.exp_avg_sq = this->load_tensor(state, p, "exp_avg_sq");
      if (options_.amsgrad) m.max_exp_avg_sq = this->load_tensor(state, p, "max_exp_avg_sq");
    }
    this->set_lr(this->load_number(state, "lr"));
    moments_ = std::move(loaded);
  }

  double momentum() const override { return options_.beta1; }
  void set_momentum(double beta1) override {
    QRS_CHECK(beta1 >= 0.0 && beta1 < 1.0, "[adam] expected beta1 in [0, 1), got ", beta1);
    options_.beta1 = beta1;
  }

  const AdamOptions& options() const { return options_; }

 private:
  /// The state of one parameter; empty before its first step.
  struct Moments {
    Tensor<T> exp_avg;
    Tensor<T> exp_avg_sq;
    Tensor<T> max_exp_avg_sq;
    std::int64_t step = 0;
  };

  Moments zeros_for(const NamedParameter<T>& p) const {
    const auto zeros = [&] { return Tensor<T>::zeros(p.parameter.shape(), p.parameter.device()); };
    return {zeros(), zeros(), options_.amsgrad ? zeros() : Tensor<T>(), 0};
  }

  AdamOptions options_;
  std::vector<Moments> moments_;
};

/// Adam's defaults but for the weight decay.
struct AdamWOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-2;
  bool amsgrad = false;
  bool maximize = false;
};

/// Adam with decoupled weight decay.
template <class T>
class AdamW : public Adam<T> {
 public:
  template <class Range>
  explicit AdamW(const Range& parameters, const AdamWOptions& options = {})
      : Adam<T>(parameters, {.lr = options.lr,
                             .beta1 = options.beta1,
                             .beta2 = options.beta2,
                             .eps = options.eps,
                             .weight_decay = options.weight_decay,
                             .amsgrad = options.amsgrad,
                             .maximize = options.maximize,
                             .decoupled_weight_decay = true}) {}
};

template <class Range>
explicit Adam(const Range&, const AdamOptions& = {}) -> Adam<detail::ParameterType<Range>>;

}  // namespace qrs::optim
