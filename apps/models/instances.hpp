// The networks, compiled once for the programs and tests that take one by name: a source that includes this header
// instead of the registry builds in a fraction of the time.
#pragma once

#include "kernels/instances.hpp"
#include "qrs/models/model.hpp"

namespace qrs::models {

extern template std::unique_ptr<Model<float>> create<float>(std::string_view, const ModelOptions&);
extern template std::vector<std::string_view> names<float>();
extern template std::vector<std::string_view> names<double>();
extern template std::unique_ptr<Model<double>> create<double>(std::string_view, const ModelOptions&);

}  // namespace qrs::models
