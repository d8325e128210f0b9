"""A compiled fewbit program on wasmtime: what the examples of this folder share.

    pip install wasmtime==50.0.1

The exports that it calls, and their order, are documented in wasm/fewbit.h.
"""

import struct

PAGE = 65536
HEAD_OFFSET = 256
SYMBOL, TENSOR, ENTRY = 0, 1, 2


def read_file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


class Program:
    """A program in the memory of a wasm instance, with one instance of it."""

    def __init__(self, wasm: bytes, model: bytes, **symbols: int):
        """Loads a model; `symbols` are the sizes that it has memory for, where not the defaults."""
        # Here, so that --help needs nothing that has to be installed.
        from wasmtime import Engine, Instance, Module, Store

        if len(model) < 64 or model[:4] != b"FEWB":
            raise ValueError("the model is no fewbit file")
        head_bytes, other_bytes = struct.unpack_from("<IQ", model, 8)
        if head_bytes + other_bytes > len(model):
            expected = f"{head_bytes} and {other_bytes} expected"
            raise ValueError(f"the model is cut off: {len(model)} bytes, {expected}")
        engine = Engine()
        self.store = Store(engine)
        self.exports = Instance(self.store, Module(engine, wasm), []).exports(self.store)
        self.memory = self.exports["memory"]
        self.model = self.call("heap_base")
        # Names that are looked up lie behind the model, and then behind its instance.
        self.names = self.model + self.call("model_size", head_bytes)
        self.reserve(self.names + PAGE)
        self.write(self.model + HEAD_OFFSET, model[:head_bytes])
        self.check("model_load", self.model, head_bytes)
        for name, value in symbols.items():
            self.check("model_symbol", self.model, self.find(SYMBOL, name), value)
        self.check("model_plan", self.model, -65536, 2.0**45)
        self.context = self.call("model_end", self.model)
        self.names = self.context + self.call("instance_size", self.model)
        self.reserve(self.names + PAGE)
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

    def run(self, entry: str, inputs: dict[str, bytes], output: str, **symbols: int) -> bytes:
        """Runs an entry; `symbols` are the sizes of this run, which later runs keep."""
        index = self.find(ENTRY, entry)
        for name, value in symbols.items():
            self.check("symbol_set", self.context, self.find(SYMBOL, name), value)
        for name, data in inputs.items():
            tensor = self.find(TENSOR, name)
            expected = self.call("tensor_bytes", self.context, tensor)
            if len(data) != expected:
                raise ValueError(f"{name}: {len(data)} bytes, {expected} expected")
            self.write(self.call("tensor_address", self.context, tensor), data)
        self.check("begin", self.context, index)
        self.check("run", self.context, index, 0, 0x7FFFFFFF)
        tensor = self.find(TENSOR, output)
        size = self.call("tensor_bytes", self.context, tensor)
        return self.read(self.call("tensor_address", self.context, tensor), size)

    def metadata(self) -> bytes:
        """What the file says of the model, in JSON."""
        size = self.call("metadata_bytes", self.model)
        return self.read(self.call("metadata_address", self.model), size)

    def find(self, kind: int, name: str) -> int:
        """Index of a symbol, tensor or entry."""
        encoded = name.encode()
        self.write(self.names, encoded)
        index = self.call("find", self.model, kind, self.names, len(encoded))
        if index < 0:
            raise ValueError(f"the program has no {('symbol', 'tensor', 'entry')[kind]} {name}")
        return index

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
