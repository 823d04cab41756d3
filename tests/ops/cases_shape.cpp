#include "op_case.hpp"
#include "qrs/ops/concat.hpp"
#include "qrs/ops/permute.hpp"
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
    {"concat/first axis",
     {{batch, 3, tail}, {4, 3, tail}, {batch, 3, tail}},
     [](const auto& in) { return concat(in, 0); }},
    {"concat/middle axis",
     {{batch, 3, 4, tail}, {batch, 1, 4, tail}, {batch, 5, 4, tail}},
     [](const auto& in) { return concat(in, 1); }},
    {"slice/channels", {{batch, 3, 4, 9}}, [](const auto& in) { return slice(in[0], -1, 2, 5); }},
    {"slice/one token", {{batch, 5, tail}}, [](const auto& in) { return slice(in[0], 1, 0, 1); }},
    {"slice/tokens", {{batch, 5, tail}}, [](const auto& in) { return slice(in[0], 1, 1, 3); }},
    {"slice/images", {{4, 3, tail}}, [](const auto& in) { return slice(in[0], 0, 1, 2); }},
    {"permute/0213",
     {{batch, 3, 4, tail}},
     [](const auto& in) {
       return permute(in[0], {0, 2, 1, 3});
     }},
    {"permute/021",
     {{batch, 35, tail}},
     [](const auto& in) {
       return permute(in[0], {0, 2, 1});
     }},
    {"permute/43210",
     {{batch, 3, 2, 4, tail}},
     [](const auto& in) {
       return permute(in[0], {4, 3, 2, 1, 0});
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
