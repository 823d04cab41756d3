// The one bridge from the library to the kernels beside it: every other header includes this one.
#pragma once

#include "../../kernels/adam/cpu.hpp"
#include "../../kernels/attention/cpu.hpp"
#include "../../kernels/batch_norm/cpu.hpp"
#include "../../kernels/conv2d/cpu.hpp"
#include "../../kernels/cuda/memory.hpp"
#include "../../kernels/dropout/cpu.hpp"
#include "../../kernels/elementwise/cpu.hpp"
#include "../../kernels/gate/cpu.hpp"
#include "../../kernels/gemm/cpu.hpp"
#include "../../kernels/layer_norm/cpu.hpp"
#include "../../kernels/permute/cpu.hpp"
#include "../../kernels/pool2d/cpu.hpp"
#include "../../kernels/reduce/cpu.hpp"
#include "../../kernels/sgd/cpu.hpp"
#include "../../kernels/softmax_cross_entropy/cpu.hpp"
