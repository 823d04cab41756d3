#include "op_case.hpp"
#include "qrs/ops/exp_log.hpp"
#include "qrs/ops/mse_loss.hpp"
#include "qrs/ops/operators.hpp"

namespace qrs::testing {

static const Register arithmetic_cases({
    {"expand/rows",
     {{1, tail}},
     [](const auto& in) {
       return expand(in[0], {6, in[0].dim(1)});
     }},
    {"expand/columns",
     {{3, 1}},
     [](const auto& in) {
       return expand(in[0], {3, 7});
     }},
    {"expand/new axes",
     {{tail}},
     [](const auto& in) {
       return expand(in[0], {2, 3, in[0].dim(0)});
     }},
    {"expand/two axes",
     {{1, 4, 1, tail}},
     [](const auto& in) {
       return expand(in[0], {3, 4, 5, in[0].dim(3)});
     }},
    {"scale", {{batch, 5, tail}}, [](const auto& in) { return scale(in[0], -1.75); }},
    {"sub", {{batch, 5, tail}, {batch, 5, tail}}, [](const auto& in) { return sub(in[0], in[1]); }},
    {"div", {{batch, 5, tail}, uniform({batch, 5, tail}, 0.5, 2)}, [](const auto& in) { return div(in[0], in[1]); }},
    {"add/row", {{batch, 5, tail}, {tail}}, [](const auto& in) { return add(in[0], in[1]); }},
    {"add/column and row", {{5, 1}, {1, tail}}, [](const auto& in) { return add(in[0], in[1]); }},
    {"mul/column", {{batch, 5, tail}, {5, 1}}, [](const auto& in) { return mul(in[0], in[1]); }},
    {"sub/row", {{tail}, {batch, 5, tail}}, [](const auto& in) { return sub(in[0], in[1]); }},
    {"div/row", {{batch, 5, tail}, uniform({tail}, 0.5, 2)}, [](const auto& in) { return div(in[0], in[1]); }},
    {"exp", {uniform({batch, 5, tail}, -3, 3)}, [](const auto& in) { return exp(in[0]); }},
    {"log", {uniform({batch, 5, tail}, 0.25, 4)}, [](const auto& in) { return log(in[0]); }},
    {"sqrt", {uniform({batch, 5, tail}, 0.25, 4)}, [](const auto& in) { return sqrt(in[0]); }},
    {"mse_loss", {{batch, 5, tail}, {batch, 5, tail}}, [](const auto& in) { return mse_loss(in[0], in[1]); }},
    {"operators",
     {{3, 4}, uniform({3, 4}, 0.5, 2)},
     [](const auto& in) { return (2.0 * in[0] - 1.0) / in[1] + in[0] * -in[1] - 3.0 / (in[1] + 1.0) + in[0] / 4.0; }},
});

}  // namespace qrs::testing
