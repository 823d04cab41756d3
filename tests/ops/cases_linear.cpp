#include "op_case.hpp"
#include "qrs/ops/matmul.hpp"

namespace qrs::testing {

static const Register linear_cases({
    {"linear/rank 4",
     {{batch, 3, 2, 5}, weights({tail, 5}), weights({tail})},
     [](const auto& in) { return linear(in[0], in[1], in[2]); }},
    {"linear",
     {{batch, 7}, weights({tail, 7}), weights({tail})},
     [](const auto& in) { return linear(in[0], in[1], in[2]); }},
    {"linear/no bias", {{batch, tail}, weights({4, tail})}, [](const auto& in) { return linear(in[0], in[1]); }},
    {"linear/tokens",
     {{batch, 3, 7}, weights({tail, 7}), weights({tail})},
     [](const auto& in) { return linear(in[0], in[1], in[2]); }},
    {"linear/pixels, no bias",
     {{batch, 3, 2, tail}, weights({4, tail})},
     [](const auto& in) { return linear(in[0], in[1]); }},
    {"matmul/many", {{batch, 3, 4, 7}, {batch, 3, 7, tail}}, [](const auto& in) { return matmul(in[0], in[1]); }},
    {"matmul", {{batch, 7}, weights({7, tail})}, [](const auto& in) { return matmul(in[0], in[1]); }},
});

}  // namespace qrs::testing
