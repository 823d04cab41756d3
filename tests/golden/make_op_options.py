#!/usr/bin/env python3
"""Writes op_options.safetensors: operations with options that ops.safetensors does not vary, by PyTorch in float64.

    python3 tests/golden/make_op_options.py          # needs torch, numpy and safetensors

Per case: x and further inputs, y, the cotangent dy, and the gradients dx, ... Images are stored channels last, as QRS has
them. tests/ops/options_test.cpp repeats each case by name. Inputs are exact in float32.
"""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(20240501)
out = {}


def values(*shape):
    return torch.randn(*shape, dtype=torch.float32).double()


def images_last(t):
    return (t.permute(0, 2, 3, 1) if t.dim() == 4 else t).contiguous()


def case(name, f, **inputs):
    inputs = {key: value.clone().requires_grad_() for key, value in inputs.items()}
    y = f(**inputs)
    dy = values(*y.shape) if y.dim() > 0 else torch.tensor(1.0, dtype=torch.float64)
    gradients = torch.autograd.grad(y, list(inputs.values()), dy)
    out[name + "/y"], out[name + "/dy"] = images_last(y.detach()), images_last(dy)
    for (key, value), gradient in zip(inputs.items(), gradients):
        out[f"{name}/{key}"], out[f"{name}/d{key}"] = images_last(value.detach()), images_last(gradient)


case("max_dilated", lambda x: F.max_pool2d(x, (3, 2), (2, 3), (1, 1), (2, 3), ceil_mode=True), x=values(2, 3, 9, 8))
case("max_stride_default", lambda x: F.max_pool2d(x, 3), x=values(2, 3, 9, 8))
case("max_ceil_drops_window", lambda x: F.max_pool2d(x, 2, 4, 1, ceil_mode=True), x=values(1, 3, 5, 5))
case("avg_padded", lambda x: F.avg_pool2d(x, 3, 2, 1), x=values(2, 3, 7, 8))
case("avg_ceil", lambda x: F.avg_pool2d(x, (3, 2), (2, 3), (1, 0), ceil_mode=True), x=values(2, 3, 8, 6))
case("avg_ceil_pad_not_counted", lambda x: F.avg_pool2d(x, 3, 2, 1, True, False), x=values(2, 3, 8, 7))
case("avg_divisor", lambda x: F.avg_pool2d(x, 2, divisor_override=3), x=values(2, 3, 5, 6))
case("adaptive_down", lambda x: F.adaptive_avg_pool2d(x, (3, 4)), x=values(2, 3, 7, 9))
case("adaptive_up", lambda x: F.adaptive_avg_pool2d(x, (7, 5)), x=values(2, 3, 3, 4))
case("adaptive_one", lambda x: F.adaptive_avg_pool2d(x, 1), x=values(2, 3, 3, 4))
case("gate", lambda x, s: x * s[:, :, None, None], x=values(2, 3, 4, 5), s=values(2, 3))
case("softmax_wide", lambda x: F.softmax(x, -1), x=30 * values(3, 2, 17))
case("log_softmax_wide", lambda x: F.log_softmax(x, -1), x=30 * values(3, 2, 17))
target = torch.tensor([3, -100, 0, 4, -100, 1, 2])
weight = torch.tensor([0.5, 2.0, 1.25, 0.75, 3.0], dtype=torch.float64)
for reduction in ("mean", "sum", "none"):
    options = dict(weight=weight, label_smoothing=0.25, reduction=reduction)
    case("cross_entropy_" + reduction, lambda x: F.cross_entropy(x, target, **options), x=3 * values(7, 5))
case("cross_entropy_ignored", lambda x: F.cross_entropy(x, target), x=3 * values(7, 5))
case("cross_entropy_ignored_smoothed", lambda x: F.cross_entropy(x, target, label_smoothing=0.25), x=3 * values(7, 5))

# The ends of the numbers and the kinks.
inf, nan = float("inf"), float("nan")
ends = torch.tensor([0.0, -0.0, 3.0, -3.0, 6.0, -6.0, 1e-30, 40.0, -40.0, 1e30, -1e30, inf, -inf, nan],
                    dtype=torch.float64)
functions = dict(relu=F.relu, relu6=F.relu6, silu=F.silu, sigmoid=torch.sigmoid, tanh=torch.tanh, gelu=F.gelu,
                 hardswish=F.hardswish)
for name, f in functions.items():
    # hardswish(-inf) is 0 in QRS, its limit, and NaN in PyTorch.
    points = ends[ends != -inf] if name == "hardswish" else ends
    case("ends_" + name, lambda x: f(x), x=points)
    out[f"ends_{name}/dy"] = torch.ones_like(points)
    x = points.clone().requires_grad_()
    f(x).sum().backward()
    out[f"ends_{name}/dx"] = x.grad

path = pathlib.Path(__file__).with_name("op_options.safetensors")
save_file(out, path, {"written_by": "make_op_options.py, PyTorch " + torch.__version__})
path.chmod(0o644)
