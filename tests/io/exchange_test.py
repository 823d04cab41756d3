"""Exchange with the packages whose formats these are: they write and `qrs inspect` reads, we write and they read.

    python3 tests/io/exchange_test.py PROGRAM_QRS PROGRAM_REWRITE

Equal means equal bits, types, shapes and names. Status 77 (a skip) where torch or safetensors is not installed.
"""

import collections
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import safetensors.numpy
    import safetensors.torch
    import torch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

qrs, rewrite = sys.argv[1:3]


def bits(tensor):
    """dtype, shape and bytes of a tensor, whatever its strides."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    data = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    return str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), data


def digest(tensor):
    dtype, shape, data = bits(tensor)
    return dtype, shape, hashlib.sha256(data).hexdigest()


def tensors():
    rng = torch.Generator().manual_seed(5)
    out = collections.OrderedDict()
    for shape in ((), (1,), (3, 5), (0, 2), (2, 3, 4, 5)):
        for kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
            values = torch.randn(shape, generator=rng, dtype=torch.float64).to(kind)
            out[f"{kind}.{len(shape)}"] = values
        for kind in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool):
            out[f"{kind}.{len(shape)}"] = torch.randint(0, 2, shape, generator=rng).to(kind)
    out["special"] = torch.tensor([float("nan"), float("inf"), -0.0, 1e-45])
    out["large"] = torch.randn(300, 301, generator=rng)
    return out


def inspected(path):
    run = subprocess.run([qrs, "inspect", str(path), "--json"], capture_output=True, text=True, check=True)
    rows = json.loads(run.stdout)["tensors"]
    return {row["name"]: (row["dtype"], tuple(row["shape"]), row["sha256"]) for row in rows}


def main():
    ours = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        values = tensors()
        views = dict(values, turned=values["large"].t(), part=values["large"][10:20:3, ::7])

        # they write, we read
        torch.save(views, folder / "zip.pth")
        torch.save(views, folder / "legacy.pth", _use_new_zipfile_serialization=False)
        safetensors.torch.save_file(values, folder / "theirs.safetensors", metadata={"format": "pt"})
        for name, written in (("zip.pth", views), ("legacy.pth", views), ("theirs.safetensors", values)):
            assert inspected(folder / name) == {key: digest(value) for key, value in written.items()}, name
        array = numpy.asfortranarray(numpy.arange(24.0).reshape(2, 3, 4))
        numpy.save(folder / "theirs.npy", array)
        assert inspected(folder / "theirs.npy") == {"": digest(torch.from_numpy(array.copy(order="C")))}

        # we write, they read
        for source in ("zip.pth", "legacy.pth", "theirs.safetensors"):
            expected = {key: bits(value) for key, value in (values if "safe" in source else views).items()}
            for target in ("ours.pth", "ours.safetensors"):
                subprocess.run([rewrite, str(folder / source), str(folder / target)], check=True)
                if target.endswith(".pth"):
                    back = torch.load(folder / target, weights_only=True)
                    mapped = torch.load(folder / target, weights_only=True, mmap=True)
                    assert isinstance(back, collections.OrderedDict)
                    assert {key: bits(value) for key, value in mapped.items()} == expected
                else:
                    back = safetensors.torch.load_file(folder / target)
                assert {key: bits(value) for key, value in back.items()} == expected, (source, target)
                ours += 1

        plain = {key: value for key, value in values.items() if value.dtype != torch.bfloat16}  # NumPy lacks it
        safetensors.numpy.save_file({k: v.numpy() for k, v in plain.items()}, folder / "numpy.safetensors")
        subprocess.run([rewrite, str(folder / "numpy.safetensors"), str(folder / "back.safetensors")], check=True)
        loaded = safetensors.numpy.load_file(folder / "back.safetensors")
        assert {key: bits(torch.from_numpy(value)) for key, value in loaded.items()} == {
            key: bits(value) for key, value in plain.items()
        }
        one = {"": torch.arange(6.0).reshape(2, 3)}
        torch.save(one, folder / "one.pth")
        subprocess.run([rewrite, str(folder / "one.pth"), str(folder / "ours.npy")], check=True)
        assert numpy.array_equal(numpy.load(folder / "ours.npy"), one[""].numpy())
    print(f"torch {torch.__version__}, safetensors {safetensors.__version__}: {len(values)} tensors, {ours} files exchanged")


main()
