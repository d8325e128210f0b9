"""Runs a compiled image classifier without JavaScript, on wasmtime.

    pip install wasmtime==50.0.1
    python3 classify.py fewbit.simd.wasm model.fewbit pixels.bin

pixels.bin holds height x width x channels bytes, as the model takes them. Prints the logits, the best
class and the SHA-256 of the logits' bytes, which is the same on every host. The exports are documented
in wasm/fewbit.h.
"""

import hashlib
import struct
import sys

from wasmtime import Engine, Instance, Module, Store

PAGE = 65536
HEAD_OFFSET = 256
SYMBOL, TENSOR, ENTRY = 0, 1, 2


class Program:
    """A program in the memory of a wasm instance, with one instance of it."""

    def __init__(self, wasm: bytes, model: bytes):
        engine = Engine()
        self.store = Store(engine)
        self.exports = Instance(self.store, Module(engine, wasm), []).exports(self.store)
        self.memory = self.exports["memory"]
        head_bytes = struct.unpack_from("<I", model, 8)[0]
        self.model = self.call("heap_base") & 0xFFFFFFFF
        self.reserve(self.model + self.call("model_size", head_bytes))
        self.write(self.model + HEAD_OFFSET, model[:head_bytes])
        self.check("model_load", self.model, head_bytes)
        self.check("model_plan", self.model, -65536, 2.0**45)
        self.context = self.call("model_end", self.model)
        self.names = self.context + self.call("instance_size", self.model)
        self.reserve(self.names + 256)
        at = head_bytes
        for segment in range(3):
            size = self.call("segment_bytes", self.model, segment)
            self.write(self.call("segment_address", self.model, segment), model[at : at + size])
            at += size
        self.push_trits(memoryview(model)[at:])
        self.check("model_ready", self.model)
        self.check("instance_init", self.model, self.context)

    def push_trits(self, stored: memoryview):
        """Ternary weights go through a buffer, from which the module decodes them."""
        address = self.call("trits_address", self.model)
        capacity = self.call("trits_capacity", self.model)
        missing = self.call("trits_bytes", self.model)
        while missing > 0:
            size = min(missing, capacity)
            self.write(address, bytes(stored[:size]))
            self.check("trits_push", self.model, size)
            stored = stored[size:]
            missing -= size

    def call(self, name, *args):
        return self.exports[name](self.store, *args)

    def check(self, name, *args):
        status = self.call(name, *args)
        if status < 0:
            raise ValueError(f"{name}: verdict {-status}, see wasm/fewbit.h")
        return status

    def reserve(self, end: int):
        missing = end - self.memory.data_len(self.store)
        if missing > 0:
            self.memory.grow(self.store, (missing + PAGE - 1) // PAGE)

    def write(self, address: int, data: bytes):
        self.memory.write(self.store, data, address)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.memory.read(self.store, address, address + size))

    def find(self, kind: int, name: str) -> int:
        self.write(self.names, name.encode())
        return self.check("find", self.model, kind, self.names, len(name))

    def run(self, entry: str, inputs: dict[str, bytes], output: str) -> bytes:
        index = self.find(ENTRY, entry)
        for name, data in inputs.items():
            self.write(self.call("tensor_address", self.context, self.find(TENSOR, name)), data)
        self.check("begin", self.context, index)
        self.check("run", self.context, index, 0, 0x7FFFFFFF)
        tensor = self.find(TENSOR, output)
        size = self.call("tensor_bytes", self.context, tensor)
        return self.read(self.call("tensor_address", self.context, tensor), size)


def main():
    wasm, model, pixels = (open(path, "rb").read() for path in sys.argv[1:4])
    logits = Program(wasm, model).run("main", {"pixels": pixels}, "logits")
    values = struct.unpack(f"<{len(logits) // 4}f", logits)
    print("logits", " ".join(f"{value:.4f}" for value in values))
    print("class", max(range(len(values)), key=values.__getitem__))
    print("logits_f32_sha256", hashlib.sha256(logits).hexdigest())


if __name__ == "__main__":
    main()
