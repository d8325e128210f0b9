import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  readSafetensors,
  readShardedSafetensors,
  writeSafetensors,
} from "../../src/formats/safetensors.ts";
import { type DType, DTYPE_BYTES, DTYPES, type Tensor } from "../../src/tensor.ts";
import { assertRejects, assertSameTensors, assertThrows } from "./_assert.ts";
import { join, littleEndian, utf8 } from "./_join.ts";
import { checkMutations } from "./_mutate.ts";

const DEIT = new URL("../vectors/tiny/deit.safetensors", import.meta.url);

function file(header: unknown, dataBytes = 0): Uint8Array {
  const json = utf8(typeof header === "string" ? header : JSON.stringify(header));
  return join(littleEndian(json.length, 8), json, new Uint8Array(dataBytes));
}

function entry(dtype: unknown, shape: unknown, data_offsets: unknown): Record<string, unknown> {
  return { dtype, shape, data_offsets };
}

/** One tensor of each element type, and the shapes that go wrong most easily. */
function sampleTensors(): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const dtype of Object.keys(DTYPES) as DType[]) {
    const bytes = Uint8Array.from({ length: 3 * DTYPE_BYTES[dtype] }, (_, index) => index & 1);
    const read = readSafetensors(join(
      file({ x: entry(NAMES[dtype], [3], [0, bytes.length]) }),
      bytes,
    ));
    tensors.set(`a ${dtype}`, read.get("x")!);
  }
  tensors.set("scalar", { dtype: "f32", shape: [], data: new Float32Array([1.5]) });
  tensors.set("one", { dtype: "f32", shape: [1], data: new Float32Array([NaN]) });
  tensors.set("empty", { dtype: "i64", shape: [2, 0], data: new BigInt64Array() });
  tensors.set("__proto__", { dtype: "u8", shape: [1], data: new Uint8Array([7]) });
  tensors.set("10", { dtype: "u8", shape: [1], data: new Uint8Array([8]) });
  return tensors;
}

const NAMES: Record<DType, string> = {
  i8: "I8",
  u8: "U8",
  i16: "I16",
  u16: "U16",
  i32: "I32",
  u32: "U32",
  i64: "I64",
  f16: "F16",
  bf16: "BF16",
  f32: "F32",
  f64: "F64",
  bool: "BOOL",
};

Deno.test("safetensors: what is written reads back, for every dtype", () => {
  const tensors = sampleTensors();
  const bytes = writeSafetensors(tensors, { format: "pt" });
  assertSameTensors(readSafetensors(bytes), tensors);
  assert.equal(new DataView(bytes.buffer).getUint32(0, true) % 8, 0);
});

Deno.test("safetensors: aligned tensors are views, others are copies", () => {
  const bytes = writeSafetensors(sampleTensors());
  const read = readSafetensors(bytes);
  assert.equal(read.get("a f64")!.data.buffer, bytes.buffer);
  const shifted = join([0], bytes).subarray(1);
  assertSameTensors(readSafetensors(shifted), read);
  // The slice of a Buffer is a view, so that a copy by slice would not be aligned.
  assertSameTensors(readSafetensors(Buffer.from(join([0], bytes).buffer, 1)), read);
});

Deno.test("safetensors: a file from the Python library reads", async () => {
  const tensors = readSafetensors(await Deno.readFile(DEIT));
  assert.deepEqual(tensors.get("cls_token")!.shape, [1, 1, 32]);
  assertSameTensors(readSafetensors(writeSafetensors(tensors)), tensors);
});

Deno.test("safetensors: a file without tensors reads", () => {
  assert.equal(readSafetensors(file({ __metadata__: { a: "b" } })).size, 0);
  assert.equal(readSafetensors(file("{}   ")).size, 0);
});

Deno.test("safetensors: broken headers are refused", () => {
  const f32 = entry("F32", [1], [0, 4]);
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(7), /has 7 bytes, expected 8/],
    [join(littleEndian(100_000_001, 8), utf8("{}")), /exceeds the limit of 100000000 bytes/],
    [join(littleEndian(99, 8), utf8("{}")), /header length 99 exceeds the file's 10 bytes/],
    [file(" {}"), /does not start with "{"/],
    [file("[]"), /does not start with "{"/],
    [file('{"a":}'), /is not JSON/],
    [file('{"\xff":1}').fill(0xff, 10, 11), /is not JSON/],
    [file('{"a":{},"a":{}}'), /has the key "a" twice/],
    [file('{"a":{},"\\u0061":{}}'), /has the key "a" twice/],
    [file('{"a":{"dtype":"F32","dtype":"F32"}}'), /has the key "dtype" twice/],
    [file('{"a":{"shape":[[[]]]}}'), /nested deeper/],
    [file({ __metadata__: { a: 1 } }), /__metadata__ is not an object of strings/],
    [file({ __metadata__: [] }), /__metadata__ is not an object of strings/],
    [file({ a: [] }), /"a" is not described by an object/],
    [file({ a: entry(1, [1], [0, 4]) }, 4), /"a" has no dtype/],
    [file({ a: entry("F32", "1", [0, 4]) }, 4), /"a" has no shape/],
    [file({ a: entry("F32", [1.5], [0, 4]) }, 4), /an extent is not an integer/],
    [file({ a: entry("F32", [-1], [0, 4]) }, 4), /an extent is not an integer/],
    [file({ a: entry("F32", [2 ** 40, 2 ** 40], [0, 4]) }, 4), /more than 2\^53 - 1 elements/],
    [file({ a: entry("F32", [2 ** 40, 0, 2 ** 40], [0, 0]) }), /more than 2\^53 - 1 elements/],
    [file({ a: entry("F32", [1], [0]) }, 4), /two integer data_offsets/],
    [file({ a: entry("F32", [1], [0.5, 4.5]) }, 4), /two integer data_offsets/],
    [file({ a: entry("F32", [1], [-4, 0]) }, 4), /lies at -4 to 0/],
    [file({ a: entry("F32", [2], [0, 4]) }, 4), /expected 8 bytes/],
    [file({ a: f32 }, 3), /the tensors end at 4, expected the 3 bytes/],
    [file({ a: f32 }, 5), /the tensors end at 4, expected the 5 bytes/],
    [file({ a: f32, b: entry("F32", [1], [2, 6]) }, 6), /"b" starts at 2 and overlaps/],
    [file({ a: f32, b: entry("F32", [1], [5, 9]) }, 9), /"b" starts at 5 and leaves a hole/],
    [file({ a: f32, b: f32 }, 4), /overlaps/],
    [join(file({ a: entry("BOOL", [1], [0, 1]) }), [2]), /a boolean is neither 0 nor 1/],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => readSafetensors(bytes), "invalid_file", message);
  }
});

Deno.test("safetensors: tensors of dtypes that are not read are listed, those beside them read", () => {
  const others: [string, number[], number][] = [
    ["F8_E4M3", [3], 3],
    ["F8_E8M0", [1, 2], 2],
    ["F6_E2M3", [4], 3],
    ["F4", [2, 3], 3],
    ["C64", [2], 16],
    ["U64", [], 8],
    ["A type of 2030", [7], 5],
  ];
  for (const [dtype, shape, bytes] of others) {
    const good = file({
      w: entry("U8", [2], [bytes, bytes + 2]),
      a: entry(dtype, shape, [0, bytes]),
    }, bytes + 2);
    const tensors = readSafetensors(good);
    assert.deepEqual([...tensors.keys()], ["w"]);
    assert.deepEqual([...tensors.skipped], [["a", `a tensor of "${dtype}"`]]);
    if (bytes === 5) continue;
    const wrong = file({ a: entry(dtype, shape, [0, bytes + 1]) }, bytes + 1);
    assertThrows(() => readSafetensors(wrong), "invalid_file", /expected .* bytes for its shape/);
  }
});

Deno.test("safetensors: __metadata__ may be null, as the reference implementation has it", () => {
  const bytes = file({ __metadata__: null, w: entry("U8", [2], [0, 2]) }, 2);
  assert.deepEqual(readSafetensors(bytes).get("w")?.shape, [2]);
});

Deno.test("safetensors: headers that would take much more memory than they have bytes are refused", () => {
  const hostile: [string, string, RegExp][] = [
    ["invalid_file", `{"a":${"[".repeat(5e6)}`, /nested deeper/],
    ["invalid_file", `{"a":${'{"a":'.repeat(5e6)}`, /nested deeper/],
    ["limit_exceeded", `{"a":[${"[],".repeat(3e6)}0]}`, /more than 2097152 values/],
    ["limit_exceeded", `{"a":[${"0,".repeat(3e6)}0]}`, /more than 2097152 values/],
    [
      "limit_exceeded",
      `{${'"":0,'.repeat(0)}${Array.from({ length: 2.2e6 }, (_, i) => `"${i}":0`)}}`,
      /values/,
    ],
  ];
  for (const [code, header, message] of hostile) {
    const start = performance.now();
    assertThrows(() => readSafetensors(file(header)), code as "invalid_file", message);
    assert.ok(performance.now() - start < 5000);
  }
});

Deno.test("safetensors: huge ranks are unsupported", () => {
  const rank = file({ a: entry("U8", new Array(65).fill(1), [0, 1]) }, 1);
  assertThrows(() => readSafetensors(rank), "unsupported", /rank 65 exceeds 64/);
});

Deno.test("safetensors: tensors that cannot be written are refused", () => {
  const tensor: Tensor = { dtype: "f32", shape: [2], data: new Float32Array(2) };
  for (const name of ["__metadata__", "\ud800"]) {
    const tensors = new Map([[name, tensor]]);
    assertThrows(() => writeSafetensors(tensors), "invalid_argument", /cannot name a tensor/);
  }
  const tensors = new Map([["a", { ...tensor, shape: [3] }]]);
  assertThrows(() => writeSafetensors(tensors), "shape_mismatch", /"a" has 8 bytes, expected 3/);
});

Deno.test("safetensors: shards are loaded once each", async () => {
  const tensor: Tensor = { dtype: "u8", shape: [1], data: new Uint8Array([1]) };
  const files: Record<string, Uint8Array> = {
    "1.safetensors": writeSafetensors(new Map([["a", tensor], ["b", tensor], ["extra", tensor]])),
    "2.safetensors": writeSafetensors(new Map([["c", tensor]])),
  };
  const loaded: string[] = [];
  function load(name: string): Promise<Uint8Array> {
    loaded.push(name);
    return Promise.resolve(files[name]);
  }
  const weight_map = { a: "1.safetensors", c: "2.safetensors", b: "1.safetensors" };
  const read = await readShardedSafetensors(JSON.stringify({ metadata: {}, weight_map }), load);
  assertSameTensors(read, new Map([["a", tensor], ["b", tensor], ["c", tensor]]));
  assert.deepEqual(loaded, ["1.safetensors", "2.safetensors"]);
});

Deno.test("safetensors: broken indexes are refused before anything is loaded", async () => {
  const cases: [string, RegExp][] = [
    ["{", /the text is not JSON/],
    ["null", /weight_map is not an object/],
    ['{"weight_map":[]}', /weight_map is not an object/],
    ...["../a", "/etc/passwd", "a\\b", "..", "", "C:x", 1].map((name): [string, RegExp] => [
      JSON.stringify({ weight_map: { t: name } }),
      /file of "t" is not a plain file name/,
    ]),
  ];
  for (const [index, message] of cases) {
    const load = () => Promise.reject(new Error("loaded"));
    await assertRejects(readShardedSafetensors(index, load), "invalid_file", message);
  }
  const index = '{"weight_map":{"t":"a"}}';
  const load = () => Promise.resolve(writeSafetensors(new Map()));
  await assertRejects(readShardedSafetensors(index, load), "invalid_file", /places "t" in "a"/);
});

Deno.test("safetensors: damaged files are read or refused", async () => {
  const bytes = writeSafetensors(sampleTensors(), { format: "pt" });
  await checkMutations(bytes, readSafetensors, 8_000);
});
