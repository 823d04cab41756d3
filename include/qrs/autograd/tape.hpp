// Reverse-mode differentiation on a tape: Var, Tape, Recording.
//
// A Var is a tensor and, where a gradient is wanted, a slot that gradient is added into. An operation computes its result
// and, if a tape listens and some input has a slot, records one step: the slot of its result and a closure that, given
// the gradient of the result (dy), adds to the slots of its inputs. Execution order is a topological order, so backward
// walks the steps from the last to the first and drops each when it has run: what a step saved is freed at once.
//
// A closure captures what its backward needs (tensors and input slots) and never the Var it produced: no reference
// cycles. Inference is the absence of a tape: nothing is captured, nothing is kept.
// Source: the tape of Griewank and Walther, Evaluating Derivatives, 2008, section 3.2.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "../tensor/tensor.hpp"

namespace qrs {

template <class T>
class Tape;

/// Where the gradient of one Var gathers.
template <class T>
class GradSlot {
 public:
  GradSlot(const Shape& shape, Device device) : shape_(shape), device_(device) {}

  /// What a backward kernel writes to: the tensor, and whether a gradient already stands there and must be added to.
  struct Target {
    Tensor<T> tensor;
    bool accumulate;
  };
  /// The first writer of a step gets uninitialised memory to overwrite, the next ones what is there to add to.
  Target target() {
    const bool first = grad_.empty();
    if (first) grad_ = Tensor<T>(shape_, device_);
    return {grad_, !first};
  }
  /// Offers a finished gradient: taken as it is by an empty slot (the caller must not write to it again), else added.
  void add(Tensor<T> gradient) {
    QRS_CHECK(gradient.shape() == shape_, "[backward] expected a gradient of shape ", shape_, ", got ",
              gradient.shape());
    if (grad_.empty() && gradient.contiguous()) {
      grad_ = std::move(gradient);
      return;
    }
    const Target to = target();
    add_into(gradient, to.tensor, to.accumulate);
  }
  /// The gradient so far; empty before the first.
  const Tensor<T>& grad() const { return grad_; }
  /// Takes the gradient out and leaves the slot empty.
  Tensor<T> release() { return std::exchange(grad_, Tensor<T>()); }

  const Shape& shape() const { return shape_; }
  /// A frozen parameter keeps its slot and asks for no gradient.
  bool wanted() const { return wanted_; }
  void set_wanted(bool wanted) { wanted_ = wanted; }

 private:
  static void add_into(const Tensor<T>& from, const Tensor<T>& to, bool accumulate) {
    const kernels::ElementwiseParams p{.rows = from.rows(),
                                       .cols = from.channels(),
                                       .x_pitch = from.pitch(),
                                       .y_pitch = to.pitch(),
                                       .accumulate = accumulate};
    on_device(
        from.device(), [&] { kernels::add_scaled_cpu(p, T(1), from.data(), to.data()); },
        [&] { kernels::add_scaled_cuda(p, T(1), from.data(), to.data()); });
  }

  Shape shape_;
  Device device_;
  Tensor<T> grad_;
  bool wanted_ = true;
};

/// A value of a computation: a tensor, and a gradient slot where one is wanted. A handle: copying shares both.
template <class T>
class Var {
 public:
  using value_type = T;

  Var() = default;
  /// A constant: no gradient flows into it.
  Var(Tensor<T> value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): a tensor is a constant
  /// A value whose gradient gathers in `slot`.
  Var(Tensor<T> value, std::shared_ptr<GradSlot<T>> slot) : value_(std::move(value)), slot_(std::move(slot)) {}

  /// A leaf that wants a gradient: a parameter, or an input to differentiate by.
  static Var parameter(Tensor<T> value) {
    auto slot = std::make_shared<GradSlot<T>>(value.shape(), value.device());
    return Var(std::move(value), std::move(slot));
  }

  const Tensor<T>& value() const { return value_; }
  const Shape& shape() const { return value_.shape(); }
  std::int64_t dim(int axis) const { return value_.dim(axis); }
  Device device() const { return value_.device(); }

  /// d loss / d this after Tape::backward; empty where no gradient arrived.
  const Tensor<T>& grad() const {
    static const Tensor<T> none;
    return slot_ ? slot_->grad() : none;
  }
  void zero_grad() const {
    if (slot_) slot_->release();
  }
  bool requires_grad() const { return slot_ && slot_->wanted(); }
  /// Freezes or thaws a parameter. A constant stays one.
  void set_requires_grad(bool wanted) const {
    if (slot_) slot_->set_wanted(wanted);
  }
  /// The slot a closure captures; null where no gradient is wanted.
  std::shared_ptr<GradSlot<T>> slot() const { return requires_grad() ? slot_ : nullptr; }

 private:
  Tensor<T> value_;
  std::shared_ptr<GradSlot<T>> slot_;
};

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
    steps_.push_back({slot, std::move(backward)});
    return Var<T>(std::move(value), std::move(slot));
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
      const Tensor<T> dy = step.slot->release();
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
