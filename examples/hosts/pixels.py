"""Writes the pixels of a PNG, as classify takes them: height x width x channels bytes.

    python3 pixels.py PICTURE.png PIXELS_FILE
    python3 pixels.py ../fashion/000-ankle-boot.png pixels.bin

Reads 8-bit grey and RGB without interlacing, and scales nothing: the picture has to have the model's size.
"""
import struct
import sys
import zlib

CHANNELS = {0: 1, 2: 3}


def chunks(png):
    """The chunks of a PNG: type and data."""
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("not a PNG")
    at = 8
    while at + 8 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        yield kind, png[at + 8 : at + 8 + size]
        at += 12 + size


def paeth(left, up, corner):
    """The one of three neighbours that is closest to left + up - corner."""
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def pixels(png):
    """The bytes of all pixels, row by row; filters are those of the PNG specification."""
    parts = list(chunks(png))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", dict(parts)[b"IHDR"])
    if depth != 8 or colour not in CHANNELS or interlaced:
        raise ValueError("only 8-bit grey and RGB without interlacing are read")
    step = CHANNELS[colour]
    data = zlib.decompress(b"".join(data for kind, data in parts if kind == b"IDAT"))
    stride = width * step
    if len(data) != height * (stride + 1):
        raise ValueError(f"{len(data)} bytes of rows, {height * (stride + 1)} expected")
    above, result = bytearray(stride), bytearray()
    for y in range(height):
        at = y * (stride + 1)
        row = bytearray(data[at + 1 : at + 1 + stride])
        for i in range(stride):
            left = row[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            add = [0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner)]
            row[i] = (row[i] + add[data[at]]) & 255
        result += row
        above = row
    return bytes(result)


if __name__ == "__main__":
    if len(sys.argv) != 3 or "--help" in sys.argv:
        print(__doc__.strip())
        sys.exit(0 if "--help" in sys.argv else 2)
    with open(sys.argv[1], "rb") as source:
        found = pixels(source.read())
    with open(sys.argv[2], "wb") as target:
        target.write(found)
    print(f"{sys.argv[2]}: {len(found)} bytes")
