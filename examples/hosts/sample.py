"""Draws a text with an integer language model without JavaScript, on wasmtime: ids in, ids out.

    pip install wasmtime==50.0.1
    python3 sample.py fewbit.simd.wasm stories260k.fewbit 0.8 7 64 403 407 261 378

The numbers are the temperature (0 takes the likeliest id), the seed, and how many ids to write; the
prompt's ids follow. The program draws by itself, in integers (its entry "sample"), so that the same seed
writes the same ids on every host. Prints them in one line, and ids per second on stderr.
"""

import json
import math
import sys
import time

import command
from generate import integers
from program import Program, read_file


def read(program: Program, ids: list[int], past: int) -> bytes:
    """Reads ids after `past` others; returns the logits behind the last one, multiples of 1/4096."""
    inputs = {
        "ids": integers(*ids),
        "offsets": integers(0, len(ids)),
        "slot": integers(0),
        "past": integers(past),
        "rows": integers(len(ids) - 1),
    }
    return program.run("main", inputs, "logits", tokens=len(ids), sequences=1, rows=1)


def draw(program: Program, logits: bytes, temperature: float, seed: int, draws: int) -> int:
    """An id by its probability; `draws` counts those drawn before."""
    pieces = len(logits) // 4
    rate = math.floor(16 * math.log2(math.e) * 65536 / temperature + 0.5) if temperature > 0 else 0
    inputs = {
        "sample.logits": logits,
        "sample.rate": integers(rate),
        "sample.top_k": integers(0),  # all
        "sample.top_p": integers(65536),  # all
        "sample.min_p": integers(0),  # all
        "sample.random": integers(seed, 0, draws, 0),
        "sample.mask": integers(*[-1] * math.ceil(pieces / 32)),  # all are allowed
    }
    return int.from_bytes(program.run("sample", inputs, "sample.id", draws=1), "little")


def main(wasm: str, model: str, heat: str, *words: str):
    temperature, (seed, count, *unread) = float(heat), map(int, words)
    program = Program(read_file(wasm), read_file(model), max_tokens=len(unread))
    # Ids before all texts belong to the network: they count as read.
    past = len(json.loads(program.metadata()).get("prefix", []))
    start = time.perf_counter()
    ids: list[int] = []
    while len(ids) < count:
        logits = read(program, unread, past)
        past += len(unread)
        ids.append(draw(program, logits, temperature, seed, len(ids)))
        unread = ids[-1:]
    print(f"{count / (time.perf_counter() - start):.0f} ids per second", file=sys.stderr)
    print(*ids)


if __name__ == "__main__":
    command.run(main, __doc__, 6)
