#include "norm_of.hpp"
#include "op_case.hpp"

namespace qrs::testing {

static const Register batch_norm_cases({
    {"batch_norm/training",
     {{batch, 5, 4, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], true)); }},
    {"batch_norm/evaluation",
     {{batch, 5, 4, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], false)); }},
    {"batch_norm/silu",
     {{batch, 5, 4, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], true), Activation::silu); }},
    {"batch_norm/residual and silu",
     {{batch, 5, 4, tail}, weights({tail}), weights({tail}), {batch, 5, 4, tail}},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], true), Activation::silu, in[3]); }},
    {"batch_norm/of a matrix",
     {{batch, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], false), Activation::tanh); }},
});

}  // namespace qrs::testing
