#include "op_case.hpp"
#include "qrs/ops/conv2d.hpp"

namespace qrs::testing {

static const Register conv2d_cases({
    {"conv2d/1x1",
     {{batch, 4, 3, tail}, weights({1, 1, tail, 6})},
     [](const auto& in) { return conv2d(in[0], in[1]); }},
    {"conv2d/3x3",
     {{batch, 5, 6, 4}, weights({3, 3, 4, tail}), weights({tail})},
     [](const auto& in) { return conv2d(in[0], in[1], in[2], {.padding = 1}); }},
    {"conv2d/stride 2",
     {{batch, 7, 6, 9}, weights({3, 3, 9, tail})},
     [](const auto& in) { return conv2d(in[0], in[1], {.stride = 2, .padding = 1}); }},
    {"conv2d/stride 3 on 1x1",
     {{batch, 7, 8, tail}, weights({1, 1, tail, 4})},
     [](const auto& in) { return conv2d(in[0], in[1], {.stride = 3}); }},
    {"conv2d/7x7 of one channel",
     {{batch, 11, 12, 1}, weights({7, 7, 1, tail})},
     [](const auto& in) { return conv2d(in[0], in[1], {.stride = 2, .padding = 3}); }},
    {"conv2d/dilation 2, padding 2",
     {{batch, 8, 9, 3}, weights({3, 3, 3, tail}), weights({tail})},
     [](const auto& in) { return conv2d(in[0], in[1], in[2], {.padding = 2, .dilation = 2}); }},
    {"conv2d/3 groups",
     {{batch, 6, 5, 6}, weights({3, 3, 2, 9}), weights({9})},
     [](const auto& in) { return conv2d(in[0], in[1], in[2], {.padding = 1, .groups = 3}); }},
    {"conv2d/3x5, other steps sideways",
     {{batch, 6, 9, 4}, weights({3, 5, 4, tail})},
     [](const auto& in) { return conv2d(in[0], in[1], {.stride = 2, .padding = 1, .stride_w = 1, .padding_w = 2}); }},
    {"depthwise_conv2d/3x3",
     {{batch, 6, 7, tail}, weights({3, 3, 1, tail})},
     [](const auto& in) { return depthwise_conv2d(in[0], in[1], {.padding = 1}); }},
    {"depthwise_conv2d/5x5, stride 2",
     {{batch, 7, 8, tail}, weights({5, 5, 1, tail})},
     [](const auto& in) { return depthwise_conv2d(in[0], in[1], {.stride = 2, .padding = 2}); }},
    {"depthwise_conv2d/dilation 2",
     {{batch, 7, 8, tail}, weights({3, 3, 1, tail})},
     [](const auto& in) { return depthwise_conv2d(in[0], in[1], {.padding = 2, .dilation = 2}); }},
});

}  // namespace qrs::testing
