// An exponential moving average of a network's weights, which often predicts better than the weights of any one step.
//
//   qrs::optim::AveragedModel<float> average(net, {.decay = 0.999});
//   for (...) { ...; adam.step(); average.update(); }
//   { const auto on = average.use(); evaluate(net); }                    // the average while `on` lives, then the weights
//
//   a_1 = w_1                          the first update copies
//   a_t = a + (1 - decay) (w_t - a)    each later one
//
// Equal to torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=...): with
// use_buffers running statistics are averaged too, without they are the network's. Counters (num_batches_tracked) stay the
// network's own: nothing is computed from them.
// Source: Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992; with a decay: Tarvainen and
// Valpola, Mean teachers are better role models, NeurIPS 2017, equation 1.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "optimizer.hpp"

namespace qrs::optim {

struct EmaOptions {
  double decay = 0.999;
  bool use_buffers = false;
};

template <class T>
class AveragedModel {
 public:
  /// Averages all parameters and buffers of a network, which must outlive this and keep its tensors.
  template <class Net>
  requires requires(Net& net) {
    net.named_parameters();
    net.named_buffers();
  }
  explicit AveragedModel(Net& net, const EmaOptions& options = {}) : options_(options) {
    QRS_CHECK(options.decay >= 0.0 && options.decay <= 1.0, "[averaged_model] expected decay in [0, 1], got ",
              options.decay);
    const auto add = [this](const std::string& name, const Tensor<T>& live, bool averaged) {
      QRS_CHECK(live.contiguous(), "[averaged_model] expected contiguous tensors, got pitch ", live.pitch(), " for '",
                name, "'");
      on_cpu_only("averaged_model", live.device(), [] {});
      entries_.push_back({name, live, live.clone(), averaged, live.size()});
    };
    for (const auto& [name, parameter] : net.named_parameters()) add(name, parameter.value(), true);
    for (const auto& [name, buffer] : net.named_buffers()) add(name, buffer, options.use_buffers);
  }

  /// Takes in the network's weights as they are now: after each step of the optimiser.
  void update() {
    const bool first = n_averaged_++ == 0;
    const auto share = static_cast<T>(1.0 - options_.decay);
    kernels::for_each_chunk(std::span<const Entry>(entries_), [&](const Entry& e, std::int64_t begin, std::int64_t n) {
      const T* w = e.live.data() + begin;
      T* a = e.average.data() + begin;
      if (first || !e.averaged) {
        std::copy_n(w, n, a);
      } else {
        for (std::int64_t i = 0; i < n; ++i) a[i] += share * (w[i] - a[i]);
      }
    });
  }

  /// The network has the average while this lives, and its own weights again afterwards.
  class Use {
   public:
    explicit Use(const AveragedModel& model) : model_(&model) { model_->swap(); }
    ~Use() { model_->swap(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    const AveragedModel* model_;
  };
  Use use() const { return Use(*this); }

  /// Exchanges the network's values for the average's; twice is nothing.
  void swap() const {
    kernels::for_each_chunk(std::span<const Entry>(entries_), [](const Entry& e, std::int64_t begin, std::int64_t n) {
      std::swap_ranges(e.live.data() + begin, e.live.data() + begin + n, e.average.data() + begin);
    });
  }

  /// Updates so far, by PyTorch's name for it.
  std::int64_t n_averaged() const { return n_averaged_; }

  /// The average by the network's names, and n_averaged; tensors are copies.
  State<T> state() const {
    State<T> out;
    out.numbers["n_averaged"] = static_cast<double>(n_averaged_);
    for (const Entry& e : entries_) out.tensors[e.name] = e.average.clone();
    return out;
  }
  /// Goes on where `state` was taken. Throws where an entry is missing or has another shape, and changes nothing then.
  void load(const State<T>& state) {
    const double count = detail::state_entry("averaged_model", state.numbers, "n_averaged");
    for (const Entry& e : entries_) {
      const Tensor<T>& kept = detail::state_entry("averaged_model", state.tensors, e.name);
      QRS_CHECK(kept.shape() == e.live.shape(), "[averaged_model] expected shape ", e.live.shape(), " for '", e.name,
                "', got ", kept.shape());
    }
    for (const Entry& e : entries_) state.tensors.at(e.name).copy_into(e.average);
    n_averaged_ = static_cast<std::int64_t>(count);
  }

 private:
  struct Entry {
    std::string name;
    Tensor<T> live;  // the network's own
    Tensor<T> average;
    bool averaged;       // else copied
    std::int64_t count;  // of values
  };

  EmaOptions options_;
  std::vector<Entry> entries_;
  std::int64_t n_averaged_ = 0;
};

}  // namespace qrs::optim
