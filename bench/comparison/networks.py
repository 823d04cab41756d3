"""Training and inference of the networks beside PyTorch.

A training step is forward, cross-entropy, backward and Adam; inference is forward in evaluation mode (QRS folds batch
norms into convolutions, PyTorch runs in inference mode, eagerly). PyTorch keeps its default memory format. Inputs, batch
and number of threads are equal.
"""

import platform
import statistics
import sys
import time

from comparison.turns import Failure, environment, find_qrs, finish, peak_rss, peer_turn, positive, take_turns, turn

MODELS = ["resnet18", "resnet34", "densenet121", "efficientnet_b0", "mobilenet_v2", "convnext_tiny", "vit_b_16"]
MODES = ["train", "infer"]
WARM_UP = 2  # steps before the timed ones: what `qrs bench` does


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


def child_torch_versions(_):
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


CHILDREN = {"torch_versions": child_torch_versions, "networks": child_networks}


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


def spreads(turns):
    return {side: spread(of) for side, of in turns.items()}


def networks(o):
    program = find_qrs(o)
    result = {"what": "networks", **environment(o, program, peer_turn(o, "torch_versions", "PyTorch (versions)"))}
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
                "torch": lambda: peer_turn(o, "networks", "PyTorch", classes=o.classes, **same),
            }
            row = {"model": model, "mode": mode, **spreads(take_turns(o.rounds, sides, f"{model} {mode}"))}
            row["ratio"] = row["qrs"]["images_per_second"] / row["torch"]["images_per_second"]
            row["memory_ratio"] = row["qrs"]["peak_rss_bytes"] / row["torch"]["peak_rss_bytes"]
            result["rows"].append(row)
            if not o.json:
                print_row(row)
    libraries = result["torch_import_rss_bytes"] / 1e6
    finish(o, result, f"PyTorch's memory before any work: {libraries:.0f} MB, its libraries; a CPU-only build has the smallest")


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


def add_to(commands, common):
    verb = commands.add_parser("networks", help="training and inference of the networks (the default)")
    verb.set_defaults(run=networks)
    verb.add_argument("--models", nargs="+", choices=MODELS, default=MODELS, metavar="MODEL", help=", ".join(MODELS))
    verb.add_argument("--modes", nargs="+", choices=MODES, default=MODES, metavar="MODE", help=", ".join(MODES))
    verb.add_argument("--batch", type=positive, default=16, help="images in a batch (16)")
    verb.add_argument("--input", type=positive, default=224, help="height and width of the images (224)")
    verb.add_argument("--classes", type=positive, default=1000, help="outputs of the head (1000)")
    verb.add_argument("--steps", type=positive, default=5, help="timed steps in a turn (5)")
    common(verb, "torch and torchvision")
