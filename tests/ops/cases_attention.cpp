#include "op_case.hpp"
#include "qrs/ops/attention.hpp"

namespace qrs::testing {

static const Register attention_cases({
    {"attention",
     {{batch, 4, tail}, {batch, 4, tail}, {batch, 4, tail}},
     [](const auto& in) { return attention(in[0], in[1], in[2]); }},
    {"attention/three heads, more keys than queries",
     {uniform({batch, 2, 6}, -3, 3), uniform({batch, 5, 6}, -3, 3), {batch, 5, 6}},
     [](const auto& in) { return attention(in[0], in[1], in[2], {.heads = 3}); }},
    {"attention/two tiles of queries",
     {{2, 67, 8}, {2, 67, 8}, {2, 67, 8}},
     [](const auto& in) { return attention(in[0], in[1], in[2], {.heads = 2}); },
     {.gradcheck_elements = 20}},
    {"attention/of itself",
     {uniform({batch, 5, 6}, -2, 2)},
     [](const auto& in) { return attention(in[0], in[0], in[0], {.heads = 2}); }},
});

}  // namespace qrs::testing
