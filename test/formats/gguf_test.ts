import assert from "node:assert/strict";
import { type GgufValue, openGguf, readGguf } from "../../src/formats/gguf.ts";
import { blobAccess, fileAccess } from "../../src/formats/random_access.ts";
import type { TernaryTensor } from "../../src/formats/ternary/ternary_tensor.ts";
import { float32 } from "../../src/models/weights.ts";
import type { Tensor } from "../../src/tensor.ts";
import { assertRejects, assertThrows } from "./_assert.ts";
import {
  array,
  type FileParts,
  ggufFile,
  type Pair,
  type TensorPart,
  text,
  TYPES,
  u32,
  u64,
} from "./_gguf_builder.ts";
import { join } from "./_join.ts";
import { checkMutations } from "./_mutate.ts";

const FOLDER = new URL("../vectors/gguf/", import.meta.url);
const EXPECTED = JSON.parse(await Deno.readTextFile(new URL("expected.json", FOLDER)));

const F32 = 0;
const U8 = [7];
const INT8 = { name: "a", extents: [4], type: 24, offset: 0 } as const;

/** Values as expected.json has them: integers beyond 2^53 as text. */
function plain(value: GgufValue): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function valuesOf(tensor: Tensor | TernaryTensor): number[] {
  if (tensor.dtype === "ternary") {
    const { trits, scales, blockSize } = tensor;
    return Array.from(trits, (trit, i) => trit * scales[Math.floor(i / blockSize)] + 0);
  }
  if (["f32", "f16", "bf16", "f64"].includes(tensor.dtype)) return [...float32(tensor, "")];
  return Array.from(tensor.data as Int32Array, Number);
}

for (const name of ["small.gguf", "aligned_64.gguf"]) {
  Deno.test(`gguf: ${name} of llama.cpp's Python package reads`, async () => {
    const bytes = await Deno.readFile(new URL(name, FOLDER));
    const { version, metadata, tensors } = readGguf(bytes);
    assert.equal(version, 3);
    for (const [key, value] of Object.entries(EXPECTED.metadata)) {
      assert.deepEqual(plain(metadata.get(key)!), value, key);
    }
    assert.equal(metadata.get("general.architecture"), "fewbit-test");
    assert.deepEqual([...tensors.keys()], Object.keys(EXPECTED.tensors));
    for (
      const [key, { type, shape, values }] of Object.entries<Record<string, unknown>>(
        EXPECTED.tensors,
      )
    ) {
      const tensor = tensors.get(key)!;
      assert.deepEqual([tensor.type, tensor.shape], [type, shape], key);
      assert.equal(tensor.bytes.length, tensor.byteLength);
      const decoded = tensor.decode();
      assert.deepEqual(decoded.shape, shape, key);
      // Q8_0 keeps these values up to a binary16 scale; `gguf_blocks_test.ts` has its bits.
      const digits = type === "Q8_0" ? 3 : 20;
      assert.deepEqual(
        valuesOf(decoded).map((value) => Number(value.toFixed(digits)) + 0),
        (values as number[]).map((value) => value + 0),
        key,
      );
    }
  });
}

Deno.test("gguf: scales of blocks become one where they agree", async () => {
  const { tensors } = readGguf(await Deno.readFile(new URL("small.gguf", FOLDER)));
  const scales = (name: string) => {
    const decoded = tensors.get(name)!.decode();
    assert.equal(decoded.dtype, "ternary");
    return [[...(decoded as TernaryTensor).scales], (decoded as TernaryTensor).blockSize];
  };
  assert.deepEqual(scales("tq1.one"), [[0.5], 512]);
  assert.deepEqual(scales("tq1.blocks"), [[0.5, 0.25, 0], 256]);
  assert.deepEqual(scales("tq2.one"), [[0.125], 768]);
  assert.deepEqual(scales("tq2.blocks"), [[0.5, 3], 256]);
});

Deno.test("gguf: a file is read in parts, from a Blob and from Deno", async () => {
  const path = new URL("small.gguf", FOLDER);
  const bytes = await Deno.readFile(path);
  const whole = readGguf(bytes);
  using file = await Deno.open(path);
  for (const source of [fileAccess(file), blobAccess(new Blob([bytes]))]) {
    const { metadata, tensors } = await openGguf(source);
    assert.deepEqual(metadata, whole.metadata);
    assert.deepEqual([...tensors.keys()], [...whole.tensors.keys()]);
    // At once: reads of one file must not move each other's place.
    await Promise.all([...tensors].map(async ([name, tensor]) => {
      assert.deepEqual(await tensor.decode(), whole.tensors.get(name)!.decode(), name);
    }));
  }
});

Deno.test("gguf: a long header is read in few steps, and a hostile one is not read on", async () => {
  const strings = Array.from({ length: 50_000 }, (_, i) => text(`token ${i}`));
  const long = ggufFile({
    pairs: [["t", TYPES.array, array(TYPES.string, strings.length, ...strings)]],
    tensors: [INT8],
    data: [1, 2, 3, 4],
  });
  const reads: [number, number][] = [];
  const { metadata, tensors } = await openGguf({
    size: long.length,
    read: (begin, end) => {
      reads.push([begin, end]);
      return Promise.resolve(long.subarray(begin, end));
    },
  });
  assert.equal((metadata.get("t") as string[])[49_999], "token 49999");
  assert.deepEqual([...(await tensors.get("a")!.decode() as Tensor).data], [1, 2, 3, 4]);
  assert.ok(reads.length <= 5, `${reads.length} reads`);
  const start = ggufFile({ pairs: [["t", TYPES.string, u64(2 ** 40)]] });
  const endless = {
    size: 2 ** 41,
    read: (_: number, end: number) =>
      Promise.resolve(join(start, new Uint8Array(end - start.length))),
  };
  const short = { size: 100, read: () => Promise.resolve(start.subarray(0, 30)) };
  await assertRejects(openGguf(short), "invalid_file", /30 bytes at 0, expected 100 within/);
  await assertRejects(
    openGguf(endless),
    "limit_exceeded",
    /header has 1099511627\d+ bytes or more/,
  );
});

Deno.test("gguf: version 2 reads, others and big-endian files are unsupported", () => {
  assert.equal(readGguf(ggufFile({ version: u32(2) })).version, 2);
  const cases: [number[], RegExp][] = [
    [u32(1), /version 1, expected 2 or 3/],
    [u32(4), /version 4, expected 2 or 3/],
    [u32(0), /version 0, expected 2 or 3/],
    [[0, 0, 0, 3], /the file is big-endian, expected little-endian/],
  ];
  for (const [version, message] of cases) {
    assertThrows(() => readGguf(ggufFile({ version })), "unsupported", message);
  }
});

Deno.test("gguf: a file without tensors ends with its header", () => {
  const bytes = ggufFile({ pairs: [["a", TYPES.u8, U8]] });
  assert.notEqual(bytes.length % 32, 0);
  const { metadata, tensors } = readGguf(bytes);
  assert.deepEqual([...metadata], [["a", 7]]);
  assert.equal(tensors.size, 0);
});

Deno.test("gguf: tensors may leave gaps and lie in any order; unknown types reach the next one", () => {
  const { tensors } = readGguf(ggufFile({
    tensors: [
      { name: "b", extents: [], type: F32, offset: 128 },
      { name: "x", extents: [3, 5], type: 99, offset: 32 },
      { name: "a", extents: [0], type: F32, offset: 0 },
      { name: "tl2", extents: [3], type: 39, offset: 160 },
    ],
    data: new Uint8Array(170),
  }));
  const found = [...tensors].map((
    [name, { type, shape, byteLength }],
  ) => [name, type, shape, byteLength]);
  assert.deepEqual(found, [
    ["b", "F32", [], 4],
    ["x", "type 99", [5, 3], 96],
    ["a", "F32", [0], 0],
    ["tl2", "TL2 or MXFP4", [3], 10],
  ]);
  assertThrows(() => tensors.get("x")!.decode(), "unsupported", /"x": its type is type 99/);
});

Deno.test("gguf: I2_S decodes", () => {
  const codes = Uint8Array.from({ length: 32 }, (_, i) => i === 1 ? 0b00_01_10_01 : 0b01_01_01_01);
  const scale = new Uint8Array(Float32Array.of(0.75).buffer);
  const { tensors } = readGguf(ggufFile({
    tensors: [{ name: "w", extents: [128, 1], type: 36, offset: 0 }],
    data: join(codes, scale, new Uint8Array(28)),
  }));
  const trits = new Int8Array(128);
  trits[1] = -1;
  trits[65] = 1;
  assert.deepEqual(tensors.get("w")!.decode(), {
    dtype: "ternary",
    shape: [1, 128],
    trits,
    scales: Float32Array.of(0.75),
    blockSize: 128,
  });
});

Deno.test("gguf: broken files are refused", () => {
  const pair = (type: number, value: ArrayLike<number>): FileParts => ({
    pairs: [["k", type, value]],
  });
  const tensor = (part: Partial<TensorPart>, size = 4): FileParts => ({
    tensors: [{ ...INT8, ...part }],
    data: new Uint8Array(size),
  });
  const aligned = (value: number): FileParts => ({
    pairs: [["general.alignment", TYPES.u32, u32(value)]],
  });
  const f32 = (value: number) => new Uint8Array(Float32Array.of(value).buffer);
  const nested = (depth: number): Uint8Array => {
    const inner = array(TYPES.u8, 0);
    return depth === 1 ? inner : array(TYPES.array, 1, nested(depth - 1));
  };
  const twice: Pair = ["k", TYPES.u8, U8];
  const cases: [FileParts, RegExp][] = [
    [{ magic: "GGML" }, /does not start with "GGUF"/],
    [{ tensorCount: 2n ** 63n }, /count of tensors is 9223372036854775808, which exceeds the 8/],
    [{ pairCount: 1 }, /count of metadata is 1, which exceeds the 0 bytes/],
    [{ pairs: [twice, twice] }, /the key "k" twice/],
    [{ pairs: [["k".repeat(65_536), TYPES.u8, U8]] }, /a key "k{80}..." is longer than 65535/],
    [pair(13, u64(0)), /"k" has type 13, expected 0 to 12/],
    [pair(TYPES.array, array(13, 0)), /"k" has type 13, expected 0 to 12/],
    [pair(TYPES.bool, [2]), /a boolean is 2, expected 0 or 1/],
    [pair(TYPES.u32, [1]), /bytes end within "k"/],
    [pair(TYPES.string, u64(1)), /the length of "k" is 1, which exceeds the 0 bytes/],
    [pair(TYPES.string, join(u64(1), [0xff])), /"k" is not UTF-8/],
    [
      pair(TYPES.array, array(TYPES.u32, 2n ** 62n, u32(0))),
      /the length of "k" is 4611686018427387904/,
    ],
    [
      pair(TYPES.array, array(TYPES.string, 3, u64(0), u64(0))),
      /length of "k" is 3, which exceeds/,
    ],
    [pair(TYPES.array, array(TYPES.array, 2, u64(0), u64(0))), /length of "k" is 2, which exceeds/],
    [pair(TYPES.array, nested(9)), /"k" is nested deeper than 8 arrays/],
    [aligned(0), /general.alignment is "0", expected a power of two/],
    [aligned(48), /general.alignment is "48"/],
    [aligned(2 ** 32 - 1), /general.alignment is "4294967295"/],
    [{ pairs: [["general.alignment", TYPES.f32, f32(0.5)]] }, /general.alignment is "0.5"/],
    [{ pairs: [["general.alignment", TYPES.f32, f32(NaN)]] }, /general.alignment is "NaN"/],
    [{ pairs: [["general.alignment", TYPES.u64, u64(2 ** 52 + 1)]] }, /is "4503599627370497"/],
    [{ pairs: [["general.alignment", TYPES.string, text("32")]] }, /alignment is "32"/],
    [{ pairs: [["general.alignment", TYPES.array, array(TYPES.u8, 0)]] }, /alignment is an array/],
    [{ tensors: [INT8, INT8], data: new Uint8Array(4) }, /there are two tensors "a"/],
    [tensor({ extents: [2n ** 63n] }), /an extent is not an integer from 0/],
    [tensor({ extents: [2 ** 40, 2 ** 40] }), /more than 2\^53 - 1 elements/],
    [tensor({ type: 35 }), /"a" has rows of 4 elements, expected a multiple of 256 for TQ2_0/],
    [tensor({ offset: 16 }, 64), /"a" has offset 16, expected a multiple of 32/],
    [tensor({ offset: 64 }), /"a" has offset 64, past the 4 bytes of data/],
    [tensor({ extents: [5] }), /"a" needs 5 bytes at 0, but the data ends at 4/],
    [{ tensors: [INT8] }, /"a" needs 4 bytes at 0, but the data ends at 0/],
    [
      { tensors: [INT8, { ...INT8, name: "b" }], data: new Uint8Array(64) },
      /"a" needs 4 bytes at 0, but another tensor starts at 0/,
    ],
    [
      {
        tensors: [{ ...INT8, extents: [33] }, { ...INT8, name: "b", offset: 32 }],
        data: new Uint8Array(64),
      },
      /"a" needs 33 bytes at 0, but another tensor starts at 32/,
    ],
  ];
  for (const [parts, message] of cases) {
    assertThrows(() => readGguf(ggufFile(parts)), "invalid_file", message);
  }
  const rank = tensor({ extents: [1, 1, 1, 1, 1] });
  assertThrows(() => readGguf(ggufFile(rank)), "unsupported", /"a" has rank 5, expected 4/);
  assert.deepEqual(readGguf(ggufFile(pair(TYPES.array, nested(8)))).version, 3);
});

Deno.test("gguf: damaged files are read or refused", async () => {
  const bytes = await Deno.readFile(new URL("small.gguf", FOLDER));
  await checkMutations(bytes, (damaged) => {
    for (const tensor of readGguf(damaged).tensors.values()) {
      tensor.decode();
    }
  }, 8_000);
});
