"""Writes the GGUF files here and what is in them, by the package gguf 0.17.1 of llama.cpp's authors:
python3 make_gguf.py
small.gguf: all types of metadata, tensors of plain, ternary and other types, and aligned_64.gguf: the
same with another alignment; expected.json: the metadata, and the values of the tensors.
"""
import json
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as T
from gguf import GGUFValueType as V
from gguf import GGUFWriter, quants

HERE = Path(__file__).parent
PLAIN = {"f32": np.float32, "f16": np.float16, "f64": np.float64, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64}
METADATA = {
    "v.u8": (255, V.UINT8), "v.i8": (-128, V.INT8), "v.u16": (65535, V.UINT16), "v.i16": (-32768, V.INT16),
    "v.u32": (2**32 - 1, V.UINT32), "v.i32": (-(2**31), V.INT32), "v.f32": (0.15625, V.FLOAT32), "v.bool": (True, V.BOOL),
    "v.string": ("\ufeff▁ö\U0001f600\0", V.STRING), "v.u64": (2**53 - 1, V.UINT64), "v.i64": (-(2**53) + 1, V.INT64),
    "v.u64.large": (2**64 - 1, V.UINT64), "v.i64.large": (-(2**63), V.INT64), "v.f64": (1e-300, V.FLOAT64),
    "a.i32": ([1, -2, 3], V.ARRAY), "a.f32": ([0.5, -0.25], V.ARRAY), "a.bool": ([True, False], V.ARRAY),
    "a.string": (["a", "", "ß"], V.ARRAY), "a.nested": ([[1, 2], [3]], V.ARRAY),
}


def weights(rows, scales):
    """Rows of 256 weights: row r has the trits (7 i + i² + r) mod 3 - 1 times its scale."""
    i = np.arange(256)
    return np.stack([((7 * i + i * i // 5 + r) % 3 - 1) * s for r, s in zip(range(rows), scales)]).astype(np.float32)


def write(path, alignment, expected):
    w = GGUFWriter(path, "fewbit-test")
    if alignment != 32:
        w.add_custom_alignment(alignment)
    for key, (value, kind) in METADATA.items():
        if kind == V.ARRAY:
            w.add_array(key, value)
        else:
            w.add_key_value(key, value, kind)
        expected["metadata"][key] = str(value) if isinstance(value, int) and abs(value) >= 2**53 else value
    tensors = {}
    for name, dtype in PLAIN.items():
        a = np.array([[1, -2, 3], [4, 5, -6]], dtype)
        w.add_tensor(name, a)
        tensors[name] = {"type": name.upper(), "shape": [2, 3], "values": a.reshape(-1).tolist()}
    w.add_tensor("rank3", np.arange(6, dtype=np.float32).reshape(1, 2, 3))
    tensors["rank3"] = {"type": "F32", "shape": [1, 2, 3], "values": [0, 1, 2, 3, 4, 5]}
    for name, scales, kind in (
        ("tq1.one", (0.5, 0.5), T.TQ1_0), ("tq1.blocks", (0.5, 0.25, 0), T.TQ1_0),
        ("tq2.one", (0.125, 0, 0.125), T.TQ2_0), ("tq2.blocks", (0.5, 3.0), T.TQ2_0),
        ("q8", (1, 2), T.Q8_0), ("bf16", (1, 0.5), T.BF16),
    ):
        a = weights(len(scales), scales)
        q = quants.quantize(a, kind)
        assert kind == T.Q8_0 or np.array_equal(quants.dequantize(q, kind), a), name
        w.add_tensor(name, q, raw_dtype=kind)
        tensors[name] = {"type": kind.name, "shape": list(a.shape), "values": [float(v) for v in a.reshape(-1)]}
    expected["tensors"] = tensors
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main():
    expected = {"metadata": {}}
    write(HERE / "aligned_64.gguf", 64, {"metadata": {}})
    write(HERE / "small.gguf", 32, expected)
    (HERE / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")


main()
