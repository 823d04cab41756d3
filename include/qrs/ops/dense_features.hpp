// The features of a dense block: one buffer that grows in place, so that no concatenation is ever copied.
//
//   DenseFeatures<T> f(x, width);                   // (N, H, W, width), the first channels are x
//   f.append(conv2d of relu(norm(f.all())));        // writes the next channels of the buffer
//   y = f.all();                                    // everything so far, as a view
//
// The values share one tensor and their gradients share another: all() is a view of a range of channels whose gradient is that
// range of the shared one. A layer's backward adds to the range it read, and the convolution that wrote the range behind it has
// had its own channels read before.
// The statistics of a channel are the same for every norm that reads it, so they are computed once, when it is written.
// Sources: Huang et al. 2017, section 3; Pleiss et al. 2017 (shared memory for gradients and concatenations).
#pragma once

#include "conv2d.hpp"

namespace qrs {

template <class T>
class DenseFeatures {
 public:
  /// A buffer of `width` channels whose first are x, copied. `statistics`: also keep those of what is written, for norms in
  /// training.
  DenseFeatures(const Var<T>& x, std::int64_t width, bool statistics) {
    detail::check_rank("dense_features", x, 4, "(N, H, W, C)");
    QRS_CHECK(width >= x.dim(3), "[dense_features] expected at least the ", x.dim(3), " channels of x, got ", width);
    buffer_ = Tensor<T>(x.shape().with_channels(width), x.device());  // (N, H, W, width)
    if (statistics) statistics_ = {Tensor<T>({width}), Tensor<T>({width})};
    x.value().copy_into(claim(x.dim(3)));
    Tape<T>* tape = listening(x);
    if (tape) record(*tape, x.dim(3), [slot = x.slot()](const Tensor<T>& dy) { slot->add(dy); });
    written(x.dim(3));
  }

  /// The channels written so far: (N, H, W, channels()).
  Var<T> all() const {
    Tensor<T> value = buffer_.channel_range(0, filled_);
    return gradient_ ? Var<T>(std::move(value), std::make_shared<GradSlot<T>>(gradient_, 0, filled_))
                     : Var<T>(std::move(value));
  }
  /// The statistics of all(); empty where they are not kept.
  ChannelStatistics<T> statistics() const {
    if (statistics_.empty()) return {};
    return {statistics_.mean.channel_range(0, filled_), statistics_.var.channel_range(0, filled_)};
  }

  /// Writes the convolution of x behind what is there. See conv2d.
  void append(const Var<T>& x, const Var<T>& w, const Var<T>& bias, const Conv2dOptions& o) {
    detail::check_conv2d(x, w);
    const std::int64_t count = w.dim(3);
    conv2d_forward(x.value(), w.value(), o, {.shift = bias.value()}, claim(count));
    Tape<T>* tape = listening(x, w, bias);
    if (tape) record(*tape, count, detail::conv2d_step(x, w, bias, o));
    written(count);
  }

 private:
  /// The range that the next `count` channels are written to.
  Tensor<T> claim(std::int64_t count) const {
    QRS_CHECK(filled_ + count <= buffer_.channels(), "[dense_features] expected at most ", buffer_.channels() - filled_,
              " more channels, got ", count);
    return buffer_.channel_range(filled_, count);
  }
  void record(Tape<T>& tape, std::int64_t count, typename Tape<T>::Backward backward) {
    if (!gradient_) gradient_ = std::make_shared<GradSlot<T>>(buffer_.shape(), buffer_.device());
    tape.record(claim(count), std::make_shared<GradSlot<T>>(gradient_, filled_, count), std::move(backward));
  }
  void written(std::int64_t count) {
    if (!statistics_.empty()) {
      statistics_into(claim(count), ChannelStatistics<T>{statistics_.mean.channel_range(filled_, count),
                                                         statistics_.var.channel_range(filled_, count)});
    }
    filled_ += count;
  }

  Tensor<T> buffer_;
  std::int64_t filled_ = 0;
  ChannelStatistics<T> statistics_;
  std::shared_ptr<GradSlot<T>> gradient_;  // of the whole buffer; null while nothing in it wants one
};

}  // namespace qrs
