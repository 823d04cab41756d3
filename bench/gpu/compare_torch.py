#!/usr/bin/env python3
"""Completes the result of bench_gpu: the machine it ran on and, where torch is importable and sees the GPU, PyTorch's times
of the same cases beside ours.

  compare_torch.py IN.json OUT.json

Same work: channels last, float32, the median over rounds of calls between two synchronisations. `torch_milliseconds` is
with TF32 off, which is the arithmetic of these kernels; `torch_tf32_milliseconds` with TF32 allowed, for products.
"""

import datetime
import json
import os
import statistics
import subprocess
import sys
import time


def output_of(*command):
    """First line of a command's output, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip().splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return None


def machine():
    release = output_of("sh", "-c", "nvcc --version | grep -o 'release [0-9.]*'")
    gpu = output_of("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    name, _, driver = (gpu or "").partition(", ")
    return {
        "gpu": name or None,
        "driver": driver or None,
        "nvcc": release,
        "commit": output_of("git", "rev-parse", "HEAD"),
        "changed_files": output_of("sh", "-c", "git status --porcelain | wc -l"),
    }


def import_torch():
    """torch where it is installed and sees a GPU, else None and the reason."""
    try:
        import torch
    except ImportError as error:
        return None, str(error)
    if not torch.cuda.is_available():
        return None, "torch sees no CUDA device"
    return torch, None


def milliseconds(torch, call, quick):
    def round_of(calls):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        torch.cuda.synchronize()
        return (time.perf_counter() - begin) * 1e3 / calls

    if quick:
        return round_of(1)
    round_of(3)
    calls = int(min(max(20.0 / max(round_of(3), 1e-3), 3), 2000))
    return statistics.median(round_of(calls) for _ in range(7))


def elementwise_call(torch, row):
    x, z, y = (torch.rand(row["rows"], row["cols"], device="cuda") * 2 - 1 for _ in range(3))
    aten = torch.ops.aten
    return {
        "relu": lambda: aten.relu(x),
        "silu": lambda: aten.silu(x),
        "silu_backward": lambda: aten.silu_backward(z, x),
        "add": lambda: torch.add(x, z, out=y),
        "multiply": lambda: torch.mul(x, z, out=y),
        "add_scaled_accumulate": lambda: y.add_(x, alpha=0.5),
    }[row["pass"]]


def reduce_call(torch, row):
    x = torch.rand(row["outer"], row["rows"], row["cols"], device="cuda")
    y = torch.rand(row["outer"], 1, row["cols"], device="cuda")
    return {
        "rows": lambda: x.sum(dim=1),
        "total": lambda: x.sum(),
        "broadcast": lambda: x.copy_(y.expand_as(x)),
    }[row["pass"]]


def gemm_call(torch, row):
    m, n, k = row["m"], row["n"], row["k"]
    a = torch.rand(k, m, device="cuda").T if row["transpose_a"] else torch.rand(m, k, device="cuda")
    b = torch.rand(n, k, device="cuda").T if row["transpose_b"] else torch.rand(k, n, device="cuda")
    return lambda: a @ b


def conv2d_call(torch, row):
    last = torch.channels_last
    side, kernel, stride, padding = row["side"], row["kernel"], row["stride"], row["padding"]
    out = (side + 2 * padding - kernel) // stride + 1
    x = torch.rand(row["n"], row["ci"], side, side, device="cuda").to(memory_format=last)
    w = torch.rand(row["co"], row["ci"], kernel, kernel, device="cuda").to(memory_format=last)
    bias = torch.rand(row["co"], device="cuda")
    dy = torch.rand(row["n"], row["co"], out, out, device="cuda").to(memory_format=last)

    def backward(mask):
        return lambda: torch.ops.aten.convolution_backward(
            dy, x, w, [0], [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, mask
        )

    return {
        "forward": lambda: torch.nn.functional.conv2d(x, w, bias, stride, padding),
        "backward_data": backward([True, False, False]),
        "backward_weights": backward([False, True, False]),
    }[row["pass"]]


CALLS = {"elementwise": elementwise_call, "reduce": reduce_call, "gemm": gemm_call, "conv2d": conv2d_call}


def time_torch(torch, result):
    torch.backends.cudnn.benchmark = True
    with torch.no_grad():
        for row in result["rows"]:
            products = row["family"] in ("gemm", "conv2d")
            for key, tf32 in (("torch_milliseconds", False), ("torch_tf32_milliseconds", True)):
                if tf32 and not products:
                    continue
                torch.backends.cuda.matmul.allow_tf32 = tf32
                torch.backends.cudnn.allow_tf32 = tf32
                call = CALLS[row["family"]](torch, row)
                row[key] = milliseconds(torch, call, result["quick"])
            row["ratio"] = row["torch_milliseconds"] / row["milliseconds"]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        result = json.load(file)
    result = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": machine()} | result
    torch, missing = import_torch()
    result["torch"] = torch.__version__ if torch else None
    if torch:
        time_torch(torch, result)
    else:
        print(f"without PyTorch's times: {missing}")

    partial = sys.argv[2] + ".part"
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    os.replace(partial, sys.argv[2])

    print(f"{'case':<64} {'ms':>9} {'GFLOP/s':>9} {'GB/s':>8} {'torch/ours':>10}")
    numbers = ("milliseconds", "gflops", "gigabytes_per_second", "torch_milliseconds", "torch_tf32_milliseconds", "ratio")
    for row in result["rows"]:
        shape = " ".join(f"{k}={v}" for k, v in row.items() if k not in numbers + ("family", "pass"))
        ratio = f"{row['ratio']:.2f}" if "ratio" in row else "-"
        name = f"{row['family']} {row['pass']} {shape}"
        print(f"{name:<64} {row['milliseconds']:9.4f} {row['gflops']:9.0f} {row['gigabytes_per_second']:8.0f} {ratio:>10}")


if __name__ == "__main__":
    main()
