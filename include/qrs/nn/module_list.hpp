// ModuleList<Layer>: as many parts of one kind as a network wants, named "0", "1", ...: torch.nn.ModuleList.
//
//   struct Mlp : qrs::nn::Module<float> {
//     qrs::nn::ModuleList<qrs::nn::Linear<float>> layers{*this, "layers"};
//     explicit Mlp(const std::vector<std::int64_t>& widths) {
//       for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
//         layers.add(qrs::nn::LinearSettings{.in = widths[i], .out = widths[i + 1]});
//       }
//     }
//   };                                                     // "layers.0.weight", "layers.0.bias", "layers.1.weight", ...
//
// Modules neither copy nor move, so a std::vector cannot hold them; the parts of a list stay where they are made.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "module.hpp"

namespace qrs::nn {

template <class Layer>
class ModuleList : public Module<typename Layer::value_type> {
 public:
  using Module<typename Layer::value_type>::Module;

  /// Makes Layer(list, its number as name, settings) at the end. `Settings` is what the layer's constructor takes after the name.
  template <class... Settings>
  Layer& add(Settings&&... settings) {
    return layers_.emplace_back(*this, std::to_string(layers_.size()), std::forward<Settings>(settings)...);
  }

  std::int64_t size() const { return static_cast<std::int64_t>(layers_.size()); }
  Layer& operator[](std::int64_t i) {
    QRS_CHECK(i >= 0 && i < size(), "[ModuleList] expected a place in [0, ", size(), "), got ", i);
    return layers_[static_cast<std::size_t>(i)];
  }
  auto begin() { return layers_.begin(); }
  auto end() { return layers_.end(); }

 private:
  std::deque<Layer> layers_;
};

}  // namespace qrs::nn
