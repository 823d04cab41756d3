// Reverse-mode differentiation on a tape: Tape, Recording.
//
// A Var (var.hpp) is a value and, where a gradient is wanted, a slot that gradient is added into. An operation computes its result
// and, if a tape listens and some input has a slot, records one step: the slot of its result and a closure that, given
// the gradient of the result (dy), adds to the slots of its inputs. Execution order is a topological order, so backward
// walks the steps from the last to the first and drops each when it has run: what a step saved is freed at once.
//
// A closure captures what its backward needs (input slots, and tensors or the recipes of them: recipe.hpp) and never the Var it
// produced: no reference cycles. Inference is the absence of a tape: nothing is captured, nothing is kept.
//
// What a closure captured must not change before backward has run: a parameter that is written over in between gives the
// gradient of neither value.
// Source: the tape of Griewank and Walther, Evaluating Derivatives, 2008, section 3.2.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "var.hpp"

namespace qrs {

template <class T>
class Tape;

namespace detail {

/// What tells others whether a tape is still there.
template <class T>
struct TapeLife {
  Tape<T>* tape = nullptr;  // null once it is gone
};

/// What this thread's operations record on: the innermost Recording or NoRecording.
template <class T>
struct Listener {
  std::shared_ptr<const TapeLife<T>> life;  // null: nothing is recorded

  Tape<T>* tape() const {
    QRS_CHECK(!life || life->tape, "[recording] expected a Tape that outlives its Recording, got one that is gone: ",
              "declare the Tape first");
    return life ? life->tape : nullptr;
  }
};

/// Null outside every Recording.
template <class T>
inline thread_local const Listener<T>* current_listener = nullptr;

/// The tape this thread's operations record on; null where nothing listens.
template <class T>
Tape<T>* current_tape() {
  return current_listener<T> == nullptr ? nullptr : current_listener<T>->tape();
}

}  // namespace detail

/// The steps recorded so far, in execution order. It stays where it is made: recorded values know it.
template <class T>
class Tape {
 public:
  Tape() : life_(std::make_shared<detail::TapeLife<T>>(detail::TapeLife<T>{this})) {}
  ~Tape() { life_->tape = nullptr; }
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Adds to the gradients of a step's inputs, given the gradient of its result. dy is the closure's own: it may write over
  /// it, or hand it on to one slot.
  using Backward = std::function<void(const Tensor<T>& dy)>;

  /// Called by operations: a Var for `value` whose gradient `backward` will receive.
  Var<T> record(Tensor<T> value, Backward backward) {
    auto slot = std::make_shared<GradSlot<T>>(value.shape(), value.device());
    return record(std::move(value), std::move(slot), std::move(backward));
  }
  /// The same with a slot of the operation's own: a range of another's, for one.
  Var<T> record(Tensor<T> value, std::shared_ptr<GradSlot<T>> slot, Backward backward) {
    push(slot, std::move(backward));
    return Var<T>(std::move(value), std::move(slot));
  }
  /// The same for a value that is computed when it is asked for: see Var.
  Var<T> record(std::shared_ptr<Recipe<T>> first, std::shared_ptr<const Recipe<T>> again, Backward backward) {
    auto slot = std::make_shared<GradSlot<T>>(first->shape(), first->device());
    push(slot, std::move(backward));
    return Var<T>(std::move(first), std::move(again), std::move(slot));
  }

  /// Adds d loss / d parameter to the gradient of every parameter the loss depends on, and empties the tape: a second call
  /// needs a second forward pass. The loss must hold one element, and a finite one, and be recorded on this tape.
  void backward(const Var<T>& loss) {
    check_own(loss);
    QRS_CHECK(loss.value().size() == 1, "[backward] expected a loss of one element, got shape ", loss.shape());
    const T value = loss.value().item();
    QRS_CHECK(std::isfinite(value), "[backward] expected a finite loss, got ", static_cast<double>(value));
    backward(loss, Tensor<T>::full(loss.shape(), T(1), loss.device()));
  }
  /// The same from a given gradient of `output`: the vector-Jacobian product.
  void backward(const Var<T>& output, const Tensor<T>& gradient) {
    check_own(output);
    output.slot()->add(gradient.clone());
    while (!steps_.empty()) {
      Step step = std::move(steps_.back());
      steps_.pop_back();
      const Tensor<T> dy = step.slot->release_to_step();
      step.slot->step_is_over();
      if (!dy.empty()) step.backward(dy);  // an empty gradient: the loss does not depend on this result
    }
  }

  std::size_t size() const { return steps_.size(); }
  /// Forgets everything recorded.
  void clear() {
    for (const Step& step : steps_) step.slot->step_is_over();
    steps_.clear();
  }
  /// What a Recording holds.
  std::shared_ptr<const detail::TapeLife<T>> life() const { return life_; }

 private:
  struct Step {
    std::shared_ptr<GradSlot<T>> slot;
    Backward backward;
  };

  void push(const std::shared_ptr<GradSlot<T>>& slot, Backward backward) {
    slot->recorded_on(life_);
    steps_.push_back({slot, std::move(backward)});
  }
  void check_own(const Var<T>& output) const {
    QRS_CHECK(!output.empty(), "[backward] expected a value recorded on this tape, got an empty Var");
    const std::shared_ptr<GradSlot<T>> slot = output.slot();
    QRS_CHECK(slot != nullptr, "[backward] expected a value recorded on this tape, got a constant of shape ",
              output.shape(), " (was a Recording active?)");
    slot->check_open();
    QRS_CHECK(!slot->recorded() || slot->waits_on(life_),
              "[backward] expected a value recorded on this tape, got one of shape ", output.shape(),
              " recorded on another");
  }

  std::vector<Step> steps_;
  std::shared_ptr<detail::TapeLife<T>> life_;
};

/// While it lives, operations of this thread on Var<T> record on the tape, which must outlive it.
template <class T>
class Recording {
 public:
  explicit Recording(Tape<T>& tape)
      : listener_{tape.life()}, before_(std::exchange(detail::current_listener<T>, &listener_)) {}
  ~Recording() { detail::current_listener<T> = before_; }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  detail::Listener<T> listener_;
  const detail::Listener<T>* before_;
};

/// While it lives, nothing is recorded: the inside of an evaluation within a training loop, or of a recomputation.
template <class T>
class NoRecording {
 public:
  NoRecording() : before_(std::exchange(detail::current_listener<T>, nullptr)) {}
  ~NoRecording() { detail::current_listener<T> = before_; }
  NoRecording(const NoRecording&) = delete;
  NoRecording& operator=(const NoRecording&) = delete;

 private:
  const detail::Listener<T>* before_;
};

/// The tape an operation on these inputs must record on; null where nothing listens or no input wants a gradient.
template <class T, class... More>
Tape<T>* listening(const Var<T>& first, const More&... more) {
  Tape<T>* tape = detail::current_tape<T>();
  if (tape == nullptr) return nullptr;
  const bool wanted = (first.requires_grad() || ... || more.requires_grad());
  return wanted ? tape : nullptr;
}

}  // namespace qrs
