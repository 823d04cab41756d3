"""Writes the reference files that `qrs parity` compares with: operations, optimisers, schedulers and networks by PyTorch.

    python tests/golden/make_reference.py DIR [--seed N] [--only ops,resnet18,...]      (needs torch, torchvision, safetensors)

Seed 0 has the cases of the files in this folder; any other seed draws other shapes and values. Everything is computed in
float64; docs/parity.md describes the format. The networks with seed 0 take some minutes.
"""

import argparse
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from safetensors.numpy import save_file

MASK = (1 << 64) - 1


def fill(name, shape, seed):
    """Uniform values in [0, 1) that depend on seed, name and index alone: FNV-1a of the name, splitmix64 of the index."""
    state = 0xCBF29CE484222325
    for byte in f"{seed}:{name}".encode():
        state = ((state ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(40)) / 2.0**24).reshape(shape)


def write(path, tensors, metadata):
    """Metadata values are JSON text, but for those that are text already."""
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()}
    save_file({k: np.array(v, order="C", ndmin=np.ndim(v)) for k, v in tensors.items()}, path, texts)
    print(f"{path}: {path.stat().st_size:,} bytes, {len(tensors)} tensors")


class Operations:
    """The tensors and cases of ops.safetensors while they gather."""

    def __init__(self, seed):
        self.seed = seed
        self.tensors = {}
        self.cases = []

    def values(self, name, *shape, low=-1.0, high=1.0):
        unit = torch.from_numpy(fill(name, shape, self.seed))
        return (low + (high - low) * unit).requires_grad_()

    def choose(self, name, options):
        """One of the options; a draw of its own for each name."""
        return options[int(fill("choice/" + name, (1,), self.seed)[0] * len(options))]

    def keep(self, case, **tensors):
        for name, tensor in tensors.items():
            self.tensors[f"{case}/{name}"] = tensor.detach().numpy().astype(np.float32)

    def add(self, case, op, **parameters):
        self.cases.append({"case": case, "op": op, **parameters})

    def forward_backward(self, case, y, **inputs):
        """y, a random cotangent gy, and the gradient d<input> of each input."""
        gy = self.values(f"{case}/gy", *y.shape).detach()
        gradients = torch.autograd.grad(y, list(inputs.values()), gy)
        self.keep(case, y=y, gy=gy, **inputs, **{f"d{name}": g for name, g in zip(inputs, gradients)})


def convolution_shapes(ops):
    """n, c_in, h, w, c_out, (kh, kw), stride, padding, dilation, groups, bias."""
    if ops.seed == 0:
        return [
            (2, 3, 15, 17, 8, (7, 7), 2, 3, 1, 1, False),  # the stem of the ResNets
            (2, 8, 14, 14, 16, (3, 3), 1, 1, 1, 1, False),
            (2, 16, 14, 13, 8, (1, 1), 1, 0, 1, 1, False),
            (1, 16, 13, 13, 24, (1, 1), 2, 0, 1, 1, False),  # a downsampling shortcut
            (2, 12, 14, 14, 12, (3, 3), 1, 1, 1, 12, False),  # depthwise
            (2, 12, 15, 15, 12, (5, 5), 2, 2, 1, 12, False),
            (1, 8, 11, 11, 12, (3, 3), 1, 2, 2, 4, True),  # dilated, grouped
            (3, 4, 7, 9, 6, (3, 5), 2, 1, 1, 2, True),
            (1, 17, 8, 8, 33, (3, 3), 1, 1, 1, 1, True),  # no multiple of any register
            (2, 5, 6, 6, 7, (3, 3), 3, 0, 1, 1, False),
        ]
    shapes = []
    for i in range(14):
        pick = lambda what, options: ops.choose(f"conv2d_{i}/{what}", options)
        kernel, groups = pick("kernel", [1, 3, 5, 7]), pick("groups", [1, 1, 2, 3])
        dilation = pick("dilation", [1, 1, 2]) if kernel <= 3 else 1
        shapes.append((pick("n", [1, 2, 3]), groups * pick("in", range(1, 9)), pick("h", range(7, 20)),
                       pick("w", range(7, 20)), groups * pick("out", range(1, 9)), (kernel, kernel),
                       pick("stride", [1, 2, 3]), pick("padding", range(kernel // 2 + 1)), dilation, groups,
                       pick("bias", [False, True])))  # fmt: skip
    return shapes


def convolutions(ops):
    for i, (n, c_in, h, w, c_out, kernel, stride, padding, dilation, groups, bias) in enumerate(convolution_shapes(ops)):
        case = f"conv2d_{i}"
        settings = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
        inputs = dict(x=ops.values(f"{case}/x", n, c_in, h, w), w=ops.values(f"{case}/w", c_out, c_in // groups, *kernel))
        if bias:
            inputs["b"] = ops.values(f"{case}/b", c_out)
        y = F.conv2d(inputs["x"], inputs["w"], inputs.get("b"), **settings)
        ops.forward_backward(case, y, **inputs)
        ops.add(case, "conv2d", **settings, bias=bias)


def normalisations(ops):
    for i, (shape, momentum, eps) in enumerate([((4, 6, 5, 7), 0.1, 1e-5), ((2, 3, 1, 9), 0.01, 1e-3)]):
        case, channels = f"batch_norm_{i}", shape[1]
        x, w, b = (ops.values(f"{case}/{k}", *s) for k, s in (("x", shape), ("w", (channels,)), ("b", (channels,))))
        mean = ops.values(f"{case}/rm", channels).detach()
        var = ops.values(f"{case}/rv", channels).detach().abs() + 0.5
        ops.keep(case, running_mean=mean, running_var=var)
        ops.keep(case, y_eval=F.batch_norm(x, mean, var, w, b, training=False, eps=eps))
        y = F.batch_norm(x, mean, var, w, b, training=True, momentum=momentum, eps=eps)
        ops.forward_backward(case, y, x=x, w=w, b=b)
        ops.keep(case, running_mean_after=mean, running_var_after=var)
        ops.add(case, "batch_norm", momentum=momentum, eps=eps)


def poolings(ops):
    windows = [((2, 3, 14, 15), 3, 2, 1, False), ((1, 4, 9, 9), 2, 2, 0, False), ((1, 2, 8, 7), 3, 2, 1, True)]
    for i, (shape, kernel, stride, padding, ceil_mode) in enumerate(windows):
        for op in (F.max_pool2d, F.avg_pool2d):
            name = "max_pool2d" if op is F.max_pool2d else "avg_pool2d"
            x = ops.values(f"{name}_{i}/x", *shape)
            ops.forward_backward(f"{name}_{i}", op(x, kernel, stride, padding, ceil_mode=ceil_mode), x=x)
            ops.add(f"{name}_{i}", name, kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode)
    for i, (shape, output) in enumerate([((2, 5, 7, 7), 1), ((2, 5, 9, 5), 3)]):
        case = f"adaptive_avg_pool2d_{i}"
        x = ops.values(f"{case}/x", *shape)
        ops.forward_backward(case, F.adaptive_avg_pool2d(x, output), x=x)
        ops.add(case, "adaptive_avg_pool2d", output=output)


def elementwise_and_rows(ops):
    functions = dict(relu=F.relu, silu=F.silu, sigmoid=torch.sigmoid, tanh=torch.tanh, gelu=F.gelu, relu6=F.relu6,
                     hardswish=F.hardswish)  # fmt: skip
    for name, function in functions.items():
        x = ops.values(f"{name}/x", 3, 41, low=-4.0, high=4.0)
        ops.forward_backward(name, function(x), x=x)
        ops.add(name, name)
    x, w, b = ops.values("linear/x", 5, 19), ops.values("linear/w", 7, 19), ops.values("linear/b", 7)
    ops.forward_backward("linear", F.linear(x, w, b), x=x, w=w, b=b)
    ops.add("linear", "linear")
    x = ops.values("softmax/x", 4, 9)
    ops.forward_backward("softmax", F.softmax(x, 1), x=x)
    ops.add("softmax", "softmax")
    ops.forward_backward("log_softmax", F.log_softmax(x, 1), x=x)
    ops.add("log_softmax", "log_softmax")


def losses(ops):
    target = torch.tensor([0, 3, 2, 1, 3, 3])
    variants = [{}, {"label_smoothing": 0.1}, {"weight": [1.0, 2.0, 0.5, 1.5]}, {"reduction": "sum"}]
    for i, options in enumerate(variants):
        case = f"cross_entropy_{i}"
        logits = (4 * ops.values(f"{case}/x", 6, 4).detach()).requires_grad_()
        arguments = {k: torch.tensor(v) if k == "weight" else v for k, v in options.items()}
        loss = F.cross_entropy(logits, target, **arguments)
        ops.keep(case, logits=logits, loss=loss, dlogits=torch.autograd.grad(loss, logits)[0])
        ops.tensors[f"{case}/target"] = target.numpy()
        ops.add(case, "cross_entropy", **options)


def optimisers(ops):
    """Twelve steps downhill on sum (p - a)^4 + p^2; parameters and gradients of each step are kept in float64."""
    recipes = {
        "adam": ("Adam", dict(lr=1e-2)),
        "adam_wd": ("Adam", dict(lr=1e-2, weight_decay=0.1)),
        "adam_amsgrad": ("Adam", dict(lr=1e-2, betas=(0.8, 0.95), eps=1e-6, amsgrad=True)),
        "adamw": ("AdamW", dict(lr=1e-2, weight_decay=0.05)),
        "sgd": ("SGD", dict(lr=1e-2)),
        "sgd_nesterov": ("SGD", dict(lr=1e-2, momentum=0.9, nesterov=True, weight_decay=1e-3)),
        "sgd_momentum": ("SGD", dict(lr=1e-2, momentum=0.9, dampening=0.1)),
    }
    for name, (kind, options) in recipes.items():
        p = ops.values("optim/p", 11).detach().requires_grad_()
        a = ops.values("optim/a", 11).detach()
        optimiser = getattr(torch.optim, kind)([p], **options)
        path, gradients = [p.detach().numpy().copy()], []
        for _ in range(12):
            optimiser.zero_grad()
            (((p - a) ** 4).sum() + (p**2).sum()).backward()
            gradients.append(p.grad.numpy().copy())
            optimiser.step()
            path.append(p.detach().numpy().copy())
        ops.tensors[f"optim_{name}/params"] = np.array(path)
        ops.tensors[f"optim_{name}/grads"] = np.array(gradients)
        ops.add(f"optim_{name}", "optimizer", optimizer=kind, **options)


def schedulers(ops):
    """Forty epochs of a metric that improves for eight and then only wavers."""
    variants = [
        {},
        dict(factor=0.5, patience=2),
        dict(mode="max", factor=0.3, patience=1, threshold=0.02, threshold_mode="abs", cooldown=2, min_lr=1e-4),
        dict(factor=0.2, patience=0, eps=1e-4, min_lr=5e-5),
    ]
    for i, options in enumerate(variants):
        metric = 1.0 / (1 + np.minimum(np.arange(40), 7)) + 0.05 * fill(f"plateau_{i}", (40,), ops.seed)
        if options.get("mode") == "max":
            metric = 1 - metric
        optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=1e-3)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, **options)
        rates = []
        for value in metric:
            scheduler.step(float(value))
            rates.append(optimiser.param_groups[0]["lr"])
        ops.tensors[f"plateau_{i}/metric"], ops.tensors[f"plateau_{i}/lr"] = metric, np.array(rates)
        ops.add(f"plateau_{i}", "ReduceLROnPlateau", lr=1e-3, **options)


def write_operations(folder, seed):
    ops = Operations(seed)
    for part in (convolutions, normalisations, poolings, elementwise_and_rows, losses, optimisers, schedulers):
        part(ops)
    metadata = dict(source=f"torch {torch.__version__}", seed=seed, cases=ops.cases)
    write(folder / "ops.safetensors", ops.tensors, metadata)


def set_weights(model, name, seed):
    """Kernels and matrices uniform with variance 1 / fan_in, norms near the identity; the counters stay."""
    state = model.state_dict()
    for key, value in state.items():
        if key.endswith("num_batches_tracked"):
            continue
        u = fill(f"{name}/{key}", tuple(value.shape), seed)
        if key.endswith("running_var"):
            u = 0.5 + u
        elif value.ndim == 1 and key.endswith("weight"):
            u = 0.75 + 0.5 * u
        elif value.ndim == 1:  # biases and running means
            u = 0.2 * (u - 0.5)
        else:
            u = (2 * u - 1) * math.sqrt(3.0 / math.prod(value.shape[1:]))
        state[key] = torch.from_numpy(u)
    model.load_state_dict(state)


def make_network(name, classes=4, side=224):
    """Without its random layers. A ViT sees images of one size alone."""
    options = {"stochastic_depth_prob": 0.0} if name.startswith(("efficientnet", "convnext")) else {}
    if name.startswith("vit"):
        options["image_size"] = side
    model = getattr(torchvision.models, name)(num_classes=classes, **options)
    for layer in model.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    return model


def write_network(folder, name, seed, side=None):
    side = side or (64 if seed == 0 else 96)
    model = make_network(name, side=side)
    x = torch.from_numpy(fill("input", (4, 3, side, side), seed))
    y = torch.arange(4)
    tensors = {}

    set_weights(model, name, seed)
    seen = []
    head = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear)][-1]
    hook = head.register_forward_hook(lambda layer, inputs, output: seen.append(inputs[0].numpy().copy()))
    model.eval()
    with torch.no_grad():
        tensors["eval/logits"] = model(x).numpy()
        tensors["eval/features"] = seen[0]
        if not name.startswith("vit") or side == 224:
            tensors["eval/logits_224_1"] = model(torch.from_numpy(fill("input224", (1, 3, 224, 224), seed))).numpy()
    hook.remove()

    model.train()
    logits = model(x)
    loss = F.cross_entropy(logits, y)
    loss.backward()
    tensors["train/logits"], tensors["train/loss"] = logits.detach().numpy(), loss.detach().numpy()
    parameters = dict(model.named_parameters())
    names = list(parameters)
    tensors["train/grad_norms"] = np.array([p.grad.norm().item() for p in parameters.values()])
    for key in (names[0], names[len(names) // 2], names[-2], names[-1]):
        gradient = parameters[key].grad.numpy().copy()
        tensors[f"train/grad/{key}"] = gradient if gradient.size < 40000 else gradient.reshape(-1)[:40000]
    buffers = dict(model.named_buffers())
    variances = [key for key in buffers if key.endswith("running_var")]
    for key in variances[:1] + variances[-1:]:
        tensors[f"train/after/{key}"] = buffers[key].numpy().copy()

    set_weights(model, name, seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    steps = []
    for _ in range(6):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
        steps.append(loss.item())
    tensors["adam/losses"] = np.array(steps)

    count = lambda network: sum(p.numel() for p in network.parameters())
    metadata = dict(
        source=f"torch {torch.__version__}, torchvision {torchvision.__version__}",
        seed=seed,
        num_classes=4,
        input=[4, 3, side, side],
        parameters=names,
        parameter_count=count(model),
        state_dict={key: list(value.shape) for key, value in model.state_dict().items()},
        imagenet_parameter_count=count(make_network(name, 1000)),
    )
    write(folder / f"{name}.safetensors", tensors, metadata)


def main():
    networks = ["resnet18", "resnet34", "densenet121", "efficientnet_b0", "mobilenet_v2", "convnext_tiny", "vit_b_16"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", type=int, help="of the networks' images; 64 with seed 0, else 96")
    parser.add_argument("--only", default=",".join(["ops", *networks]))
    arguments = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for part in arguments.only.split(","):
        if part == "ops":
            write_operations(arguments.folder, arguments.seed)
        elif part in networks:
            write_network(arguments.folder, part, arguments.seed, arguments.side)
        else:
            parser.error(f"expected one of ops, {', '.join(networks)}, got {part}")


if __name__ == "__main__":
    main()
