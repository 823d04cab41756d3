#include "op_case.hpp"
#include "qrs/ops/concat.hpp"
#include "qrs/ops/reshape.hpp"
#include "qrs/ops/slice.hpp"
#include "qrs/ops/sum.hpp"

namespace qrs::testing {

static const Register shape_cases({
    {"concat", {{batch, 3, 4, tail}, {batch, 3, 4, 6}, {batch, 3, 4, tail}}, [](const auto& in) { return concat(in); }},
    {"concat/twice_the_same",
     {{batch, tail}},
     [](const auto& in) {
       return concat({in[0], in[0]});
     }},
    {"slice_channels", {{batch, 3, 4, 9}}, [](const auto& in) { return slice_channels(in[0], 2, 5); }},
    {"reshape",
     {{batch, 3, 4, tail}},
     [](const auto& in) {
       return reshape(in[0], {in[0].dim(0) * 12, in[0].dim(3)});
     }},
    {"flatten", {{batch, 3, 4, tail}}, [](const auto& in) { return flatten(in[0]); }},
    {"sum", {{batch, 3, 4, tail}}, [](const auto& in) { return sum(in[0]); }, {.same_bits_of_ranges = false}},
    {"mean", {{batch, 3, 4, tail}}, [](const auto& in) { return mean(in[0]); }, {.same_bits_of_ranges = false}},
});

}  // namespace qrs::testing
