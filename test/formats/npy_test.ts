import assert from "node:assert/strict";
import { readNpy, writeNpy } from "../../src/formats/npy.ts";
import type { Tensor } from "../../src/tensor.ts";
import { assertSameTensors, assertThrows } from "./_assert.ts";
import { join, littleEndian, utf8 } from "./_join.ts";
import { checkMutations } from "./_mutate.ts";

function npy(header: string, data: ArrayLike<number>, version = 1): Uint8Array {
  const text = utf8(header);
  const length = littleEndian(text.length, version === 1 ? 2 : 4);
  return join([0x93], utf8("NUMPY"), [version, 0], length, text, data);
}

function header(descr: string, shape: string, fortran = "False"): string {
  return `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
}

const SAMPLES: readonly Tensor[] = [
  { dtype: "f64", shape: [2], data: new Float64Array([1.5, NaN]) },
  { dtype: "f32", shape: [], data: new Float32Array([-0]) },
  { dtype: "f16", shape: [1, 2], data: new Uint16Array([0x3c00, 0x7e01]) },
  { dtype: "i64", shape: [2], data: new BigInt64Array([-1n, 2n ** 62n]) },
  { dtype: "i32", shape: [0], data: new Int32Array() },
  { dtype: "u32", shape: [1], data: new Uint32Array([0xffffffff]) },
  { dtype: "i16", shape: [1], data: new Int16Array([-2]) },
  { dtype: "u16", shape: [1], data: new Uint16Array([65535]) },
  { dtype: "i8", shape: [2, 1, 2], data: new Int8Array([-1, 2, 3, 4]) },
  { dtype: "u8", shape: [1], data: new Uint8Array([255]) },
  { dtype: "bool", shape: [2], data: new Uint8Array([0, 1]) },
];

Deno.test("npy: what is written reads back, for every dtype", () => {
  for (const tensor of SAMPLES) {
    const bytes = writeNpy(tensor);
    assertSameTensors(new Map([["x", readNpy(bytes)]]), new Map([["x", tensor]]));
    assert.equal((bytes.length - tensor.data.byteLength) % 64, 0);
  }
});

Deno.test("npy: the header is the one that NumPy writes", () => {
  // Made with NumPy: np.save(file, np.array([[1, 2, 3]], np.int16)).
  const expected =
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsIDMpLCB9" +
    "ICAg".repeat(19) + "IAoBAAIAAwA=";
  const bytes = writeNpy({ dtype: "i16", shape: [1, 3], data: new Int16Array([1, 2, 3]) });
  assert.equal(bytes.toBase64(), expected);
});

Deno.test("npy: versions 2 and 3, other spacing and the integers of Python 2 read", () => {
  for (const version of [1, 2, 3]) {
    const text = "{'descr':'|u1','fortran_order':False,'shape':(2L,)}   \n";
    assert.deepEqual(readNpy(npy(text, [1, 2], version)).shape, [2]);
  }
});

Deno.test("npy: Fortran order is transposed", () => {
  for (const size of [1, 2, 4, 8]) {
    // [[0, 1, 2], [3, 4, 5]], column by column.
    const data = [0, 3, 1, 4, 2, 5].flatMap((value) => littleEndian(value, size));
    const { shape, data: read } = readNpy(npy(header(`<i${size}`, "(2, 3)", "True"), data));
    assert.deepEqual(shape, [2, 3]);
    assert.deepEqual(Array.from(read as ArrayLike<unknown>, Number), [0, 1, 2, 3, 4, 5]);
  }
  const cube = readNpy(npy(header("|u1", "(2, 2, 2)", "True"), [0, 1, 2, 3, 4, 5, 6, 7]));
  assert.deepEqual([...cube.data], [0, 4, 2, 6, 1, 5, 3, 7]);
});

Deno.test("npy: big-endian elements are swapped", () => {
  const { data } = readNpy(npy(header(">f4", "(2,)"), [0x3f, 0xc0, 0, 0, 0x40, 0, 0, 0]));
  assert.deepEqual([...data], [1.5, 2]);
});

Deno.test("npy: files that are not plain arrays are refused", () => {
  const invalid: [Uint8Array, RegExp][] = [
    [utf8("\x93NUMPY"), /does not start with the magic/],
    [utf8("PK 0123456789"), /does not start with the magic/],
    [npy(header("|u1", "(3,)"), [1, 2]), /has 2 bytes of data, expected 3/],
    [npy(header("|u1", "(1,)"), [1, 2]), /has 2 bytes of data, expected 1/],
    [npy(header("|b1", "(1,)"), [2]), /a boolean is neither 0 nor 1/],
    [npy(header("|u1", "(1 1)"), [1]), /no dict of Python/],
    [npy(header("|u1", `(${"9".repeat(400)},)`), [1]), /an extent is not an integer/],
    [npy(header("|u1", "(9007199254740991, 2)"), [1]), /more than 2\^53 - 1 elements/],
    [npy(header("|u1", "(1,)"), [1]).fill(0xff, 8, 10), /exceeds the file's/],
  ];
  for (const [bytes, message] of invalid) {
    assertThrows(() => readNpy(bytes), "invalid_file", message);
  }
  const unsupported: [Uint8Array, RegExp][] = [
    [npy(header("<c8", "(1,)"), new Uint8Array(8)), /the element type "c8"/],
    [npy(header("|O", "(1,)"), []), /the element type "O"/],
    [npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", []), /plain array/],
    [npy(header("|u1", "()"), [1], 4), /version 4, expected 1 to 3/],
  ];
  for (const [bytes, message] of unsupported) {
    assertThrows(() => readNpy(bytes), "unsupported", message);
  }
});

Deno.test("npy: tensors that cannot be written are refused", () => {
  const bf16: Tensor = { dtype: "bf16", shape: [1], data: new Uint16Array(1) };
  assertThrows(() => writeNpy(bf16), "unsupported", /NumPy has no element type bf16/);
  const wrong: Tensor = { dtype: "f32", shape: [2], data: new Float32Array(1) };
  assertThrows(() => writeNpy(wrong), "shape_mismatch", /has 4 bytes, expected 2 elements/);
});

Deno.test("npy: damaged files are read or refused", async () => {
  const data = new Uint8Array(24);
  await checkMutations(npy(header("<i2", "(2, 3, 2)", "True"), data), readNpy, 4_000);
  await checkMutations(npy(header(">f8", "(3,)"), data, 2), readNpy, 2_000);
});
