// The networks by name, for programs that take a name: one row of one table each.
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

namespace detail {

/// A network's name and how it is built.
template <class T>
struct Row {
  std::string_view name;
  std::unique_ptr<Model<T>> (*build)(const ModelOptions&);
};

/// What a factory returns by value, on the heap.
template <class T, auto factory>
std::unique_ptr<Model<T>> boxed(const ModelOptions& o) {
  using Net = decltype(factory(o));
  return std::unique_ptr<Model<T>>(new Net(factory(o)));
}

template <class T>
inline constexpr std::array rows = std::to_array<Row<T>>({
    {"resnet18", boxed<T, resnet18<T>>},
    {"resnet34", boxed<T, resnet34<T>>},
    {"densenet121", boxed<T, densenet121<T>>},
    {"efficientnet_b0", boxed<T, efficientnet_b0<T>>},
    {"mobilenet_v2", boxed<T, mobilenet_v2<T>>},
    {"convnext_tiny", boxed<T, convnext_tiny<T>>},
    {"vit_b_16", boxed<T, vit_b_16<T>>},
});

}  // namespace detail

template <class T>
std::vector<std::string_view> names() {
  std::vector<std::string_view> out;
  for (const detail::Row<T>& row : detail::rows<T>) out.push_back(row.name);
  return out;
}

template <class T>
std::unique_ptr<Model<T>> create(std::string_view name, const ModelOptions& o) {
  for (const detail::Row<T>& row : detail::rows<T>) {
    if (row.name == name) return row.build(o);
  }
  fail("[models] expected one of ", names_text<T>(), ", got '", name, "'");
}

}  // namespace qrs::models
