// The one bridge from the library to the kernels beside it: every other header includes this one.
#pragma once

#include "../../kernels/conv2d/conv2d.hpp"
#include "../../kernels/elementwise/cpu.hpp"
#include "../../kernels/gate/cpu.hpp"
#include "../../kernels/gemm/gemm.hpp"
#include "../../kernels/reduce/cpu.hpp"
#include "../../kernels/shared/memory.hpp"
