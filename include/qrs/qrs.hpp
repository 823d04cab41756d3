// All of QRS, in reading order. A program that needs one chapter includes that header alone and compiles faster.
#pragma once

#include "version.hpp"

// core: errors, threads, random numbers, memory, hashes.
#include "core/device.hpp"
#include "core/error.hpp"
#include "core/macros.hpp"
#include "core/memory.hpp"
#include "core/named_values.hpp"
#include "core/parallel.hpp"
#include "core/philox.hpp"
#include "core/rng.hpp"
#include "core/sha256.hpp"
#include "core/timer.hpp"

// tensor: shapes, storage, tensors.
#include "tensor/compare.hpp"
#include "tensor/dispatch.hpp"
#include "tensor/print.hpp"
#include "tensor/shape.hpp"
#include "tensor/storage.hpp"
#include "tensor/tensor.hpp"

// autograd: the tape, and the judge of gradients.
#include "autograd/gradcheck.hpp"
#include "autograd/tape.hpp"

// ops: one differentiable operation a file.
#include "ops/activation.hpp"
#include "ops/add.hpp"
#include "ops/basic_block.hpp"
#include "ops/batch_norm.hpp"
#include "ops/check.hpp"
#include "ops/concat.hpp"
#include "ops/conv2d.hpp"
#include "ops/conv_norm.hpp"
#include "ops/cross_entropy.hpp"
#include "ops/dense_block.hpp"
#include "ops/dropout.hpp"
#include "ops/gate.hpp"
#include "ops/in_place.hpp"
#include "ops/linear.hpp"
#include "ops/mbconv.hpp"
#include "ops/mul.hpp"
#include "ops/pool2d.hpp"
#include "ops/reshape.hpp"
#include "ops/slice.hpp"
#include "ops/softmax.hpp"
#include "ops/sum.hpp"

// nn: operations that own parameters.
#include "nn/conv_norm.hpp"
#include "nn/init.hpp"
#include "nn/layers.hpp"
#include "nn/module.hpp"
#include "nn/state.hpp"
#include "nn/summary.hpp"

// optim: optimisers and schedules.
#include "optim/adam.hpp"
#include "optim/early_stopping.hpp"
#include "optim/optimizer.hpp"
#include "optim/reduce_lr_on_plateau.hpp"
#include "optim/sgd.hpp"

// models: networks as published.
#include "models/densenet.hpp"
#include "models/efficientnet.hpp"
#include "models/model.hpp"
#include "models/names.hpp"
#include "models/registry.hpp"
#include "models/resnet.hpp"

// io: what files hold.
#include "io/byte_reader.hpp"
#include "io/checkpoint.hpp"
#include "io/csv.hpp"
#include "io/dtype.hpp"
#include "io/file.hpp"
#include "io/npy.hpp"
#include "io/pickle_reader.hpp"
#include "io/safetensors.hpp"
#include "io/state_dict.hpp"
#include "io/strided_view.hpp"
#include "io/torch_checkpoint.hpp"
#include "io/torch_legacy.hpp"
#include "io/torch_objects.hpp"
#include "io/torch_tar.hpp"
#include "io/torch_writer.hpp"
#include "io/torch_zip.hpp"
#include "io/zip_reader.hpp"

// metrics: how good a prediction is, and how sure that is.
#include "metrics/bootstrap.hpp"
#include "metrics/classification_report.hpp"
#include "metrics/confusion.hpp"
#include "metrics/delong.hpp"
#include "metrics/distributions.hpp"
#include "metrics/evaluate.hpp"
#include "metrics/hypothesis.hpp"
#include "metrics/intervals.hpp"
#include "metrics/labels.hpp"
#include "metrics/precision_recall.hpp"
#include "metrics/probability.hpp"
#include "metrics/ranking.hpp"
#include "metrics/roc.hpp"
#include "metrics/scores.hpp"

// data: who trains and who tests.
#include "data/group_balance.hpp"
#include "data/grouped_split.hpp"
#include "data/k_fold.hpp"
#include "data/split.hpp"

// ml: learners on matrices.
#include "ml/estimator.hpp"
#include "ml/labels.hpp"
#include "ml/matrix.hpp"
#include "ml/names.hpp"
#include "ml/observer.hpp"
#include "ml/param_grid.hpp"
#include "ml/parameters.hpp"
#include "ml/pipeline.hpp"
#include "ml/scoring.hpp"
#include "ml/search.hpp"
#include "ml/shared_work.hpp"
#include "ml/trace.hpp"
