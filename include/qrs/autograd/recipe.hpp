// Recipe and Kept: what is cheap to compute again is not kept.
//
// An operation that is one cheap pass over tensors which its own backward keeps anyway (a norm and its activation, a gate) gives
// its result as a recipe: how to compute the value from those tensors. Whoever needs the value in a backward pass captures
// the recipe in place of the tensor, and computes the value again there. The value itself is computed when it is first asked
// for, and lives as long as the Var that holds it: between two convolutions, for the time of one convolution.
//
//   z = conv(x), kept by the norm        y = relu(norm(z)), a recipe over z        conv(y): its backward keeps the recipe
//
// Source: Chen, Xu, Zhang, Guestrin 2016, Training Deep Nets with Sublinear Memory Cost, section 4 (cheap to recompute);
// Pleiss et al. 2017, Memory-Efficient Implementation of DenseNets.
#pragma once

#include <memory>
#include <utility>

#include "../tensor/tensor.hpp"

namespace qrs {

/// How a tensor is computed from others. The tensors it names must not change while it lives.
template <class T>
class Recipe {
 public:
  Recipe(const Shape& shape, Device device) : shape_(shape), device_(device) {}
  virtual ~Recipe() = default;
  Recipe(const Recipe&) = delete;
  Recipe& operator=(const Recipe&) = delete;

  /// The value, in new memory; the same bits each time.
  virtual Tensor<T> compute() const = 0;
  /// The value for the last time: may be written over an input that nobody else holds.
  virtual Tensor<T> consume() { return compute(); }

  const Shape& shape() const { return shape_; }
  Device device() const { return device_; }

 private:
  Shape shape_;
  Device device_;
};

/// What a closure keeps of a value that its backward needs: the tensor, or the recipe of it.
template <class T>
class Kept {
 public:
  Kept() = default;
  explicit Kept(Tensor<T> tensor) : tensor_(std::move(tensor)) {}
  explicit Kept(std::shared_ptr<const Recipe<T>> recipe) : recipe_(std::move(recipe)) {}

  bool empty() const { return !recipe_ && tensor_.empty(); }
  /// The value: the tensor itself, or computed anew. Hold it no longer than needed.
  Tensor<T> tensor() const { return recipe_ ? recipe_->compute() : tensor_; }
  /// The recipe; null where a tensor is kept. A kernel that takes the recipe as its prologue asks here.
  const std::shared_ptr<const Recipe<T>>& recipe() const { return recipe_; }

 private:
  Tensor<T> tensor_;
  std::shared_ptr<const Recipe<T>> recipe_;
};

namespace detail {

/// A value that is computed when it is first asked for; the copies of a Var share it.
template <class T>
class Deferred {
 public:
  /// `first`: how the value is computed now; `again`: how a backward pass computes it. A null `again`: once computed, the tensor is
  /// what is kept.
  Deferred(std::shared_ptr<Recipe<T>> first, std::shared_ptr<const Recipe<T>> again)
      : shape_(first->shape()), device_(first->device()), first_(std::move(first)), again_(std::move(again)) {}

  const Tensor<T>& value() {
    if (first_) {
      value_ = first_.use_count() == 1 ? first_->consume() : first_->compute();
      first_.reset();
    }
    return value_;
  }
  /// Never computes the value.
  Kept<T> keep() const {
    if (again_) return Kept<T>(again_);
    return first_ ? Kept<T>(std::shared_ptr<const Recipe<T>>(first_)) : Kept<T>(value_);
  }
  bool computed() const { return first_ == nullptr; }

  const Shape& shape() const { return shape_; }
  Device device() const { return device_; }

 private:
  Shape shape_;
  Device device_;
  std::shared_ptr<Recipe<T>> first_;
  std::shared_ptr<const Recipe<T>> again_;
  Tensor<T> value_;
};

}  // namespace detail

}  // namespace qrs
