// Reverse-mode differentiation on a tape: Tape, Recording.
//
// A Var (var.hpp) is a value and, where a gradient is wanted, a slot that gradient is added into. An operation computes its result
// and, if a tape listens and some input has a slot, records one step: the slot of its result and a closure that, given
// the gradient of the result (dy), adds to the slots of its inputs. Execution order is a topological order, so backward
// walks the steps from the last to the first and drops each when it has run: what a step saved is freed at once.
//
// A closure captures what its backward needs (input slots, and tensors or the recipes of them: recipe.hpp) and never the Var it
// produced: no reference cycles. Inference is the absence of a tape: nothing is captured, nothing is kept.
// Source: the tape of Griewank and Walther, Evaluating Derivatives, 2008, section 3.2.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "var.hpp"

namespace qrs {

/// The steps recorded so far, in execution order.
template <class T>
class Tape {
 public:
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
    steps_.push_back({slot, std::move(backward)});
    return Var<T>(std::move(value), std::move(slot));
  }
  /// The same for a value that is computed when it is asked for: see Var.
  Var<T> record(std::shared_ptr<Recipe<T>> first, std::shared_ptr<const Recipe<T>> again, Backward backward) {
    auto slot = std::make_shared<GradSlot<T>>(first->shape(), first->device());
    steps_.push_back({slot, std::move(backward)});
    return Var<T>(std::move(first), std::move(again), std::move(slot));
  }

  /// Adds d loss / d parameter to the gradient of every parameter the loss depends on, and empties the tape.
  /// The loss must hold one element, and a finite one.
  void backward(const Var<T>& loss) {
    QRS_CHECK(loss.value().size() == 1, "[backward] expected a loss of one element, got shape ", loss.shape());
    const T value = loss.value().item();
    QRS_CHECK(std::isfinite(value), "[backward] expected a finite loss, got ", static_cast<double>(value));
    backward(loss, Tensor<T>::full(loss.shape(), T(1), loss.device()));
  }
  /// The same from a given gradient of `output`: the vector-Jacobian product.
  void backward(const Var<T>& output, const Tensor<T>& gradient) {
    QRS_CHECK(output.slot() != nullptr,
              "[backward] expected a value recorded on this tape, got a constant (was a Recording active?)");
    output.slot()->add(gradient.clone());
    while (!steps_.empty()) {
      Step step = std::move(steps_.back());
      steps_.pop_back();
      const Tensor<T> dy = step.slot->release_to_step();
      if (!dy.empty()) step.backward(dy);  // an empty gradient: the loss does not depend on this result
    }
  }

  std::size_t size() const { return steps_.size(); }
  /// Forgets everything recorded.
  void clear() { steps_.clear(); }

 private:
  struct Step {
    std::shared_ptr<GradSlot<T>> slot;
    Backward backward;
  };
  std::vector<Step> steps_;
};

namespace detail {
/// The tape this thread's operations record on; null outside a Recording.
template <class T>
inline thread_local Tape<T>* current_tape = nullptr;
}  // namespace detail

/// While it lives, operations of this thread on Var<T> record on the tape.
template <class T>
class Recording {
 public:
  explicit Recording(Tape<T>& tape) : before_(std::exchange(detail::current_tape<T>, &tape)) {}
  ~Recording() { detail::current_tape<T> = before_; }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  Tape<T>* before_;
};

/// While it lives, nothing is recorded: the inside of an evaluation within a training loop, or of a recomputation.
template <class T>
class NoRecording {
 public:
  NoRecording() : before_(std::exchange(detail::current_tape<T>, nullptr)) {}
  ~NoRecording() { detail::current_tape<T> = before_; }
  NoRecording(const NoRecording&) = delete;
  NoRecording& operator=(const NoRecording&) = delete;

 private:
  Tape<T>* before_;
};

/// The tape an operation on these inputs must record on; null where nothing listens or no input wants a gradient.
template <class T, class... More>
Tape<T>* listening(const Var<T>& first, const More&... more) {
  if (detail::current_tape<T> == nullptr) return nullptr;
  const bool wanted = (first.requires_grad() || ... || more.requires_grad());
  return wanted ? detail::current_tape<T> : nullptr;
}

}  // namespace qrs
