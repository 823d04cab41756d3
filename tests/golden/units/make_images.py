"""Writes images.safetensors: picture files as Pillow writes them, the pixels it reads from them, and what it resizes.

    python tests/golden/units/make_images.py            (needs Pillow >= 13, numpy and safetensors; about 100 KB)

file/<name> holds the bytes of a file, pixels/<name> what Pillow reads from it (converted to L or RGB). resize/<case> is
named <L|RGB>_<filter>_<height>x<width>, of `scene`, first along the rows; tall/<filter> is `tall` at 9 x 14 with the columns
first, as Pillow 13 has it. exif/<n> is file/exif_<n> upright. The folder pictures holds seven small files more.
"""

import io
import pathlib

import numpy as np
import safetensors.numpy
from PIL import Image, ImageOps

rs = np.random.RandomState(5)
FILTERS = dict(nearest=0, box=4, bilinear=2, hamming=5, bicubic=3, lanczos=1)
out = {}


def scene(height, width):
    y, x = np.mgrid[0:height, 0:width]
    page = np.stack([250 - 30 * (x % 5 == 0), 235 - 40 * (y % 5 == 0), 20 + 5 * x], axis=2)
    page[(y - height // 2 - 4 * np.sin(x)).astype(int) == 0] = 15
    return np.clip(page + rs.randint(-9, 10, page.shape), 0, 255).astype(np.uint8)


def keep(name, image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    raw = np.frombuffer(stream.getvalue(), np.uint8)
    read = Image.open(io.BytesIO(stream.getvalue()))
    if read.mode not in ("L", "RGB"):
        read = read.convert("L" if read.mode in ("1", "LA") else "RGB")
    out["file/" + name], out["pixels/" + name] = raw, np.asarray(read)
    return stream.getvalue()


rgb = Image.fromarray(scene(21, 26))
grey = rgb.convert("L")
out["scene"] = np.asarray(rgb)
for mode, image in (("L", grey), ("RGB", rgb)):
    keep(f"png_{mode}", image, "PNG")
    keep(f"bmp_{mode}", image, "BMP")
    keep(f"ppm_{mode}", image, "PPM")
    keep(f"jpeg_{mode}", image, "JPEG", quality=90)
    for height, width in ((9, 8), (29, 40), (21, 14), (31, 26)):
        for name, code in FILTERS.items():
            rows = image.resize((width, 21), code) if name != "nearest" else image
            out[f"resize/{mode}_{name}_{height}x{width}"] = np.asarray(rows.resize((width, height), code))
keep("png_palette", rgb.quantize(16), "PNG")
keep("png_1", grey.convert("1"), "PNG")
keep("png_LA", Image.merge("LA", (grey, grey)), "PNG")
keep("png_RGBA", Image.merge("RGBA", (*rgb.split(), grey)), "PNG")
keep("bmp_palette", rgb.quantize(16), "BMP")
keep("jpeg_444", rgb, "JPEG", quality=75, subsampling=0)
keep("jpeg_422", rgb, "JPEG", quality=75, subsampling=1)
keep("jpeg_progressive", rgb, "JPEG", quality=75, progressive=True)

tall = Image.fromarray(scene(70, 17)).convert("L")
out["tall"] = np.asarray(tall)
for name, code in FILTERS.items():
    out["tall_resized/" + name] = np.asarray(tall.resize((14, 9), code))

small = Image.fromarray(scene(5, 3))
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    raw = keep(f"exif_{orientation}", small, "PNG", exif=exif)
    out[f"exif/{orientation}"] = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(raw))))
raw = io.BytesIO()
small.save(raw, "JPEG", exif=exif)
out["file/jpeg_exif_8"] = np.frombuffer(raw.getvalue(), np.uint8)

# Small files, for fuzzing to start from.
folder = pathlib.Path(__file__).parent / "pictures"
folder.mkdir(exist_ok=True)
for name, image, kind, options in (
    ("grey.png", small.convert("L"), "PNG", {}),
    ("palette.png", small.quantize(4), "PNG", {}),
    ("rgb.bmp", small, "BMP", {}),
    ("palette.bmp", small.quantize(4), "BMP", {}),
    ("grey.pgm", small.convert("L"), "PPM", {}),
    ("exif.jpg", small, "JPEG", dict(exif=exif)),
    ("progressive.jpg", small, "JPEG", dict(progressive=True)),
):
    image.save(folder / name, kind, **options)

path = pathlib.Path(__file__).parent / "images.safetensors"
safetensors.numpy.save_file({k: np.ascontiguousarray(v) for k, v in out.items()}, path)
print(path.name, path.stat().st_size, "bytes")
