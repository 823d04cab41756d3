// Every network in float.
#include "instances.hpp"
#include "qrs/models/registry.hpp"

namespace qrs::models {

template std::unique_ptr<Model<float>> create<float>(std::string_view, const ModelOptions&);
template std::vector<std::string_view> names<float>();

}  // namespace qrs::models
