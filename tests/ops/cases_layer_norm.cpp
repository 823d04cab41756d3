#include "op_case.hpp"
#include "qrs/ops/gate.hpp"
#include "qrs/ops/layer_norm.hpp"

namespace qrs::testing {

static const Register layer_norm_cases({
    {"layer_norm",
     {{batch, 3, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return layer_norm(in[0], in[1], in[2], 1e-2); }},
    {"layer_norm/plain", {{batch, 3, 4, 9}}, [](const auto& in) { return layer_norm(in[0], {}, {}, 1e-2); }},
    {"gate/layer scale", {{batch, 3, 2, tail}, weights({tail})}, [](const auto& in) { return gate(in[0], in[1]); }},
});

}  // namespace qrs::testing
