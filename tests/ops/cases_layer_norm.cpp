#include "op_case.hpp"
#include "qrs/ops/layer_norm.hpp"

namespace qrs::testing {

/// A tail of two values normalises to 1 and -1 whatever they are: a large eps leaves it something to learn from.
static const Register layer_norm_cases({
    {"layer_norm",
     {{batch, 3, 23}, weights({23}), weights({23})},
     [](const auto& in) { return layer_norm(in[0], in[1], in[2]); }},
    {"layer_norm/image",
     {{batch, 5, 4, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return layer_norm(in[0], in[1], in[2], {.eps = 0.1}); }},
    {"layer_norm/no factors", {{batch, 35}}, [](const auto& in) { return layer_norm(in[0], {.eps = 1e-6}); }},
});

}  // namespace qrs::testing
