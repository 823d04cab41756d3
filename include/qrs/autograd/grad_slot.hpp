// Where the gradient of one value gathers: GradSlot.
//
// A slot owns its gradient, or is a range of the channels of another slot's: the layers of a dense block write into one buffer,
// and the gradients of what they wrote share one buffer too.
#pragma once

#include <memory>
#include <utility>

#include "../tensor/tensor.hpp"

namespace qrs {

template <class T>
class GradSlot {
 public:
  GradSlot(const Shape& shape, Device device) : shape_(shape), device_(device) {}
  /// Channels [begin, begin + count) of the gradient that gathers in `whole`.
  GradSlot(std::shared_ptr<GradSlot> whole, std::int64_t begin, std::int64_t count)
      : shape_(whole->shape().with_channels(count)), device_(whole->device_), whole_(std::move(whole)), begin_(begin) {
    QRS_CHECK(begin >= 0 && count > 0 && begin + count <= whole_->shape().channels(),
              "[backward] expected a range inside ", whole_->shape().channels(), " channels, got ", begin, " to ",
              begin + count);
  }

  /// What a backward kernel writes to: the tensor, and whether a gradient already stands there and must be added to.
  struct Target {
    Tensor<T> tensor;
    bool accumulate;
  };
  /// The first writer of a step gets uninitialised memory to overwrite, the next ones what is there to add to. The first
  /// writer of a range of several gets zeros to add to, because the other channels must hold zeros too.
  Target target() {
    if (!whole_) {
      const bool first = grad_.empty();
      if (first) grad_ = Tensor<T>(shape_, device_);
      return {grad_, !first};
    }
    Target to = whole_->target();
    if (!to.accumulate && !covers_all()) {
      to.tensor.fill(T(0));
      to.accumulate = true;
    }
    return {range_of(to.tensor), to.accumulate};
  }
  /// Offers a finished gradient: taken as it is by an empty slot (the caller must not write to it again), else added.
  void add(Tensor<T> gradient) {
    QRS_CHECK(gradient.shape() == shape_, "[backward] expected a gradient of shape ", shape_, ", got ",
              gradient.shape());
    if (adopts(gradient)) {
      (whole_ ? whole_->grad_ : grad_) = std::move(gradient);
      return;
    }
    const Target to = target();
    add_into(gradient, to.tensor, to.accumulate);
  }
  /// True where add() would take this gradient without a copy.
  bool adopts(const Tensor<T>& gradient) const {
    return grad().empty() && gradient.contiguous() && (!whole_ || covers_all());
  }
  /// The gradient so far; empty before the first.
  Tensor<T> grad() const {
    if (!retained_.empty()) return retained_;
    return whole_ ? range_of(whole_->grad_) : grad_;
  }
  /// Takes the gradient out and leaves the slot empty. A range is handed out and stays where it is: its whole outlives it.
  Tensor<T> release() {
    retained_ = Tensor<T>();
    return whole_ ? grad() : std::exchange(grad_, Tensor<T>());
  }
  /// release() for the step that made the value: what was asked for with retain() stays here as a copy.
  Tensor<T> release_to_step() {
    Tensor<T> dy = release();
    if (retain_ && !dy.empty()) retained_ = dy.clone();
    return dy;
  }
  void retain() { retain_ = true; }

  const Shape& shape() const { return shape_; }
  Device device() const { return device_; }
  /// A frozen parameter keeps its slot and asks for no gradient.
  bool wanted() const { return wanted_; }
  void set_wanted(bool wanted) { wanted_ = wanted; }

 private:
  bool covers_all() const { return shape_.channels() == whole_->shape_.channels(); }
  Tensor<T> range_of(const Tensor<T>& whole) const {
    return whole.empty() ? Tensor<T>() : whole.channel_range(begin_, shape_.channels());
  }
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
  Tensor<T> grad_;  // of a slot that is no range
  bool wanted_ = true;
  bool retain_ = false;  // a copy of the gradient outlives the step that made the value
  Tensor<T> retained_;
  std::shared_ptr<GradSlot> whole_;  // of a range
  std::int64_t begin_ = 0;
};

}  // namespace qrs
