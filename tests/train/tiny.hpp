// A network of one convolution with everything that a run must carry over (batch norm, dropout, a head), and images that it
// learns to tell apart in a few epochs.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "qrs/data/image_dataset.hpp"
#include "qrs/models/model.hpp"
#include "qrs/ops/pool2d.hpp"

namespace qrs::tests {

class TinyNet : public models::Model<float> {
 public:
  explicit TinyNet(const models::ModelOptions& o) : in_(o.in_channels) {
    conv_ = std::make_unique<nn::Conv2d<float>>(
        *this, "conv", nn::Conv2dSettings{.in = o.in_channels, .out = 8, .kernel = 3, .padding = 1, .bias = false});
    norm_ = std::make_unique<nn::BatchNorm2d<float>>(*this, "norm", nn::BatchNorm2dSettings{.channels = 8});
    drop_ = std::make_unique<nn::Dropout<float>>(*this, "drop", o.dropout.value_or(0.2));
    this->add_head(*this, "head", {.in = 8, .out = o.classes});
    Rng rng(o.seed);
    this->reset_parameters(rng);
  }
  Var<float> feature_map(const Var<float>& x) override {
    this->check_image(x.shape());
    return (*norm_)((*conv_)(x), Activation::relu);
  }
  Var<float> classify(const Var<float>& z) override { return models::Model<float>::classify((*drop_)(z)); }
  nn::StateRules state_rules() const override {
    return {.rename = {}, .first_convolution = "conv.weight", .head = "head."};
  }

 protected:
  std::int64_t in_channels() const override { return in_; }

 private:
  std::int64_t in_;
  std::unique_ptr<nn::Conv2d<float>> conv_;
  std::unique_ptr<nn::BatchNorm2d<float>> norm_;
  std::unique_ptr<nn::Dropout<float>> drop_;
};

/// `count` images of size x size, classes in turn: lying stripes, standing stripes, a chessboard; with noise.
inline data::ImageDataset stripes(std::int64_t count, std::int64_t size = 12, std::uint64_t seed = 0) {
  data::ImageDataset out;
  out.images = Tensor<std::uint8_t>({count, size, size});
  out.class_names = {"lying", "standing", "chess"};
  Rng rng(seed);
  std::uint8_t* to = out.images.data();
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t label = n % 3;
    out.labels.push_back(label);
    out.files.push_back(text(out.class_names[static_cast<std::size_t>(label)], "/", n, ".png"));
    out.hashes.push_back(text(n));
    for (std::int64_t y = 0; y < size; ++y) {
      for (std::int64_t x = 0; x < size; ++x) {
        const bool bright[3] = {y / 2 % 2 == 0, x / 2 % 2 == 0, (x / 2 + y / 2) % 2 == 0};
        *to++ = static_cast<std::uint8_t>((bright[label] ? 150 : 50) + rng.integer(0, 50));
      }
    }
  }
  return out;
}

/// A folder of this process's own that goes when the object goes.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / text("qrs_train_", ::getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace qrs::tests
