"""python3 make_images.py  -> images/*.png, *.jpg, images.json   (Pillow 13.0.0, numpy, simplejpeg for the 4:4:0 file)

Small files of every kind of PNG (own writer, because Pillow writes neither interlaced files nor every depth) and of the
kinds of JPEG in use, with what Pillow decodes: the sha256 of its pixels.
"""
import hashlib, io, json, struct, zlib
from pathlib import Path
import numpy as np
import simplejpeg
from PIL import Image

here = Path(__file__).parent / "images"
rng = np.random.default_rng(5)
W, H = 27, 21
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
index = []


def picture(channels, w=W, h=H):
    """Waves, one hard edge and a little noise, float 0..1, H W C."""
    y, x = np.mgrid[0:h, 0:w]
    planes = [0.5 + 0.4 * np.sin(x / (3 + c) + c) * np.cos(y / (5 - c)) for c in range(channels)]
    a = np.stack(planes, 2) + rng.normal(0, 0.01, (h, w, channels))
    a[h // 3 : h // 2, w // 4 : w // 2] = np.linspace(0.9, 0.1, channels)
    return a.clip(0, 1)


def filtered(row, above, step, kind):
    left = np.concatenate([np.zeros(step, int), row[:-step]])[: len(row)]
    corner = np.concatenate([np.zeros(step, int), above[:-step]])[: len(row)]
    if kind == 4:
        p = left + above - corner
        pa, pb, pc = abs(p - left), abs(p - above), abs(p - corner)
        guess = np.where((pa <= pb) & (pa <= pc), left, np.where(pb <= pc, above, corner))
    else:
        guess = [0 * row, left, above, (left + above) // 2][kind]
    return bytes([kind]) + ((row - guess) % 256).astype(np.uint8).tobytes()


def png(name, samples, depth, color_type, interlaced=False, palette=None, transparency=None, parts=1):
    """samples: H W S integers below 2^depth. Every row takes the next of the five filters."""
    h, w, s = samples.shape
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    raw = b""
    for left, top, dx, dy in ADAM7 if interlaced else ((0, 0, 1, 1),):
        part = samples[top::dy, left::dx]
        if part.size == 0:
            continue
        bits = (part.reshape(part.shape[0], -1, 1) >> np.arange(depth - 1, -1, -1)) & 1
        rows = np.packbits(bits.reshape(part.shape[0], -1).astype(np.uint8), axis=1).astype(int)
        above = np.zeros(rows.shape[1], int)
        for i, row in enumerate(rows):
            raw += filtered(row, above, max(1, s * depth // 8), i % 5)
            above = row
    data = zlib.compress(raw, 9)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, color_type, 0, 0, interlaced))
    out += chunk(b"tEXt", b"Comment\0made by make_images.py")
    if palette is not None:
        out += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        out += chunk(b"tRNS", transparency)
    step = -(-len(data) // parts)
    out += b"".join(chunk(b"IDAT", data[i : i + step]) for i in range(0, len(data), step)) + chunk(b"IEND", b"")
    (here / name).write_bytes(out)
    image = Image.open(io.BytesIO(out))
    mode = {0: "L", 2: "RGB", 3: "RGB", 4: "RGBA", 6: "RGBA"}[color_type]
    pixels = np.asarray(image.convert(mode))
    index.append({"file": name, "width": w, "height": h, "channels": {"L": 1, "RGB": 3, "RGBA": 4}[mode], "sha256": hashlib.sha256(pixels.tobytes()).hexdigest()})


def jpeg(name, data, channels=3):
    (here / name).write_bytes(data)
    image = Image.open(io.BytesIO(data))
    pixels = image.convert("L" if channels == 1 else "RGB").tobytes()
    index.append({"file": name, "width": image.width, "height": image.height, "channels": channels, "sha256": hashlib.sha256(pixels).hexdigest()})


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def all_png():
    for depth in (1, 2, 4, 8, 16):
        grey = (picture(1) * (2**depth - 1)).round().astype(int)
        if depth == 16:
            grey[0, :4, 0] = (0, 255, 256, 65535)
        png(f"grey{depth}.png", grey, depth, 0)
        if depth in (1, 4, 16):
            png(f"grey{depth}_interlaced.png", grey, depth, 0, interlaced=True)
        if depth < 16:
            colors = rng.integers(0, 256, (2**depth, 3))
            png(f"palette{depth}.png", grey, depth, 3, palette=colors, interlaced=depth == 2)
    png("palette8_transparent.png", (picture(1) * 9).round().astype(int), 8, 3, palette=rng.integers(0, 256, (10, 3)), transparency=bytes([0, 128, 255]))
    for depth in (8, 16):
        top = 2**depth - 1
        png(f"grey_alpha{depth}.png", (picture(2) * top).round().astype(int), depth, 4)
        png(f"rgb{depth}.png", (picture(3) * top).round().astype(int), depth, 2, parts=3)
        png(f"rgba{depth}.png", (picture(4) * top).round().astype(int), depth, 6, interlaced=depth == 8)
    png("rgb8_transparent.png", (picture(3, 9, 5) * 255).round().astype(int), 8, 2, transparency=bytes(6))
    for w, h in ((1, 1), (2, 3), (5, 1), (1, 9)):
        png(f"interlaced_{w}x{h}.png", (picture(3, w, h) * 255).round().astype(int), 8, 2, interlaced=True)


def all_jpeg():
    rgb = (picture(3) * 255).round().astype(np.uint8)
    color = Image.fromarray(rgb)
    grey = Image.fromarray((picture(1)[:, :, 0] * 255).round().astype(np.uint8))
    for name in ("4:4:4", "4:2:2", "4:2:0"):
        jpeg(f"rgb_{name.replace(':', '')}.jpg", saved(color, quality=90, subsampling=name))
    jpeg("rgb_440.jpg", simplejpeg.encode_jpeg(rgb, 90, "RGB", "440"))
    jpeg("rgb_411.jpg", simplejpeg.encode_jpeg(rgb, 90, "RGB", "411"))
    jpeg("rgb_narrow.jpg", saved(color.crop((0, 0, 4, 9)), quality=90, subsampling="4:2:0"))
    jpeg("rgb_progressive.jpg", saved(color, quality=85, progressive=True))
    jpeg("rgb_restart.jpg", saved(color, quality=85, restart_marker_blocks=4))
    jpeg("rgb_adobe.jpg", saved(color, quality=90, keep_rgb=True))
    jpeg("grey.jpg", saved(grey, quality=90), 1)
    jpeg("grey_restart.jpg", saved(grey, quality=90, restart_marker_blocks=7), 1)
    jpeg("grey_progressive.jpg", saved(grey, quality=70, progressive=True), 1)
    jpeg("cmyk.jpg", saved(color.convert("CMYK"), quality=90))
    jpeg("rgb_progressive_restart.jpg", saved(color, quality=50, progressive=True, restart_marker_blocks=5))


if __name__ == "__main__":
    here.mkdir(exist_ok=True)
    all_png()
    all_jpeg()
    (here / "images.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in index) + "\n]\n")
