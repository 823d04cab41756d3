"""Writes the small weight files of tests/golden/io and expected.json: what PyTorch reads from each.

    python tests/golden/make_io_seeds.py            (needs torch, numpy and safetensors; under 100 KB in all)

expected.json: file -> list of {name, dtype, shape, sha256 of the contiguous bytes}, in file order, every tensor by its
whole path. The values are seeded; the bytes of legacy files differ from run to run, since torch names storages there
by address.
"""

import collections
import hashlib
import io
import json
import pathlib
import pickle
import struct
import tarfile

import numpy as np
import safetensors.torch
import torch

folder = pathlib.Path(__file__).parent / "io"
expected = {}


def describe(name, tensor):
    data = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
    return {
        "name": name,
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def flatten(value, path=""):
    if isinstance(value, torch.Tensor):
        yield path, value
    elif isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from flatten(item, f"{path}.{key}" if path else str(key))


def save(name, value, **options):
    torch.save(value, folder / name, **options)
    back = torch.load(folder / name, weights_only=False)  # written above: nothing foreign in it
    expected[name] = [describe(path, tensor) for path, tensor in flatten(back)]


def every_kind():
    """Every type, and every way a tensor can lie over its storage."""
    rng = torch.Generator().manual_seed(2024)
    whole = torch.randn(4, 6, generator=rng)
    out = collections.OrderedDict()
    out["plain"] = torch.randn(2, 3, 2, generator=rng)
    for kind in (torch.float16, torch.bfloat16, torch.float64):
        out[f"as_{kind}".replace("torch.", "")] = torch.randn(3, 2, generator=rng).to(kind)
    for kind in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
        out[f"as_{kind}".replace("torch.", "")] = torch.randint(0, 100, (5,), generator=rng).to(kind)
    out["as_bool"] = torch.tensor([True, False, True])
    out["negative"] = torch.tensor([-1, -(2**40)])
    out["single"] = torch.tensor(7)
    out["nothing"] = torch.zeros(0, 3)
    out["transposed"] = whole.t()
    out["columns"] = whole[:, 1:5:2]
    out["shared"] = whole
    out["tied"] = whole
    out["expanded"] = torch.tensor([1.5, 2.5])[:, None].expand(2, 3)
    out["channels_last"] = torch.randn(2, 3, 4, 2, generator=rng).to(memory_format=torch.channels_last)
    out["parameter"] = torch.nn.Parameter(torch.randn(3, generator=rng))
    return out


class TarStorage:
    """The tar container as torch 0.1.1 wrote it; nothing writes it today."""

    def __init__(self):
        self.storages, self.tensors = {}, {}

    def identity(self, value):
        if not isinstance(value, torch.Tensor):
            return None
        storage = value.untyped_storage()
        self.storages[storage.data_ptr()] = (storage, value.dtype)
        self.tensors[id(value)] = value
        return str(id(value))

    def write(self, path, value):
        buffer = io.BytesIO()
        pickler = pickle.Pickler(buffer, 2)
        pickler.persistent_id = self.identity
        pickler.dump(value)
        classes = {torch.float32: "Float", torch.float64: "Double", torch.int64: "Long"}
        numbers = {}  # addresses vary from run to run: count instead
        number = lambda key: numbers.setdefault(key, 1000 + len(numbers))

        def typed(kind, suffix):
            return getattr(torch, classes[kind] + suffix)

        storages = pickle.dumps(len(self.storages), 2)
        for key, (storage, kind) in self.storages.items():
            storages += pickle.dumps((number(key), "cpu", typed(kind, "Storage")), 2)
            storages += struct.pack("<q", storage.nbytes() // kind.itemsize)
            storages += bytes(storage)
        storages += pickle.dumps([], 2)
        tensors = pickle.dumps(len(self.tensors), 2)
        for key, tensor in self.tensors.items():
            where = number(tensor.untyped_storage().data_ptr())
            tensors += pickle.dumps((number(key), where, typed(tensor.dtype, "Tensor")), 2)
            tensors += struct.pack("<ii", tensor.dim(), 0)
            tensors += struct.pack(f"<{2 * tensor.dim()}q", *tensor.shape, *tensor.stride())
            tensors += struct.pack("<q", tensor.storage_offset())
        numbered = io.BytesIO()
        pickler = pickle.Pickler(numbered, 2)
        pickler.persistent_id = lambda v: str(number(id(v))) if isinstance(v, torch.Tensor) else None
        pickler.dump(value)
        system = dict(protocol_version=1000, little_endian=True, type_sizes=dict(short=2, int=4, long=4))
        members = [("sys_info", pickle.dumps(system, 2)), ("pickle", numbered.getvalue())]
        members += [("tensors", tensors), ("storages", storages)]
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
            for name, data in members:
                about = tarfile.TarInfo(name)
                about.size = len(data)
                archive.addfile(about, io.BytesIO(data))


def main():
    folder.mkdir(exist_ok=True)
    kinds = every_kind()
    save("zip.pth", kinds)
    save("zip_protocol4.pth", kinds, pickle_protocol=4)
    save("legacy.pth", kinds, _use_new_zipfile_serialization=False)

    torch.serialization.set_crc32_options(False)
    save("zip_without_crc.pth", dict(weight=kinds["columns"], more=[kinds["single"], kinds["as_bool"]], rate=0.1))
    torch.serialization.set_crc32_options(True)

    torch.manual_seed(7)
    net = torch.nn.Sequential(collections.OrderedDict(conv=torch.nn.Conv2d(1, 2, 3), norm=torch.nn.BatchNorm2d(2)))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.randn(2, 1, 4, 4)).sum().backward()
    optimizer.step()
    wrapped = collections.OrderedDict(("module." + key, value) for key, value in net.state_dict().items())
    training = dict(epoch=3, best=0.5, state_dict=wrapped, optimizer=optimizer.state_dict(), arch="small")
    save("training.pth", training)
    save("training_legacy.pth", training, _use_new_zipfile_serialization=False)
    save("two_mappings.pth", dict(generator=dict(net.state_dict()), critic=dict(net.state_dict())))

    few = collections.OrderedDict((key, kinds[key]) for key in ("plain", "as_float64", "as_int64", "transposed", "shared"))
    TarStorage().write(folder / "tar.pth", few)
    back = torch.load(folder / "tar.pth", weights_only=False)
    expected["tar.pth"] = [describe(path, tensor) for path, tensor in flatten(back)]

    dense = {key: value.detach().contiguous().clone() for key, value in kinds.items()}
    safetensors.torch.save_file(dense, folder / "kinds.safetensors", metadata={"format": "pt", "note": "ein Äpfelchen"})
    expected["kinds.safetensors"] = [describe(*item) for item in dense.items()]

    rng = np.random.default_rng(3)
    arrays = {
        "c_order.npy": rng.standard_normal((2, 3, 4)).astype("<f4"),
        "fortran_order.npy": np.asfortranarray(rng.standard_normal((3, 2, 4))),
        "half.npy": rng.standard_normal((3,)).astype("<f2"),
        "bool.npy": np.array([[True, False]]),
        "int64.npy": np.array(-5),
        "int16.npy": np.zeros((0, 4), "<i2"),
    }
    for name, array in arrays.items():
        version = (2, 0) if name == "half.npy" else None
        with open(folder / name, "wb") as file:
            np.lib.format.write_array(file, array, version=version)
        expected[name] = [describe("", torch.from_numpy(np.array(array, order="C")))]

    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
