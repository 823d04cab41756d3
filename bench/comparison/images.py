"""Preparing full-size JPEGs, beside Pillow in as many processes as there are cores."""

import glob
import itertools
import multiprocessing
import os
import shutil
import statistics
import tempfile
import time

from comparison.turns import Failure, environment, find_qrs, finish, peak_rss, peer_turn, positive, take_turns, turn

# ---- in the peer's process -----------------------------------------------------------------------------------------------


def import_pillow():
    try:
        import PIL
        from PIL import Image, ImageOps
    except ImportError as error:
        raise Failure(f"expected an interpreter with Pillow, got: {error} (--python names one)", 2) from error
    return PIL, Image, ImageOps


def prepare(path):
    _, image, image_ops = import_pillow()
    with image.open(path) as opened:
        return image_ops.equalize(opened.resize((224, 224)).convert("L")).tobytes()


def child_images(o):
    paths = sorted(glob.glob(os.path.join(o["folder"], "*", "*")))
    with multiprocessing.Pool(o["threads"]) as pool:
        begin = time.monotonic()
        pixels = pool.map(prepare, paths, chunksize=4)
        seconds = time.monotonic() - begin
    return {"seconds": seconds, "images": len(pixels), "peak_rss_bytes": peak_rss()}


def child_versions(_):
    pillow, _, _ = import_pillow()
    from PIL import features

    return {"pillow": pillow.__version__, "libjpeg_turbo": features.version("libjpeg_turbo")}


CHILDREN = {"images": child_images, "image_versions": child_versions}

# ---- both ----------------------------------------------------------------------------------------------------------------


def fill(folder, originals, count):
    """`count` files in two classes: the originals over and over, each a file of its own."""
    sources = sorted(path for path in glob.glob(os.path.join(originals, "**", "*.jp*g"), recursive=True))
    if not sources:
        raise Failure(f"expected JPEG files below {originals}, got none", 2)
    for name in ("a", "b"):
        os.makedirs(os.path.join(folder, name))
    for i, source in zip(range(count), itertools.cycle(sources)):
        shutil.copyfile(source, os.path.join(folder, "ab"[i % 2], f"{i}.jpg"))


def images(o):
    program = find_qrs(o)
    versions = peer_turn(o, "image_versions", "Pillow (version)")
    result = {"what": "images", **environment(o, program, versions), "rounds": o.rounds, "images": o.images}
    with tempfile.TemporaryDirectory(prefix="qrs_compare_") as folder, tempfile.TemporaryDirectory() as out:
        fill(folder, o.originals, o.images)
        prepared = os.path.join(out, "images.safetensors")
        command = [program, "preprocess", "--data", folder, "--out", prepared, "--json"]
        turns = take_turns(
            o.rounds,
            {
                "qrs": lambda: turn(command, o.threads, "qrs preprocess"),
                "peer": lambda: peer_turn(o, "images", "Pillow", folder=folder),
            },
            "images",
        )
    for side, of in turns.items():
        result[side] = {"seconds": statistics.median(t["seconds"] for t in of), "rounds": [t["seconds"] for t in of]}
    result["decoder"] = turns["qrs"][0]["decoder"]
    result["ratio"] = result["peer"]["seconds"] / result["qrs"]["seconds"]
    if not o.json:
        print(f"{result['processor']}, {o.threads} threads; Pillow {result['pillow']} with libjpeg-turbo"
              f" {result['libjpeg_turbo']}, qrs with {result['decoder']}")  # fmt: skip
        print(f"{o.images} JPEGs to 224 x 224, grey, equalised; medians of {o.rounds} rounds; {result['date']}\n")
        for side, name in (("qrs", "QRS"), ("peer", f"Pillow, {o.threads} processes")):
            rounds = sorted(result[side]["rounds"])
            print(f"{name:24}{result[side]['seconds']:8.2f} s ({rounds[0]:.2f} to {rounds[-1]:.2f})")
        print(f"{'ratio':24}{result['ratio']:8.2f}")
    finish(o, result, "Reading, decoding, resizing, grey, equalisation; QRS hashes every file, too, and writes the result.")


def add_to(commands, common):
    verb = commands.add_parser("images", help="preparing full-size JPEGs beside Pillow")
    verb.set_defaults(run=images)
    verb.add_argument("--originals", required=True, metavar="DIR", help="a folder with JPEG files, which are copied over and over")
    verb.add_argument("--images", type=positive, default=928, help="how many (928)")
    common(verb, "Pillow")
