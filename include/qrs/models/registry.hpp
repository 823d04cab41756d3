// The table of the networks: a row makes a network known to every program, test and message.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "convnext.hpp"
#include "densenet.hpp"
#include "efficientnet.hpp"
#include "mobilenet_v2.hpp"
#include "resnet.hpp"
#include "vision_transformer.hpp"

namespace qrs::models {

/// A network's name, and how it is made.
template <class T>
struct Row {
  std::string_view name;
  std::unique_ptr<Model<T>> (*make)(const ModelOptions& o);
};

namespace detail {

/// Makes Net<T>(settings..., options): the settings are what sets the networks of one kind apart.
template <class Net, auto... settings>
std::unique_ptr<Model<typename Net::value_type>> make(const ModelOptions& o) {
  return std::make_unique<Net>(settings..., o);
}

}  // namespace detail

template <class T>
inline constexpr std::array table = {
    Row<T>{"resnet18", detail::make<ResNet<T>, std::array<std::int64_t, 4>{2, 2, 2, 2}>},
    Row<T>{"resnet34", detail::make<ResNet<T>, std::array<std::int64_t, 4>{3, 4, 6, 3}>},
    Row<T>{"densenet121", detail::make<DenseNet<T>, std::array<std::int64_t, 4>{6, 12, 24, 16}>},
    Row<T>{"efficientnet_b0", detail::make<EfficientNet<T>>},
    Row<T>{"mobilenet_v2", detail::make<MobileNetV2<T>>},
    Row<T>{"convnext_tiny", detail::make<ConvNeXt<T>, convnext_tiny_stages>},
    Row<T>{"vit_b_16", detail::make<VisionTransformer<T>, vit_b_16_settings>},
};

template <class T>
const std::vector<std::string_view>& names() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> out;
    for (const Row<T>& row : table<T>) out.push_back(row.name);
    return out;
  }();
  return all;
}

template <class T>
std::unique_ptr<Model<T>> create(std::string_view name, const ModelOptions& o) {
  for (const Row<T>& row : table<T>) {
    if (row.name == name) return row.make(o);
  }
  fail("[models] expected one of ", names_text<T>(), ", got '", name, "'");
}

}  // namespace qrs::models
