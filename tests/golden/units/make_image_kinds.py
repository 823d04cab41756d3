"""Writes image_kinds.safetensors: picture files of the rarer kinds, and the pixels that Pillow reads from them.

    python tests/golden/units/make_image_kinds.py       (needs Pillow >= 13, numpy and safetensors; about 85 KB)

file/<name> holds the bytes of a file, pixels/<name> what Pillow makes of it: convert("L") where it is grey, otherwise
convert("RGB"). PNG of every colour type and depth, interlaced and not, with palettes that end before the indices do; BMP of
every depth, upright and not; JPEG of four channels with and without Adobe's mark and as YCCK; JPEG with bytes between its segments
that belong to none. Four of them go into the folder pictures, for fuzzing to start from.
"""

import io
import pathlib
import struct
import zlib

import numpy as np
import safetensors.numpy
from PIL import Image

rs = np.random.RandomState(11)
out = {}


def keep(name, raw):
    read = Image.open(io.BytesIO(raw))
    out["file/" + name] = np.frombuffer(raw, np.uint8)
    grey = read.mode in ("1", "L", "LA", "I", "I;16")
    out["pixels/" + name] = np.asarray(read.convert("L" if grey else "RGB"))
    if name.startswith("png_4_16"):  # Pillow reads it as RGBA of equal channels
        out["pixels/" + name] = np.asarray(read.convert("L"))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, interlaced, palette, pieces):
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows, number = b"", 0
    for x, y, dx, dy in passes if interlaced else ((0, 0, 1, 1),):
        across, down = (width - x + dx - 1) // dx, (height - y + dy - 1) // dy
        for _ in range(down if across > 0 else 0):
            row = rs.randint(0, 256, (across * bits + 7) // 8).astype(np.uint8)
            if depth == 16 and number % 2:
                row[::2] = 0  # values below 256
            rows += bytes([number % 5]) + row.tobytes()
            number += 1
    packed = zlib.compress(rows, (0, 6, 9)[depth % 3])
    raw = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    if palette:
        raw += chunk(b"PLTE", rs.randint(0, 256, 3 * palette).astype(np.uint8).tobytes())
    raw += chunk(b"IDAT", b"")
    step = len(packed) // pieces + 1
    for at in range(0, len(packed), step):
        raw += chunk(b"IDAT", packed[at : at + step])
    return raw + chunk(b"IEND", b"")


for colour, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
    for depth in depths:
        for interlaced in (0, 1):
            palette = max(1, 2**depth // 2) if colour == 3 else 0
            keep(f"png_{colour}_{depth}_{interlaced}", png(13, 10, depth, colour, interlaced, palette, 1 + interlaced * 2))


def bmp(width, height, bits, colours=0, masks=(), upper_first=False, core=False):
    row = (width * bits + 31) // 32 * 4
    pixels = rs.randint(0, 256, row * height).astype(np.uint8).tobytes()
    count = colours or 2**bits if bits <= 8 else 0
    palette = rs.randint(0, 256, count * (3 if core else 4)).astype(np.uint8).tobytes()
    palette += b"".join(struct.pack("<I", mask) for mask in masks)
    if core:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        signed = -height if upper_first else height
        head = struct.pack("<IiiHHIIiiII", 40, width, signed, 1, bits, 3 if masks else 0, len(pixels), 0, 0, colours, 0)
    first = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", first + len(pixels), 0, 0, first) + head + palette + pixels


for bits in (1, 4, 8, 24, 32):
    keep(f"bmp_{bits}", bmp(11, 5, bits))
    keep(f"bmp_{bits}_upper_first", bmp(11, 5, bits, upper_first=True))
for bits in (4, 8):
    keep(f"bmp_{bits}_short_palette", bmp(11, 5, bits, colours=3))
keep("bmp_4_core", bmp(11, 5, 4, core=True))
keep("bmp_32_masks", bmp(11, 5, 32, masks=(0xFF000000, 0xFF0000, 0xFF00)))


def jpeg(image, **options):
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def segments(raw):
    at = 2
    while raw[at + 1] != 0xDA:
        at += 2 + struct.unpack(">H", raw[at + 2 : at + 4])[0]
        yield at


y, x = np.mgrid[0:19, 0:27]
smooth = np.stack([x * 9, y * 12, (x + y) * 5, x * y // 3], axis=2).astype(np.uint8)
for name, pixels in (("smooth", smooth), ("noise", rs.randint(0, 256, smooth.shape).astype(np.uint8))):
    for progressive in (False, True):
        raw = jpeg(Image.fromarray(pixels, "CMYK"), quality=85, progressive=progressive, subsampling=2)
        label = name + ("_progressive" if progressive else "")
        keep("jpeg_cmyk_" + label, raw)
        mark = raw.index(b"\xff\xee")
        end = mark + 2 + struct.unpack(">H", raw[mark + 2 : mark + 4])[0]
        keep("jpeg_plain_cmyk_" + label, raw[:mark] + raw[end:])
        keep("jpeg_ycck_" + label, raw[: end - 1] + b"\x02" + raw[end:])
rgb = jpeg(Image.fromarray(smooth[:, :, :3]), quality=80)
for number, at in enumerate(segments(rgb)):
    keep(f"jpeg_stray_{number}", rgb[:at] + bytes([0, 65, 1, 2])[: 1 + number % 4] + rgb[at:])

here = pathlib.Path(__file__).parent
for name, case in (
    ("interlaced.png", "png_2_16_1"),
    ("masks.bmp", "bmp_32_masks"),
    ("cmyk.jpg", "jpeg_plain_cmyk_smooth"),
    ("stray.jpg", "jpeg_stray_2"),
):
    (here / "pictures" / name).write_bytes(out["file/" + case].tobytes())
path = here / "image_kinds.safetensors"
safetensors.numpy.save_file({k: np.ascontiguousarray(v) for k, v in out.items()}, path)
print(path.name, path.stat().st_size, "bytes")
