// A value of a computation: Var, a tensor (or the recipe of one) and, where a gradient is wanted, the slot it is added into.
#pragma once

#include <memory>
#include <utility>

#include "grad_slot.hpp"
#include "recipe.hpp"

namespace qrs {

/// A handle: copying shares the value and the slot.
template <class T>
class Var {
 public:
  using value_type = T;

  Var() = default;
  /// A constant: no gradient flows into it.
  Var(Tensor<T> value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): a tensor is a constant
  /// A value whose gradient gathers in `slot`; a null slot: a constant.
  Var(Tensor<T> value, std::shared_ptr<GradSlot<T>> slot) : value_(std::move(value)), slot_(std::move(slot)) {}
  /// A value that is computed when it is first asked for: by `first`, and in backward passes by `again`. A null `again`: it is
  /// kept as a tensor by whoever needs it.
  Var(std::shared_ptr<Recipe<T>> first, std::shared_ptr<const Recipe<T>> again,
      std::shared_ptr<GradSlot<T>> slot = nullptr)
      : deferred_(std::make_shared<detail::Deferred<T>>(std::move(first), std::move(again))), slot_(std::move(slot)) {}

  /// A leaf that wants a gradient: a parameter, or an input to differentiate by. Throws for an empty handle.
  static Var parameter(Tensor<T> value) {
    QRS_CHECK(!value.empty(), "[parameter] expected a tensor, got an empty handle: Tensor() holds none");
    auto slot = std::make_shared<GradSlot<T>>(value.shape(), value.device());
    return Var(std::move(value), std::move(slot));
  }

  const Tensor<T>& value() const { return deferred_ ? deferred_->value() : value_; }
  /// What a closure captures of the value.
  Kept<T> keep() const { return deferred_ ? deferred_->keep() : Kept<T>(value_); }
  /// False while the value is a recipe that nobody has asked for yet.
  bool computed() const { return !deferred_ || deferred_->computed(); }
  /// True where there is no value at all: an optional argument left out.
  bool empty() const { return !deferred_ && value_.empty(); }
  const Shape& shape() const { return deferred_ ? deferred_->shape() : value_.shape(); }
  std::int64_t dim(int axis) const { return shape()[axis]; }
  Device device() const { return deferred_ ? deferred_->device() : value_.device(); }

  /// d loss / d this after Tape::backward; empty where no gradient arrived. A value between parameters and loss keeps it only
  /// where retain_grad() asked for it before backward: else it is freed as soon as it has been passed on.
  Tensor<T> grad() const { return slot_ ? slot_->grad() : Tensor<T>(); }
  void zero_grad() const {
    if (slot_) slot_->release();
  }
  /// Keeps the gradient of a value that an operation has made: PyTorch's retain_grad.
  void retain_grad() const {
    QRS_CHECK(slot_ != nullptr,
              "[retain_grad] expected a value that wants a gradient, got a constant (was a Recording active?)");
    slot_->retain();
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
  std::shared_ptr<detail::Deferred<T>> deferred_;  // in place of value_
  std::shared_ptr<GradSlot<T>> slot_;
};

}  // namespace qrs
