// Model<T>: what all backbones share: features, a head that can be replaced, and the names of their files' entries.
//
//   auto net = qrs::models::densenet121<float>({.classes = 4, .in_channels = 1});
//   Var<float> logits = net.forward(x);          // x (N, H, W, C), logits (N, classes)
//   Var<float> z = net.features(x);              // (N, feature_count())
//   Var<float> map = net.feature_map(x);         // (N, h, w, feature_count()), z = net.pool(map), its mean over the pixels
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../nn/conv_norm.hpp"
#include "../nn/state.hpp"
#include "../ops/add.hpp"
#include "../ops/pool2d.hpp"

namespace qrs::models {

/// The settings every backbone takes; the defaults are torchvision's.
struct ModelOptions {
  std::int64_t classes = 1000;
  std::int64_t in_channels = 3;        // 1: a grey image; weights of 3 channels are summed over RGB when loaded
  std::uint64_t seed = 0;              // of the initial weights
  std::int64_t image_size = 224;       // height and width of a ViT's images; the others take any
  std::optional<double> dropout = {};  // before the head; empty: the network's own
  std::optional<double> stochastic_depth =
      {};  // of the last block, earlier ones in proportion; empty: the network's own
};

template <class T>
class Model : public nn::Module<T> {
 public:
  /// Class scores. x is (N, H, W, in_channels).
  Var<T> forward(const Var<T>& x) { return classify(features(x)); }
  Var<T> operator()(const Var<T>& x) { return forward(x); }
  /// What the head sees: (N, feature_count()).
  Var<T> features(const Var<T>& x) { return pool(feature_map(x)); }
  /// The last activations that still have a place on the image: (N, h, w, feature_count()). A ViT's are the tokens before
  /// its last block, (N, 1 + h w, feature_count()): behind it nothing but the class token counts.
  virtual Var<T> feature_map(const Var<T>& x) = 0;
  /// From a feature map to what the head sees: the mean over the pixels, unless a network says otherwise.
  virtual Var<T> pool(const Var<T>& map) {
    Var<T> z = global_average_pool(map);
    this->note_step("avgpool", "AdaptiveAvgPool2d", z.shape());
    return z;
  }
  /// The part of a feature map (or of its gradient) that lies on the image: (N, h, w, feature_count()).
  virtual Tensor<T> on_image(const Tensor<T>& map) const { return map; }
  virtual Var<T> classify(const Var<T>& z) { return (*head_)(z); }

  /// Channels of the images that the network takes.
  virtual std::int64_t in_channels() const = 0;
  std::int64_t feature_count() const { return head_->weight().dim(1); }
  std::int64_t classes() const { return head_->weight().dim(0); }
  nn::Linear<T>& head() { return *head_; }
  /// Replaces the head by one of `classes` outputs with torch's default initial values: U(+-1 / sqrt(features)).
  void set_head(std::int64_t classes, Rng& rng) {
    const std::int64_t in = feature_count();
    head_.reset();
    make_head({.in = in, .out = classes});
    head_->reset_parameters(rng);
  }
  /// Freezes everything but the head.
  void freeze_features() {
    this->freeze();
    head_->unfreeze();
  }

  virtual nn::StateRules state_rules() const = 0;
  /// The ModelOptions::image_size of a file's weights.
  virtual std::int64_t image_size_of(const io::StateDict&) const { return ModelOptions{}.image_size; }

  /// The rows of the whole network for images of this shape (N, H, W, in_channels).
  nn::Summary summary(const Shape& images) {
    check_image(images);
    const Tensor<T> image = Tensor<T>::zeros({1, images[1], images[2], images[3]});
    return this->summarize(images[0], [&] { forward(image); });
  }

 protected:
  /// The head lives under `parent` (the model, or its "classifier") as `name`.
  void add_head(nn::Module<T>& parent, std::string name, const nn::LinearSettings& s) {
    head_parent_ = &parent;
    head_name_ = std::move(name);
    make_head(s);
  }
  void check_image(const Shape& x) const {
    QRS_CHECK(x.rank() == 4 && x[0] > 0 && x[3] == in_channels(), "[model] expected images (N, H, W, ", in_channels(),
              "), got ", x);
  }

 private:
  void make_head(const nn::LinearSettings& s) { head_ = std::make_unique<nn::Linear<T>>(*head_parent_, head_name_, s); }

  nn::Module<T>* head_parent_ = nullptr;
  std::string head_name_;
  std::unique_ptr<nn::Linear<T>> head_;
};

/// A new network by name, with initial weights drawn from options.seed. Throws where the name is none of names<T>().
/// Defined in registry.hpp, which knows them all.
template <class T>
std::unique_ptr<Model<T>> create(std::string_view name, const ModelOptions& o = {});

/// The names that create knows, as torchvision writes them.
template <class T = float>
std::vector<std::string_view> names();

/// True where create knows the name.
template <class T = float>
bool known(std::string_view name) {
  const std::vector<std::string_view> all = names<T>();
  return std::find(all.begin(), all.end(), name) != all.end();
}

/// "resnet18, resnet34, ...": for messages.
template <class T = float>
std::string names_text() {
  std::string out;
  for (const std::string_view name : names<T>()) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

}  // namespace qrs::models
