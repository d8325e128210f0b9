"""Embeds a text with a compiled sentence encoder without JavaScript, on wasmtime: ids in, vector out.

    pip install wasmtime==50.0.1
    python3 embed.py fewbit.simd.wasm model.fewbit 101 7592 2088 102

The numbers are the ids of a tokenised text, special ones included. The encoder gives the sums of the
last layer's codes over the tokens; divided by their length they are the embedding. Prints the first
numbers of the embedding and the SHA-256 of the sums' bytes, which is the same on every host.
"""

import hashlib
import math
import struct

import command
from program import Program, read_file


def main(wasm: str, model: str, *words: str):
    ids = [int(word) for word in words]
    program = Program(read_file(wasm), read_file(model), max_tokens=len(ids), max_sequences=1)
    inputs = {
        "ids": struct.pack(f"<{len(ids)}i", *ids),
        "offsets": struct.pack("<2i", 0, len(ids)),  # one text, from 0 to len(ids)
    }
    sums = program.run("main", inputs, "sums", tokens=len(ids), sequences=1)
    values = struct.unpack(f"<{len(sums) // 4}i", sums)
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    print("embedding", " ".join(f"{value / length:.6f}" for value in values[:4]), "...")
    print("sums_i32_sha256", hashlib.sha256(sums).hexdigest())


if __name__ == "__main__":
    command.run(main, __doc__, 3)
