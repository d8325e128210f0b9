"""Continues a text with a compiled language model without JavaScript, on wasmtime: ids in, ids out.

    pip install wasmtime==50.0.1
    python3 generate.py fewbit.simd.wasm model.fewbit 64 678 28 201 791 223

The number is how many ids to write; the prompt's ids follow it. Each next id is the one of the largest
logit (of equal ones the lowest id), so that the ids are the same on every host. Prints them in one
line, and ids per second on stderr.
"""

import struct
import sys
import time

import command
from program import Program, read_file


def integers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def read(program: Program, ids: list[int], past: int) -> int:
    """Reads ids after `past` others; returns the one that the model finds likeliest to follow."""
    inputs = {
        "ids": integers(*ids),
        "offsets": integers(0, len(ids)),  # one sequence, from 0 to len(ids)
        "slot": integers(0),  # of the one session
        "past": integers(past),
        "rows": integers(len(ids) - 1),  # logits after the last id only
    }
    logits = program.run("main", inputs, "logits", tokens=len(ids), sequences=1, rows=1)
    values = struct.unpack(f"<{len(logits) // 4}f", logits)
    return max(range(len(values)), key=values.__getitem__)


def generate(program: Program, prompt: list[int], count: int) -> list[int]:
    """The `count` ids that follow a prompt."""
    written: list[int] = []
    unread, past = prompt, 0
    while len(written) < count:
        written.append(read(program, unread, past))
        past += len(unread)
        unread = written[-1:]
    return written


def main(wasm: str, model: str, *words: str):
    count, *prompt = map(int, words)
    program = Program(read_file(wasm), read_file(model), max_tokens=len(prompt))
    start = time.perf_counter()
    ids = generate(program, prompt, count)
    print(f"{count / (time.perf_counter() - start):.0f} ids per second", file=sys.stderr)
    print(*ids)


if __name__ == "__main__":
    command.run(main, __doc__, 4)
