// What a network says of many images: logits, probabilities, features; in batches, in evaluation mode, nothing recorded.
//
//   Tensor<float> p = train::probabilities(net, test);          // (N, classes), rows sum to 1
//   Tensor<float> z = train::features(net, everything);         // (N, feature_count()): what the head would see
//
// The network's mode is put back afterwards. What comes out is finite, or an error that names the image.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "../core/argmax.hpp"
#include "../ops/cross_entropy.hpp"
#include "../ops/softmax.hpp"
#include "batches.hpp"

namespace qrs::train {

/// Told how many images are done, after each batch; false ends the work early.
using Progress = std::function<bool(std::int64_t done, std::int64_t total)>;

namespace detail {

/// Evaluation mode and no recording while it lives.
template <class T>
class Evaluating {
 public:
  explicit Evaluating(nn::Module<T>& net) : net_(net), before_(net.training()) { net.eval(); }
  ~Evaluating() { net_.train(before_); }
  Evaluating(const Evaluating&) = delete;
  Evaluating& operator=(const Evaluating&) = delete;

 private:
  nn::Module<T>& net_;
  bool before_;
  NoRecording<T> off_;
};

/// Calls take(first position, batch) for consecutive batches of the samples. False where `progress` ended it.
template <class T, class Take>
bool for_batches(models::Model<T>& net, const Samples& samples, std::int64_t batch_size, const Progress& progress,
                 const Take& take) {
  QRS_CHECK(batch_size >= 1, "[predict] expected a batch size of at least 1, got ", batch_size);
  const Evaluating<T> on(net);
  const std::int64_t channels = net.in_channels();
  std::vector<std::int64_t> positions(static_cast<std::size_t>(samples.size()));
  std::iota(positions.begin(), positions.end(), std::int64_t{0});
  for (std::int64_t begin = 0; begin < samples.size(); begin += batch_size) {
    const std::int64_t count = std::min(batch_size, samples.size() - begin);
    take(begin,
         make_batch<T>(samples,
                       std::span(positions).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count)),
                       channels));
    if (progress && !progress(begin + count, samples.size())) return false;
  }
  return true;
}

/// Throws where a row of a batch holds what is no finite number; `first` is the position of the batch's first image.
template <class T>
void check_finite_rows(const Samples& samples, std::int64_t first, const Tensor<T>& rows) {
  const Tensor<T> host = rows.to(Device::cpu).as_contiguous();
  for (std::int64_t i = 0; i < host.size(); ++i) {
    if (std::isfinite(host.data()[i])) continue;
    const std::int64_t position = first + i / host.channels();
    const auto row = static_cast<std::size_t>(samples.rows[static_cast<std::size_t>(position)]);
    const std::vector<std::string>& files = samples.data->files;
    fail("[predict] expected finite numbers of the network, got ", host.data()[i], " for image ", position,
         row < files.size() ? " (" + files[row] + ")" : "",
         ": its weights are damaged, or of a training that diverged");
  }
}

/// The rows that `compute` gives for each batch, one below the other.
template <class T, class Compute>
Tensor<T> rows_of(models::Model<T>& net, const Samples& samples, std::int64_t columns, std::int64_t batch_size,
                  const Progress& progress, const Compute& compute) {
  // Labels are not looked at: they may be of other classes than the network's, or none.
  check_samples("predict", "given", samples, std::numeric_limits<std::int64_t>::max());
  Tensor<T> out({samples.size(), columns});  // (N, columns)
  const bool whole = for_batches(net, samples, batch_size, progress, [&](std::int64_t begin, const Batch<T>& batch) {
    const Tensor<T> rows = compute(Var<T>(batch.images)).value();
    check_finite_rows(samples, begin, rows);
    rows.copy_into(out.batch_range(begin, batch.labels.size()));
  });
  QRS_CHECK(whole, "[predict] expected to finish, got the wish to end early");
  return out;
}

}  // namespace detail

/// Class scores before softmax, (N, classes).
template <class T>
Tensor<T> logits(models::Model<T>& net, const Samples& samples, std::int64_t batch_size = 32,
                 const Progress& progress = {}) {
  return detail::rows_of<T>(net, samples, net.classes(), batch_size, progress,
                            [&](const Var<T>& x) { return net.forward(x); });
}

/// Probabilities of the classes, (N, classes).
template <class T>
Tensor<T> probabilities(models::Model<T>& net, const Samples& samples, std::int64_t batch_size = 32,
                        const Progress& progress = {}) {
  return detail::rows_of<T>(net, samples, net.classes(), batch_size, progress,
                            [&](const Var<T>& x) { return softmax(net.forward(x)); });
}

/// What the head sees, (N, feature_count()).
template <class T>
Tensor<T> features(models::Model<T>& net, const Samples& samples, std::int64_t batch_size = 32,
                   const Progress& progress = {}) {
  return detail::rows_of<T>(net, samples, net.feature_count(), batch_size, progress,
                            [&](const Var<T>& x) { return net.features(x); });
}

/// Mean cross-entropy and share of right answers over some images.
struct Score {
  double loss = 0.0;
  double accuracy = 0.0;
  bool whole = true;  // false where progress ended it: then the numbers are of a part
};

/// The score of the network as it is, in evaluation mode.
template <class T>
Score score(models::Model<T>& net, const Samples& samples, std::int64_t batch_size = 32,
            const Progress& progress = {}) {
  check_samples("score", "given", samples, net.classes());
  double loss = 0.0;
  std::int64_t right = 0;
  const bool whole = detail::for_batches(net, samples, batch_size, progress, [&](std::int64_t, const Batch<T>& batch) {
    const Var<T> scores = net.forward(batch.images);
    const Var<T> losses = cross_entropy(scores, batch.labels, CrossEntropyOptions<T>{.reduction = Reduction::none});
    for (std::int64_t n = 0; n < batch.labels.size(); ++n) {
      loss += static_cast<double>(losses.value().data()[n]);
      right += argmax(scores.value().data() + n * net.classes(), net.classes()) == batch.labels.data()[n];
    }
  });
  const auto count = static_cast<double>(samples.size());
  return {loss / count, static_cast<double>(right) / count, whole};
}

}  // namespace qrs::train
