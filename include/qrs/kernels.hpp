// The one bridge from the library to the kernels beside it: every other header includes this one.
#pragma once

#include "../../kernels/shared/memory.hpp"
