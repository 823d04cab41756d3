#include "op_case.hpp"
#include "qrs/ops/pool2d.hpp"

namespace qrs::testing {

static const Register pool2d_cases({
    {"max_pool2d", {{batch, 6, 8, tail}}, [](const auto& in) { return max_pool2d(in[0], {}); }, {.distinct = true}},
    {"max_pool2d/stem",
     {{batch, 7, 8, tail}},
     [](const auto& in) { return max_pool2d(in[0], {.kernel = 3, .stride = 2, .padding = 1}); },
     {.distinct = true}},
    {"max_pool2d/every_option",
     {{batch, 9, 8, tail}},
     [](const auto& in) {
       return max_pool2d(in[0], {.kernel = 3,
                                 .stride = 2,
                                 .padding = 1,
                                 .dilation = 2,
                                 .ceil_mode = true,
                                 .kernel_w = 2,
                                 .stride_w = 3,
                                 .dilation_w = 3});
     },
     {.distinct = true}},
    {"max_pool2d/large_window",
     {{batch, 17, 9, 3}},
     [](const auto& in) { return max_pool2d(in[0], {.kernel = 17, .stride = 4, .padding = 8}); },
     {.distinct = true, .gradcheck_elements = 40}},
    {"avg_pool2d", {{batch, 6, 8, tail}}, [](const auto& in) { return avg_pool2d(in[0], {}); }},
    {"avg_pool2d/padded",
     {{batch, 7, 6, tail}},
     [](const auto& in) { return avg_pool2d(in[0], {.kernel = 3, .stride = 2, .padding = 1}); }},
    {"avg_pool2d/every_option",
     {{batch, 8, 6, tail}},
     [](const auto& in) {
       return avg_pool2d(in[0], {.kernel = 3,
                                 .stride = 2,
                                 .padding = 1,
                                 .ceil_mode = true,
                                 .count_include_pad = false,
                                 .kernel_w = 2,
                                 .stride_w = 3,
                                 .padding_w = 0});
     }},
    {"avg_pool2d/divisor_override",
     {{batch, 5, 5, tail}},
     [](const auto& in) { return avg_pool2d(in[0], {.divisor_override = 3}); }},
    {"adaptive_avg_pool2d", {{batch, 7, 5, tail}}, [](const auto& in) { return adaptive_avg_pool2d(in[0], 3, 4); }},
    {"adaptive_avg_pool2d/larger_than_the_image",
     {{batch, 3, 4, tail}},
     [](const auto& in) { return adaptive_avg_pool2d(in[0], 7, 6); }},
    {"global_average_pool", {{batch, 7, 5, tail}}, [](const auto& in) { return global_average_pool(in[0]); }},
});

}  // namespace qrs::testing
