"""Trains a network without JavaScript, on wasmtime: one call a step.

    pip install wasmtime==50.0.1
    deno run -A training_program.ts training.fewbit
    python3 train.py ../../wasm/fewbit.train.wasm training.fewbit images.idx labels.idx 50 weights.bin

The program has an entry train_step: pictures and labels in, the loss out; it counts its steps, draws what
dropout drops, and updates its parameters by itself. images.idx and labels.idx are in MNIST's format. Prints
the loss every ten steps, and the SHA-256 of the parameters, which is the same on every host; they are written
to weights.bin where that is given.
"""

import hashlib
import struct
import sys
import time

import command
from program import TENSOR, Program, read_file

REGION_PARAMETER = 1


def read_idx(path: str) -> tuple[int, bytes]:
    """How many items an IDX file of bytes has, and their bytes."""
    data = read_file(path)
    if len(data) < 4 or data[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is no IDX file of bytes")
    sizes = struct.unpack_from(f">{data[3]}I", data, 4)
    return sizes[0], data[4 + 4 * data[3] :]


def parameters(program: Program) -> bytes:
    """The bytes of all parameters, in the order of the program."""
    found = []
    for tensor in range(program.call("tensor_count", program.model)):
        if program.call("tensor_region", program.model, tensor) != REGION_PARAMETER:
            continue
        address = program.call("tensor_address", program.context, tensor)
        size = program.call("tensor_bytes", program.context, tensor)
        found.append(program.read(address, size))
    return b"".join(found)


def main(wasm: str, model: str, images: str, labels: str, count: str, output: str = ""):
    program = Program(read_file(wasm), read_file(model))
    pictures, pixels = read_idx(images)
    label_count, classes = read_idx(labels)
    if pictures != label_count or len(pixels) % max(pictures, 1) != 0 or len(classes) != pictures:
        raise ValueError(f"{len(classes)} labels for {pictures} pictures")
    batch = program.call("tensor_bytes", program.context, program.find(TENSOR, "labels")) // 4
    if pictures < batch:
        raise ValueError(f"{pictures} pictures are no batch of {batch}")
    values = [struct.pack("<f", pixel / 255) for pixel in range(256)]
    size = len(pixels) // pictures
    start = time.perf_counter()
    for step in range(int(count)):
        first = step % (pictures // batch) * batch
        inputs = {
            "x": b"".join(values[p] for p in pixels[first * size : (first + batch) * size]),
            "labels": struct.pack(f"<{batch}i", *classes[first : first + batch]),
        }
        (loss,) = struct.unpack("<f", program.run("train_step", inputs, "loss"))
        if step % 10 == 9:
            print(f"step {step + 1}: loss {loss:.4f}")
    print(f"{int(count) * batch / (time.perf_counter() - start):.0f} pictures per second", file=sys.stderr)
    weights = parameters(program)
    print("weights_sha256", hashlib.sha256(weights).hexdigest())
    if output:
        with open(output, "wb") as file:
            file.write(weights)


if __name__ == "__main__":
    command.run(main, __doc__, 5)
