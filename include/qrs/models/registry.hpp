// The backbones by name, for programs that take a name: "resnet18", "resnet34", "densenet121", "efficientnet_b0".
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "densenet.hpp"
#include "efficientnet.hpp"
#include "names.hpp"
#include "resnet.hpp"

namespace qrs::models {

/// A new network with initial weights drawn from options.seed. Throws where the name is none of `names`.
template <class T>
std::unique_ptr<Model<T>> create(std::string_view name, const ModelOptions& o) {
  if (name == "resnet18") return std::make_unique<ResNet<T>>(std::array<std::int64_t, 4>{2, 2, 2, 2}, o);
  if (name == "resnet34") return std::make_unique<ResNet<T>>(std::array<std::int64_t, 4>{3, 4, 6, 3}, o);
  if (name == "densenet121") return std::make_unique<DenseNet<T>>(std::array<std::int64_t, 4>{6, 12, 24, 16}, o);
  if (name == "efficientnet_b0") return std::make_unique<EfficientNet<T>>(o);
  fail("[models] expected one of resnet18, resnet34, densenet121, efficientnet_b0, got '", name, "'");
}

}  // namespace qrs::models
