// Module<T>: what owns parameters. A network is a struct whose members are modules; the names it gives them are its
// parameters' names.
//
//   struct Small : qrs::nn::Module<float> {
//     qrs::nn::Conv2d<float> stem{*this, "stem", {.in = 1, .out = 16, .kernel = 3, .padding = 1}};
//     qrs::nn::Linear<float> head{*this, "head", {.in = 16, .out = 4}};
//   };
//
// A member registers itself with its parent when it is constructed, so there is no list to keep; modules therefore neither
// copy nor move. Parameters come in the order of torch's named_parameters(): a module's own first, then its children's.
// Random layers draw from no hidden generator: the root holds (seed, step), each random layer adds a number of its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../autograd/tape.hpp"
#include "../core/rng.hpp"
#include "summary.hpp"

namespace qrs::nn {

/// How the elements of a parameter map to torch's file layout.
enum class Layout {
  as_is,        // the same extents
  convolution,  // ours (KH, KW, C_in / groups, C_out), theirs (C_out, C_in / groups, KH, KW)
};

/// Where the random layers of a network stand: the same seed and step give the same masks.
struct RandomState {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

template <class T>
class Module {
 public:
  using value_type = T;

  /// A root.
  Module() = default;
  /// A part of `parent`, under `name`.
  Module(Module& parent, std::string name) : parent_(&parent) {
    parent.check_name("part", name);
    parent.children_.push_back({std::move(name), this});
  }
  /// Leaves the parent's list, so that a part may be replaced: a new head under the old name.
  virtual ~Module() {
    for (const auto& [name, child] : children_) child->parent_ = nullptr;
    if (parent_ == nullptr) return;
    std::erase_if(parent_->children_, [this](const auto& child) { return child.second == this; });
  }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// A parameter with its full name ("layer1.0.conv1.weight") and file layout.
  struct Parameter {
    std::string name;
    Var<T> variable;
    Layout layout;
  };
  /// A buffer: state that is no parameter, such as a running mean.
  struct Buffer {
    std::string name;
    Tensor<T> tensor;
  };
  /// One entry of a state dict, in torch's order: a parameter, a buffer, or a counter (num_batches_tracked).
  struct StateEntry {
    std::string name;
    Tensor<T> tensor;                                 // empty for a counter
    std::shared_ptr<std::int64_t> counter = nullptr;  // null for a tensor
    Layout layout = Layout::as_is;
  };

  std::vector<Parameter> parameters() const {
    std::vector<Parameter> out;
    visit("", [&](const std::string& prefix, const Module& module) {
      for (const Parameter& p : module.parameters_) out.push_back({prefix + p.name, p.variable, p.layout});
    });
    return out;
  }
  /// The same as (name, Var) pairs.
  std::vector<std::pair<std::string, Var<T>>> named_parameters() const {
    std::vector<std::pair<std::string, Var<T>>> out;
    for (const Parameter& p : parameters()) out.emplace_back(p.name, p.variable);
    return out;
  }
  std::vector<std::pair<std::string, Tensor<T>>> named_buffers() const {
    std::vector<std::pair<std::string, Tensor<T>>> out;
    visit("", [&](const std::string& prefix, const Module& module) {
      for (const Buffer& b : module.buffers_) out.emplace_back(prefix + b.name, b.tensor);
    });
    return out;
  }
  /// Everything that a file keeps, module by module.
  std::vector<StateEntry> state_entries() {
    std::vector<StateEntry> out;
    visit("", [&](const std::string& prefix, const Module& module) {
      for (const Parameter& p : module.parameters_) {
        out.push_back({.name = prefix + p.name, .tensor = p.variable.value(), .counter = nullptr, .layout = p.layout});
      }
      for (const Buffer& b : module.buffers_) out.push_back({.name = prefix + b.name, .tensor = b.tensor});
      for (const auto& [name, counter] : module.counters_) {
        out.push_back({.name = prefix + name, .tensor = {}, .counter = counter});
      }
    });
    return out;
  }
  /// Calls visit(full name, module) for every part below this one, parents first.
  template <class Visit>
  void for_each_module(const Visit& visit_part) const {
    visit("", [&](const std::string& prefix, const Module& module) {
      if (!prefix.empty()) visit_part(prefix.substr(0, prefix.size() - 1), module);
    });
  }
  /// Direct parts, in order of construction.
  const std::vector<std::pair<std::string, Module*>>& children() const { return children_; }

  /// Number of values in all parameters.
  std::int64_t parameter_count() const {
    std::int64_t count = 0;
    for (const Parameter& p : parameters()) count += p.variable.value().size();
    return count;
  }

  /// Training mode: batch statistics and random layers; evaluation: running statistics, no randomness. A frozen part
  /// keeps evaluating its batch norms either way.
  void train(bool on = true) {
    training_ = on;
    for (const auto& [name, child] : children_) child->train(on);
  }
  void eval() { train(false); }
  bool training() const { return training_; }

  /// Freezes this part: no gradients, and batch norms neither use nor update batch statistics.
  void freeze(bool on = true) {
    frozen_ = on;
    for (Parameter& p : parameters_) p.variable.set_requires_grad(!on);
    for (const auto& [name, child] : children_) child->freeze(on);
  }
  void unfreeze() { freeze(false); }
  bool frozen() const { return frozen_; }

  void zero_grad() const {
    for (const Parameter& p : parameters()) p.variable.zero_grad();
  }

  /// Draws fresh initial parameters for this part and all below, each layer by its own rule.
  virtual void reset_parameters(Rng& rng) {
    for (const auto& [name, child] : children_) child->reset_parameters(rng);
  }

  /// The rows of forward(image), which must run this root on one image: see summary.hpp. Modes are as before afterwards.
  template <class F>
  Summary summarize(std::int64_t batch, const F& forward) {
    Summary summary{.value_bytes = sizeof(T), .batch = batch};
    std::vector<std::pair<Module*, bool>> modes;
    const auto remember = [&](const auto& self, Module& part) -> void {
      modes.emplace_back(&part, part.training_);
      for (const auto& [name, child] : part.children_) self(self, *child);
    };
    remember(remember, *this);
    const NoRecording<T> off;
    eval();
    root().summary_ = &summary;
    try {
      forward();
    } catch (...) {
      root().summary_ = nullptr;
      for (const auto& [part, training] : modes) part->training_ = training;
      throw;
    }
    root().summary_ = nullptr;
    for (const auto& [part, training] : modes) part->training_ = training;
    return summary;
  }
  /// Notes the result of this layer, or of a step of it that has no module of its own, where a summary listens.
  void note(const std::string& type, const Shape& output, std::int64_t macs = 0) const {
    Summary* summary = root().summary_;
    if (summary == nullptr) return;
    std::int64_t own = 0;  // parameters of its parts stand in their rows
    for (const Parameter& p : parameters_) own += p.variable.value().size();
    summary->add(full_name(), type, output, own, macs);
  }
  void note_step(const std::string& step, const std::string& type, const Shape& output, std::int64_t macs = 0,
                 std::int64_t parameters = 0) const {
    Summary* summary = root().summary_;
    if (summary == nullptr) return;
    const std::string owner = full_name();
    summary->add(owner.empty() ? step : owner + "." + step, type, output, parameters, macs);
  }
  /// The step that follows this layer, named beside it: "layer1.0.relu" after "layer1.0.bn1".
  void note_after(const std::string& step, const std::string& type, const Shape& output) const {
    (parent_ == nullptr ? *this : *parent_).note_step(step, type, output);
  }
  /// "layer1.0.bn1"; empty for a root.
  std::string full_name() const {
    if (parent_ == nullptr) return "";
    const std::string above = parent_->full_name();
    for (const auto& [name, child] : parent_->children_) {
      if (child == this) return above.empty() ? name : above + "." + name;
    }
    return above;
  }

  /// Folds every batch norm that follows a convolution into it; see fold_batch_norm. A part that holds such a pair overrides
  /// this and calls it for its other parts.
  virtual void fold_norms() {
    for (const auto& [name, child] : children_) child->fold_norms();
  }

  /// Seed and step of the random layers; set on the root, once per training step. A forward pass that follows another
  /// without a call draws masks of its own all the same.
  void set_random(RandomState state) {
    root().random_ = state;
    ++root().random_calls_;
  }
  const RandomState& random() const { return parent_ == nullptr ? random_ : parent_->random(); }

 protected:
  /// Names are those of files: not empty, without a dot, each once in a module.
  Var<T> add_parameter(std::string name, const Shape& shape, Layout layout = Layout::as_is) {
    check_name("parameter", name);
    Var<T> variable = Var<T>::parameter(Tensor<T>::zeros(shape));
    parameters_.push_back({std::move(name), variable, layout});
    return variable;
  }
  Tensor<T> add_buffer(std::string name, const Shape& shape, T value) {
    check_name("buffer", name);
    Tensor<T> tensor = Tensor<T>::full(shape, value);
    buffers_.push_back({std::move(name), tensor});
    return tensor;
  }
  /// A counter that begins at 0; who lists the state shares it, as it shares the tensors.
  std::shared_ptr<std::int64_t> add_counter(std::string name) {
    check_name("counter", name);
    counters_.emplace_back(std::move(name), std::make_shared<std::int64_t>(0));
    return counters_.back().second;
  }
  /// A number of its own for each random layer of a network, in order of construction.
  std::uint32_t next_random_layer() { return root().random_layers_++; }
  /// How often set_random was called.
  std::uint64_t random_calls() const { return root().random_calls_; }

 private:
  Module& root() { return parent_ == nullptr ? *this : parent_->root(); }
  const Module& root() const { return parent_ == nullptr ? *this : parent_->root(); }

  void check_name(const char* kind, std::string_view name) const {
    QRS_CHECK(!name.empty() && name.find('.') == std::string_view::npos, "[module] expected a name for a ", kind,
              " that is not empty and has no dot, which stands between names, got '", name, "'");
    const auto named = [&](const auto& list) {
      return std::any_of(list.begin(), list.end(), [&](const auto& entry) { return entry.first == name; });
    };
    const auto is_named = [&](const auto& entry) { return entry.name == name; };
    QRS_CHECK(!named(children_), "[module] expected unique names of parts, got '", name, "' twice");
    QRS_CHECK(!named(counters_) && !std::any_of(parameters_.begin(), parameters_.end(), is_named) &&
                  !std::any_of(buffers_.begin(), buffers_.end(), is_named),
              "[module] expected unique names of parameters, buffers and counters, got '", name,
              "' twice, the second a ", kind);
  }

  template <class Visit>
  void visit(const std::string& prefix, const Visit& at) const {
    at(prefix, *this);
    for (const auto& [name, child] : children_) child->visit(prefix + name + ".", at);
  }

  Module* parent_ = nullptr;
  std::vector<std::pair<std::string, Module*>> children_;
  std::vector<Parameter> parameters_;
  std::vector<Buffer> buffers_;
  std::vector<std::pair<std::string, std::shared_ptr<std::int64_t>>> counters_;
  RandomState random_;
  std::uint64_t random_calls_ = 0;
  Summary* summary_ = nullptr;  // of a root, while it is summarized
  std::uint32_t random_layers_ = 0;
  bool training_ = true;
  bool frozen_ = false;
};

/// A part that only gives its own parts a name: torch's Sequential.
template <class T>
struct Sequence : Module<T> {
  using Module<T>::Module;
};

}  // namespace qrs::nn
