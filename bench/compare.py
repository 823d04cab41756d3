#!/usr/bin/env python3
"""The same work in QRS and in PyTorch, side by side on the same cores.

  compare.py networks                                      every network, training and inference, batch 16 of 224 x 224
  compare.py networks --models densenet121 --modes train --rounds 9 --json
  compare.py networks --python ~/torch/bin/python          the interpreter that has torch and torchvision

The two take turns, QRS first, `--rounds` times; each turn is a process of its own that warms up and times `--steps`
steps. So a machine whose speed changes (other users, heat) slows both. Reported for each network and mode:

  images/s   the median over the rounds of each turn's median step, with the slowest and the fastest round
  ratio      median of QRS / median of PyTorch: above 1 QRS is faster
  memory     the largest resident size that a turn reports of itself (ru_maxrss); ratio QRS / PyTorch: below 1 QRS is smaller

A training step is forward, cross-entropy, backward and Adam; inference is forward in evaluation mode (QRS folds batch
norms into convolutions, PyTorch runs in inference mode, eagerly). PyTorch keeps its default memory format. Inputs, batch
and number of threads are equal. Exit status: 0 measured, 1 a turn failed, 2 usage, or torch is missing.
"""

import argparse
import datetime
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time

MODELS = ["resnet18", "resnet34", "densenet121", "efficientnet_b0"]
MODES = ["train", "infer"]
WARM_UP = 2  # steps before the timed ones: what `qrs bench` does
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Failure(Exception):
    """Something to tell the user, and the exit status that goes with it."""

    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


# ---- the turn of PyTorch: this file again, as a child --------------------------------------------------------------------


def import_torch():
    try:
        import torch
        import torchvision
    except ImportError as error:
        raise Failure(
            f"expected torch and torchvision in {sys.executable}, got: {error}"
            " (install both there, or name another interpreter with --python)",
            2,
        ) from error
    return torch, torchvision


def peak_rss():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def child_versions(_):
    torch, torchvision = import_torch()
    return {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": platform.python_version(),
        "torch_import_rss_bytes": peak_rss(),
    }


def child_networks(o):
    """Times one network as `qrs bench` does and returns the same keys."""
    torch, torchvision = import_torch()
    torch.set_num_threads(o["threads"])
    torch.manual_seed(0)
    net = getattr(torchvision.models, o["model"])(weights=None, num_classes=o["classes"])
    images = torch.rand(o["batch"], 3, o["input"], o["input"])
    labels = torch.arange(o["batch"]) % o["classes"]

    if o["mode"] == "train":
        net.train()
        adam = torch.optim.Adam(net.parameters())

        def step():
            loss = torch.nn.functional.cross_entropy(net(images), labels)
            adam.zero_grad()
            loss.backward()
            adam.step()

    else:
        net.eval()

        def step():
            with torch.inference_mode():
                net(images)

    seconds = []
    for i in range(WARM_UP + o["steps"]):
        begin = time.perf_counter()
        step()
        if i >= WARM_UP:
            seconds.append(time.perf_counter() - begin)
    seconds.sort()
    return {
        "images_per_second": o["batch"] / seconds[len(seconds) // 2],
        "fastest_images_per_second": o["batch"] / seconds[0],
        "slowest_images_per_second": o["batch"] / seconds[-1],
        "peak_rss_bytes": peak_rss(),
        "threads": torch.get_num_threads(),
    }


CHILDREN = {"versions": child_versions, "networks": child_networks}


# ---- turns, seen from the parent -----------------------------------------------------------------------------------------


def turn(command, threads, name):
    """Runs a process and returns the JSON object it prints. The parent never imports torch: a child's ru_maxrss starts at
    what its parent held when it was made."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failure(f"expected to run {command[0]}, got: {error.strerror}", 2) from error
    if done.returncode != 0:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()][-3:]
        said = "; ".join(said).removeprefix("compare.py: ") or "nothing on its error stream"
        raise Failure(f"{name} ended with status {done.returncode}: {said}", 2 if done.returncode == 2 else 1)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise Failure(f"expected one JSON object from {name}, got {done.stdout[:80]!r} ({error})") from error


def torch_turn(o, what, **settings):
    command = [o.python, os.path.abspath(__file__), "--child", json.dumps({"what": what, "threads": o.threads, **settings})]
    return turn(command, o.threads, f"PyTorch ({what})")


def spread(turns):
    """What the turns of one side come to."""
    speeds = [t["images_per_second"] for t in turns]
    return {
        "images_per_second": statistics.median(speeds),
        "slowest_round": min(speeds),
        "fastest_round": max(speeds),
        "fastest_step": max(t["fastest_images_per_second"] for t in turns),
        "peak_rss_bytes": max(t["peak_rss_bytes"] for t in turns),
        "rounds": speeds,
    }


def take_turns(rounds, sides, name):
    """Runs the sides one after the other, `rounds` times, with a line of progress; {side: spread of its turns}."""
    turns = {side: [] for side in sides}
    begin = time.monotonic()
    for r in range(rounds):
        for side, run in sides.items():
            if sys.stderr.isatty():
                left = (time.monotonic() - begin) * (rounds - r) / r if r else None
                left = f", about {left:.0f} s left" if left else ""
                print(f"\r{name}: round {r + 1} of {rounds}, {side}{left}   ", end="", file=sys.stderr, flush=True)
            turns[side].append(run())
    if sys.stderr.isatty():
        print("\r" + " " * 72 + "\r", end="", file=sys.stderr)
    return {side: spread(of) for side, of in turns.items()}


def compiler_of(program):
    """The compiler that an ELF program names in its .comment section; a clang program names both, its own last."""
    with open(program, "rb") as file:
        content = file.read()
    for pattern in (rb"[\w ]*clang version [^\0]*", rb"GCC: \([^\0]*"):
        found = re.search(pattern, content)
        if found:
            return found.group().decode("ascii", "replace").strip()
    return None


def processor():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or None


def find_qrs(o):
    program = o.qrs or os.path.join(ROOT, "build", "release", "qrs")
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        raise Failure(f"expected the program qrs at {program}, got none (./run build makes it, --qrs names another)", 2)
    return os.path.abspath(program)


def environment(o, program):
    """What a reader needs to judge the figures."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "threads": o.threads,
        "load_before": round(os.getloadavg()[0], 2),
        "compiler": compiler_of(program),
        **torch_turn(o, "versions"),
    }


# ---- networks ------------------------------------------------------------------------------------------------------------


def networks(o):
    program = find_qrs(o)
    result = {"what": "networks", **environment(o, program)}
    result.update(batch=o.batch, input=o.input, rounds=o.rounds, steps=o.steps, rows=[])
    if not o.json:
        print(f"{result['processor']}, {o.threads} threads; torch {result['torch']}, qrs by {result['compiler']}")
        print(f"batch {o.batch} of {o.input} x {o.input}; median of {o.rounds} rounds of {o.steps} steps; {result['date']}\n")
        print(f"{'':26}{'images per second (slowest to fastest round)':^48}{'peak memory, MB':^26}")
        print(f"{'model':17}{'mode':7}{'QRS':>20}{'PyTorch':>20}{'ratio':>8}  {'QRS':>8}{'PyTorch':>9}{'ratio':>7}")
    for model in o.models:
        for mode in o.modes:
            same = {"model": model, "mode": mode, "batch": o.batch, "input": o.input, "steps": o.steps}
            command = [program, "bench", model, "--mode", mode, "--batch", str(o.batch), "--input", str(o.input)]
            command += ["--classes", str(o.classes), "--steps", str(o.steps), "--json"]
            sides = {
                "qrs": lambda: turn(command, o.threads, "qrs bench"),
                "torch": lambda: torch_turn(o, "networks", classes=o.classes, **same),
            }
            row = {"model": model, "mode": mode, **take_turns(o.rounds, sides, f"{model} {mode}")}
            row["ratio"] = row["qrs"]["images_per_second"] / row["torch"]["images_per_second"]
            row["memory_ratio"] = row["qrs"]["peak_rss_bytes"] / row["torch"]["peak_rss_bytes"]
            result["rows"].append(row)
            if not o.json:
                print_row(row)
    result["load_after"] = round(os.getloadavg()[0], 2)
    if o.json:
        print(json.dumps(result, indent=2))
    else:
        libraries = result["torch_import_rss_bytes"] / 1e6
        print(f"\nPyTorch's memory before any work: {libraries:.0f} MB, its libraries; a CPU-only build has the smallest")
        print(f"load of the machine before {result['load_before']}, after {result['load_after']}")


def print_row(row):
    def speed(side):
        return f"{side['images_per_second']:.1f} ({side['slowest_round']:.1f}-{side['fastest_round']:.1f})"

    def megabytes(side):
        return f"{side['peak_rss_bytes'] / 1e6:.0f}"

    qrs, torch = row["qrs"], row["torch"]
    print(
        f"{row['model']:17}{row['mode']:7}{speed(qrs):>20}{speed(torch):>20}{row['ratio']:8.2f}"
        f"  {megabytes(qrs):>8}{megabytes(torch):>9}{row['memory_ratio']:7.2f}",
        flush=True,
    )


def positive(text):
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"expected a number > 0, got {text}")
    return value


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="compare.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="networks")
    verb = commands.add_parser("networks", help="training and inference of the networks (the default)")
    verb.set_defaults(run=networks)
    verb.add_argument("--models", nargs="+", choices=MODELS, default=MODELS, metavar="MODEL", help=", ".join(MODELS))
    verb.add_argument("--modes", nargs="+", choices=MODES, default=MODES, metavar="MODE", help=", ".join(MODES))
    verb.add_argument("--batch", type=positive, default=16, help="images in a batch (16)")
    verb.add_argument("--input", type=positive, default=224, help="height and width of the images (224)")
    verb.add_argument("--classes", type=positive, default=1000, help="outputs of the head (1000)")
    verb.add_argument("--rounds", type=positive, default=5, help="turns of each side (5)")
    verb.add_argument("--steps", type=positive, default=5, help="timed steps in a turn (5)")
    cores = len(os.sched_getaffinity(0))
    verb.add_argument("--threads", type=positive, default=cores, help=f"threads of both sides (all cores: {cores})")
    verb.add_argument("--qrs", help="the program qrs (build/release/qrs)")
    verb.add_argument("--python", default=sys.executable, help="an interpreter with torch and torchvision (this one)")
    verb.add_argument("--json", action="store_true", help="print one JSON object")
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments = ["networks", *arguments]
    return parser.parse_args(arguments)


def main(arguments):
    try:
        if arguments[:1] == ["--child"]:
            settings = json.loads(arguments[1])
            print(json.dumps(CHILDREN[settings["what"]](settings)))
        else:
            options = parse(arguments)
            options.run(options)
    except Failure as failure:
        print(f"compare.py: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
