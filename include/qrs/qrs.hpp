// All of QRS, in reading order. A program that needs one chapter includes that header alone and compiles faster.
#pragma once

#include "version.hpp"

// core: errors, threads, memory, hashes.
#include "core/device.hpp"
#include "core/error.hpp"
#include "core/macros.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/sha256.hpp"
#include "core/timer.hpp"

// tensor: shapes, storage, tensors.
#include "tensor/dispatch.hpp"
#include "tensor/shape.hpp"
#include "tensor/storage.hpp"
#include "tensor/tensor.hpp"

// autograd: the tape.
#include "autograd/tape.hpp"

// ops: one differentiable operation a file.
#include "ops/add.hpp"

// io: what files hold.
#include "io/byte_reader.hpp"
#include "io/dtype.hpp"
#include "io/file.hpp"
#include "io/safetensors.hpp"
#include "io/state_dict.hpp"
