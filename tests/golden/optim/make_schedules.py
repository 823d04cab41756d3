#!/usr/bin/env python3
"""Writes schedules.json: learning rates, clipped gradients and averaged weights, step by step, by PyTorch in float64.

    python3 tests/golden/optim/make_schedules.py          # needs torch 1.13 or later

schedules: per case the rate (and the momentum, where it moves) before each step. chains: weights of an optimiser under a
schedule, with the gradients it was given. clip: gradients before and after. ema: weights of steps and their average;
torch.optim.swa_utils has it since 2.0 as get_ema_multi_avg_fn, whose two lines stand in `ema` below.
tests/optim/schedule_golden_test.cpp and its neighbours repeat each case by name. Numbers have every digit of a double.
"""
import json
import pathlib
import warnings

import torch
from torch.optim.lr_scheduler import (ConstantLR, CosineAnnealingLR, CosineAnnealingWarmRestarts, ExponentialLR, LinearLR,
                                      MultiStepLR, OneCycleLR, SequentialLR, StepLR)

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
torch.manual_seed(20240601)


def sgd(momentum=0.0):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=momentum)


def rates(make, steps, optimizer=None):
    optimizer = optimizer or sgd()
    scheduler = make(optimizer)
    lr, momentum = [], []
    for step in range(steps):
        group = optimizer.param_groups[0]
        lr.append(group["lr"])
        momentum.append(group["betas"][0] if "betas" in group else group["momentum"])
        optimizer.step()
        if step + 1 < steps:
            scheduler.step()
    return {"lr": lr, "momentum": momentum}


def one_cycle(steps=30, adam=False, **options):
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.1) if adam else sgd(0.9)
    return rates(lambda o: OneCycleLR(o, max_lr=0.5, total_steps=steps, **options), steps, optimizer)


def warm_cosine(optimizer):
    return SequentialLR(optimizer, [LinearLR(optimizer, total_iters=6), CosineAnnealingLR(optimizer, 20, eta_min=1e-3)], [6])


def three_in_turn(optimizer):
    return SequentialLR(optimizer, [ConstantLR(optimizer), ExponentialLR(optimizer, 0.9), StepLR(optimizer, 3, gamma=0.5)],
                        [4, 11])


schedules = {
    "step": rates(lambda o: StepLR(o, 4), 14),
    "multi_step": rates(lambda o: MultiStepLR(o, [3, 3, 8], gamma=0.5), 12),
    "exponential": rates(lambda o: ExponentialLR(o, 0.9), 12),
    "constant": rates(lambda o: ConstantLR(o), 9),
    "linear": rates(lambda o: LinearLR(o), 9),
    "linear_down": rates(lambda o: LinearLR(o, 1.0, 0.05, 8), 12),
    "cosine": rates(lambda o: CosineAnnealingLR(o, 12), 13),
    "cosine_past_its_end": rates(lambda o: CosineAnnealingLR(o, 7, eta_min=0.02), 24),
    "warm_restarts": rates(lambda o: CosineAnnealingWarmRestarts(o, 5), 16),
    "warm_restarts_longer": rates(lambda o: CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=1e-3), 25),
    "warm_up_cosine": rates(warm_cosine, 27),
    "three_in_turn": rates(three_in_turn, 20),
    "one_cycle": one_cycle(),
    "one_cycle_linear": one_cycle(anneal_strategy="linear"),
    "one_cycle_three_phase": one_cycle(three_phase=True),
    "one_cycle_no_momentum": one_cycle(cycle_momentum=False),
    "one_cycle_adam": one_cycle(adam=True),
    "one_cycle_options": one_cycle(steps=23, pct_start=0.45, anneal_strategy="linear", base_momentum=0.7, max_momentum=0.9,
                                   div_factor=10.0, final_div_factor=50.0, three_phase=True),
    "one_cycle_past_its_end": rates(lambda o: OneCycleLR(o, max_lr=0.5, total_steps=10), 11, sgd(0.9)),
}


def chain(optimizer_of, schedule_of, steps):
    """Weights before the first step and after each."""
    p = torch.randn(3, requires_grad=True)
    optimizer = optimizer_of([p])
    schedule = schedule_of(optimizer)
    out = {"weights": [p.tolist()], "gradients": []}
    for step in range(steps):
        p.grad = torch.randn(3)
        out["gradients"].append(p.grad.tolist())
        optimizer.step()
        out["weights"].append(p.tolist())
        if step + 1 < steps:
            schedule.step()
    return out


chains = {
    "adam_one_cycle": chain(lambda p: torch.optim.Adam(p, lr=0.1), lambda o: OneCycleLR(o, max_lr=0.05, total_steps=10), 10),
    "sgd_one_cycle": chain(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
                           lambda o: OneCycleLR(o, max_lr=0.2, total_steps=10), 10),
    "sgd_cycled_from_no_momentum": chain(lambda p: torch.optim.SGD(p, lr=0.1),
                                         lambda o: OneCycleLR(o, max_lr=0.2, total_steps=10), 10),
    "adam_warm_up_cosine": chain(lambda p: torch.optim.Adam(p, lr=0.1), warm_cosine, 10),
}


def clipped(clip, *gradients):
    parameters = [torch.zeros(len(g), requires_grad=True) for g in gradients]
    for p, g in zip(parameters, gradients):
        p.grad = torch.tensor(g)
    norm = clip(parameters)
    finite = lambda values: [x if x == x and abs(x) != float("inf") else str(x) for x in values]
    return {"before": [finite(g) for g in gradients], "after": [finite(p.grad.tolist()) for p in parameters],
            "norm": finite([float(norm)])[0] if norm is not None else None}


def by_norm(max_norm, norm_type=2.0):
    return lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type)


a, b = torch.randn(7).tolist(), (3 * torch.randn(4)).tolist()
clip = {
    "norm": clipped(by_norm(1.0), a, b),
    "norm_below": clipped(by_norm(100.0), a, b),
    "norm_of_one": clipped(by_norm(0.5, 1.0), a, b),
    "norm_of_three": clipped(by_norm(0.5, 3.0), a, b),
    "norm_largest": clipped(by_norm(0.5, float("inf")), a, b),
    "norm_zero": clipped(by_norm(1.0), [0.0, 0.0]),
    "norm_infinite": clipped(by_norm(1.0), a, [1.0, float("inf")]),
    "norm_nan": clipped(by_norm(1.0), a, [1.0, float("nan")]),
    "norm_largest_nan": clipped(by_norm(1.0, float("inf")), [float("nan"), 1.0], a),
    "value": clipped(lambda p: torch.nn.utils.clip_grad_value_(p, 0.75), a, b),
    "value_ends": clipped(lambda p: torch.nn.utils.clip_grad_value_(p, 0.75),
                          [float("inf"), -float("inf"), float("nan"), -0.75]),
}


def ema(decay, use_buffers):
    """AveragedModel.update_parameters of torch 2: the first copies, the next ones are get_ema_multi_avg_fn's; so are buffers
    where use_buffers is set, elsewhere they are copied."""
    out = {"decay": decay, "use_buffers": use_buffers, "weights": [], "buffers": [], "average": [], "buffer_average": []}
    for step in range(8):
        weights, buffers = torch.randn(5), torch.randn(2)
        if step == 0:
            average, buffer_average = weights.clone(), buffers.clone()
        else:
            average.lerp_(weights, 1 - decay)
            buffer_average = buffer_average.lerp(buffers, 1 - decay) if use_buffers else buffers.clone()
        values = {"weights": weights, "buffers": buffers, "average": average, "buffer_average": buffer_average}
        for key, value in values.items():
            out[key].append(value.tolist())
    return out


averages = {"default": ema(0.999, False), "short": ema(0.6, True), "none": ema(0.0, False), "frozen": ema(1.0, True)}

path = pathlib.Path(__file__).with_name("schedules.json")
whole = {"torch": torch.__version__, "schedules": schedules, "chains": chains, "clip": clip, "ema": averages}
lines = [f"{json.dumps(key)}: " + ("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n}"
                                   if isinstance(value, dict) else json.dumps(value)) for key, value in whole.items()]
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
