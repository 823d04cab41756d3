#include "op_case.hpp"
#include "qrs/ops/activation.hpp"
#include "qrs/ops/gate.hpp"
#include "qrs/ops/mul.hpp"

namespace qrs::testing {

static const Register elementwise_cases({
    {"relu", {{batch, 5, 4, tail}}, [](const auto& in) { return relu(in[0]); }, {.kinks = {0.0}}},
    {"relu6",
     {uniform({batch, 5, 4, tail}, -2, 8)},
     [](const auto& in) { return relu6(in[0]); },
     {.kinks = {0.0, 6.0}}},
    {"silu", {uniform({batch, 5, 4, tail}, -6, 6)}, [](const auto& in) { return silu(in[0]); }},
    {"sigmoid", {uniform({batch, 5, 4, tail}, -6, 6)}, [](const auto& in) { return sigmoid(in[0]); }},
    {"tanh", {uniform({batch, 5, 4, tail}, -4, 4)}, [](const auto& in) { return tanh(in[0]); }},
    {"gelu", {uniform({batch, 5, 4, tail}, -4, 4)}, [](const auto& in) { return gelu(in[0]); }},
    {"hardswish",
     {uniform({batch, 5, 4, tail}, -5, 5)},
     [](const auto& in) { return hardswish(in[0]); },
     {.kinks = {-3.0, 3.0}}},
    {"mul", {{batch, 5, 4, tail}, {batch, 5, 4, tail}}, [](const auto& in) { return mul(in[0], in[1]); }},
    {"gate", {{batch, 5, 4, tail}, {batch, tail}}, [](const auto& in) { return gate(in[0], in[1]); }},
    {"gate/1x1", {{batch, 3, 3, tail}, {batch, 1, 1, tail}}, [](const auto& in) { return gate(in[0], in[1]); }},
});

}  // namespace qrs::testing
