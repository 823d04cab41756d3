// Where the gradient of one value gathers: GradSlot.
//
// A slot owns its gradient, or is a range of the channels of another slot's: the layers of a dense block write into one buffer,
// and the gradients of what they wrote share one buffer too.
//
// The slot of a result knows the step that will hand its gradient on. Once that step has run, or its tape is gone, a gradient
// that arrives would be lost without a word: it is refused.
#pragma once

#include <memory>
#include <utility>

#include "../tensor/tensor.hpp"

namespace qrs {

namespace detail {

/// y (+)= alpha x on the device of y.
template <class T>
void scale_into(T alpha, const Tensor<T>& x, const Tensor<T>& y, bool accumulate) {
  const kernels::ElementwiseParams p{
      .rows = y.rows(), .cols = y.channels(), .x_pitch = x.pitch(), .y_pitch = y.pitch(), .accumulate = accumulate};
  on_device(
      y.device(), [&] { kernels::add_scaled_cpu(p, alpha, x.data(), y.data()); },
      [&] { kernels::add_scaled_cuda(p, alpha, x.data(), y.data()); });
}

}  // namespace detail

template <class T>
class GradSlot {
 public:
  GradSlot(const Shape& shape, Device device) : shape_(shape), device_(device) {}
  /// Channels [begin, begin + count) of the gradient that gathers in `whole`.
  GradSlot(std::shared_ptr<GradSlot> whole, std::int64_t begin, std::int64_t count)
      : shape_(whole->shape().with_channels(count)), device_(whole->device_), whole_(std::move(whole)), begin_(begin) {
    const std::int64_t all = whole_->shape().channels();
    QRS_CHECK(begin >= 0 && count > 0 && count <= all && begin <= all - count, "[backward] expected a range inside ",
              all, " channels, got ", count, " from ", begin);
  }

  /// What a backward kernel writes to: the tensor, and whether a gradient already stands there and must be added to.
  struct Target {
    Tensor<T> tensor;
    bool accumulate;
  };
  /// The first writer of a step gets uninitialised memory to overwrite, the next ones what is there to add to. The first
  /// writer of a range of several gets zeros to add to, because the other channels must hold zeros too.
  Target target() {
    check_open();
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
    check_open();
    QRS_CHECK(gradient.shape() == shape_, "[backward] expected a gradient of shape ", shape_, ", got ",
              gradient.shape());
    if (adopts(gradient)) {
      (whole_ ? whole_->grad_ : grad_) = std::move(gradient);
      return;
    }
    const Target to = target();
    detail::scale_into(T(1), gradient, to.tensor, to.accumulate);
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

  /// Says that a step of `tape` will take the gradient. A tape hands in what lives as long as itself.
  void recorded_on(const std::shared_ptr<const void>& tape) {
    tape_ = tape;
    state_ = State::waiting;
  }
  /// Says that this step has taken it, or never will.
  void step_is_over() { state_ = State::over; }
  /// True of a result, false of a parameter.
  bool recorded() const { return state_ != State::leaf; }
  /// Whether the step that takes the gradient is still to come, on this tape.
  bool waits_on(const std::shared_ptr<const void>& tape) const {
    return state_ == State::waiting && tape_.lock() == tape;
  }
  /// Throws where a gradient would be lost.
  void check_open() const {
    QRS_CHECK(state_ != State::over, "[backward] expected a value whose step is still on its tape, got one of shape ",
              shape_, " whose step has run: backward empties a tape; compute the value again to go through it again");
    QRS_CHECK(state_ != State::waiting || !tape_.expired(),
              "[backward] expected a value recorded on a tape, got one of shape ", shape_,
              " whose tape is gone: keep the Tape until backward");
  }

 private:
  enum class State { leaf, waiting, over };

  bool covers_all() const { return shape_.channels() == whole_->shape_.channels(); }
  Tensor<T> range_of(const Tensor<T>& whole) const {
    return whole.empty() ? Tensor<T>() : whole.channel_range(begin_, shape_.channels());
  }
  Shape shape_;
  Device device_;
  Tensor<T> grad_;  // of a slot that is no range
  bool wanted_ = true;
  bool retain_ = false;  // a copy of the gradient outlives the step that made the value
  Tensor<T> retained_;
  State state_ = State::leaf;
  std::weak_ptr<const void> tape_;   // of a result
  std::shared_ptr<GradSlot> whole_;  // of a range
  std::int64_t begin_ = 0;
};

}  // namespace qrs
