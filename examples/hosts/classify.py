"""Runs a compiled image classifier without JavaScript, on wasmtime.

    pip install wasmtime==50.0.1
    python3 pixels.py ../fashion/000-ankle-boot.png pixels.bin
    python3 classify.py fewbit.simd.wasm model.fewbit pixels.bin

pixels.bin holds height x width x channels bytes, as the model takes them; pixels.py makes them of a PNG.
Prints the logits, the best class and the SHA-256 of the logits' bytes, which is the same on every host.
"""

import hashlib
import struct

import command
from program import Program, read_file


def main(wasm: str, model: str, pixels: str):
    program = Program(read_file(wasm), read_file(model))
    logits = program.run("main", {"pixels": read_file(pixels)}, "logits")
    values = struct.unpack(f"<{len(logits) // 4}f", logits)
    print("logits", " ".join(f"{value:.4f}" for value in values))
    print("class", max(range(len(values)), key=values.__getitem__))
    print("logits_f32_sha256", hashlib.sha256(logits).hexdigest())


if __name__ == "__main__":
    command.run(main, __doc__, 3)
