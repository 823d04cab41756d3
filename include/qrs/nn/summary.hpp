// What a network costs, layer by layer, from shapes alone: nothing is computed.
//
// Each module describes itself (Module::describe): given the shape of its input it adds a row per layer and returns the
// shape of its output. MACs are the multiply-adds of convolutions and linear layers, the count papers quote; the rest is
// adds and comparisons. Activation bytes are the layer's output, in the network's scalar.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../tensor/shape.hpp"

namespace qrs::nn {

struct SummaryRow {
  std::string name;  // full name, such as "layer1.0.conv1"
  std::string type;  // such as "Conv2d"
  Shape output;
  std::int64_t parameters = 0;
  std::int64_t macs = 0;
  std::int64_t activation_bytes = 0;
};

struct Summary {
  std::int64_t value_bytes = 4;  // sizeof the scalar
  std::vector<SummaryRow> rows;

  /// Adds a row and returns its output shape, for the next layer.
  Shape add(std::string name, std::string type, const Shape& output, std::int64_t parameters = 0,
            std::int64_t macs = 0) {
    rows.push_back({.name = std::move(name),
                    .type = std::move(type),
                    .output = output,
                    .parameters = parameters,
                    .macs = macs,
                    .activation_bytes = output.size() * value_bytes});
    return output;
  }

  std::int64_t parameters() const { return sum(&SummaryRow::parameters); }
  std::int64_t macs() const { return sum(&SummaryRow::macs); }
  std::int64_t activation_bytes() const { return sum(&SummaryRow::activation_bytes); }

 private:
  std::int64_t sum(std::int64_t SummaryRow::*field) const {
    std::int64_t total = 0;
    for (const SummaryRow& row : rows) total += row.*field;
    return total;
  }
};

}  // namespace qrs::nn
