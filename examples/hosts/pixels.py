"""Writes the pixels of a PNG, as classify takes them: height x width x channels bytes, row by row.

    python3 pixels.py PICTURE.png PIXELS_FILE
    python3 pixels.py ../fashion/000-ankle-boot.png pixels.bin

Reads 8-bit grey and RGB without interlacing, and scales nothing: the picture has to have the model's size.
"""

import struct
import zlib

import command

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
    header = dict(parts).get(b"IHDR", b"")
    if len(header) != 13:
        raise ValueError("the PNG has no header")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if depth != 8 or colour not in CHANNELS or interlaced:
        raise ValueError("only 8-bit grey and RGB without interlacing are read")
    step = CHANNELS[colour]
    stride = width * step
    expected = height * (stride + 1)
    packed = b"".join(data for kind, data in parts if kind == b"IDAT")
    try:
        data = zlib.decompressobj().decompress(packed, expected + 1)
    except zlib.error as error:
        raise ValueError(f"the PNG is damaged: {error}") from error
    if len(data) != expected or max(data[:: stride + 1]) > 4:
        raise ValueError(f"the PNG is damaged: {len(data)} bytes of rows, {expected} expected")
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


def main(picture: str, output: str):
    with open(picture, "rb") as source:
        found = pixels(source.read())
    with open(output, "wb") as target:
        target.write(found)
    print(f"{output}: {len(found)} bytes")


if __name__ == "__main__":
    command.run(main, __doc__, 2)
