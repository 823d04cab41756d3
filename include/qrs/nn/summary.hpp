// What a network costs, layer by layer: shapes, parameters, multiply-adds, bytes.
//
// The rows are written by the forward pass itself: while a summary listens (Module::summarize), every layer notes the shape of
// its result. One image is run, in evaluation; shapes and counts are those of a batch. MACs are the multiply-adds of
// convolutions, linear layers and attention, the count papers quote; the rest is adds and comparisons. Activation bytes are the
// layer's output, in the network's scalar.
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
  std::int64_t batch = 1;        // images that the rows stand for
  std::vector<SummaryRow> rows = {};

  /// Adds the row of a layer that gave `output` for one image.
  void add(std::string name, std::string type, const Shape& output, std::int64_t parameters = 0,
           std::int64_t macs = 0) {
    std::vector<std::int64_t> extents(output.extents().begin(), output.extents().end());
    if (!extents.empty()) extents[0] *= batch;
    const Shape shape(extents);
    rows.push_back({.name = std::move(name),
                    .type = std::move(type),
                    .output = shape,
                    .parameters = parameters,
                    .macs = macs * batch,
                    .activation_bytes = shape.size() * value_bytes});
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
