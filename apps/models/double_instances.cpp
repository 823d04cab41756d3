// Every network in double, for comparisons.
#include "instances.hpp"
#include "qrs/models/registry.hpp"

namespace qrs::models {

template std::unique_ptr<Model<double>> create<double>(std::string_view, const ModelOptions&);
template std::vector<std::string_view> names<double>();

}  // namespace qrs::models
