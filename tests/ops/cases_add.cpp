#include "op_case.hpp"
#include "qrs/ops/add.hpp"

namespace qrs::testing {

static const Register cases({
    {"add/one sample to each", {{batch, 3, tail}, {1, 3, tail}}, [](const auto& in) { return add(in[0], in[1]); }},
    {"add", {{batch, 5, 4, tail}, {batch, 5, 4, tail}}, [](const auto& in) { return add(in[0], in[1]); }},
});

}  // namespace qrs::testing
