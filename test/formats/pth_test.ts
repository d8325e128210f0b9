import assert from "node:assert/strict";
import { readPth } from "../../src/formats/pth.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { assertRejects, assertSameTensors, scalarsAsVectors } from "./_assert.ts";
import { join, latin1, littleEndian, utf8 } from "./_join.ts";
import { checkMutations } from "./_mutate.ts";
import { call, global, type Picklable, pickle, storage, tensor } from "./_pickle_builder.ts";
import { buildZip, type ZipFile } from "./_zip_builder.ts";

const VECTORS = new URL("../vectors/tiny/", import.meta.url);

/** Six floats, as a storage in a file. */
const SIX = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);

/** A checkpoint in a zip archive, of a root and one storage with the key `0`. */
async function zipFile(
  root: Picklable,
  data: Uint8Array = SIX,
  { deflate = false, zip64 = false, byteorder = "little" } = {},
): Promise<Uint8Array> {
  const files: ZipFile[] = [
    { name: "a/data.pkl", data: pickle(root), deflate },
    { name: "a/byteorder", data: utf8(byteorder) },
    { name: "a/data/0", data, deflate },
  ];
  return await buildZip(files, { zip64 });
}

/** A legacy checkpoint of a root and storages. */
function legacyFile(
  root: Picklable,
  storages: readonly [key: string, count: number, data: Uint8Array][] = [["0", 6, SIX]],
  host: Picklable = new Map([["little_endian", true]]),
): Uint8Array {
  return join(
    latin1("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."),
    pickle(1001),
    pickle(host),
    pickle(root),
    pickle(storages.map(([key]) => key)),
    ...storages.flatMap(([, count, data]) => [littleEndian(count, 8), data]),
  );
}

function floats(): Uint8Array {
  return storage("FloatStorage", "0", 6);
}

function dict(value: Picklable): Map<string, Picklable> {
  return new Map([["x", value]]);
}

async function readX(bytes: Uint8Array): Promise<[readonly number[], number[]]> {
  const { shape, data } = (await readPth(bytes)).get("x")!;
  return [shape, Array.from(data as ArrayLike<unknown>, Number)];
}

Deno.test("pth: files that PyTorch wrote equal the same in safetensors", async () => {
  const safetensors = await Deno.readFile(new URL("deit.safetensors", VECTORS));
  const expected = scalarsAsVectors(readSafetensors(safetensors));
  for (const name of ["deit.pth", "deit_legacy.pth"]) {
    const bytes = await Deno.readFile(new URL(name, VECTORS));
    const tensors = await readPth(bytes);
    assertSameTensors(tensors, expected);
    assert.equal(tensors.keys().next().value, "cls_token");
    assertSameTensors(await readPth(join([0], bytes).subarray(1)), expected);
  }
});

Deno.test("pth: both formats, compression and zip64", async () => {
  const root = dict(tensor(floats(), 0, [2, 3], [3, 1]));
  const files = [
    await zipFile(root),
    await zipFile(root, SIX, { deflate: true }),
    await zipFile(root, SIX, { zip64: true }),
    legacyFile(root),
  ];
  for (const bytes of files) assert.deepEqual(await readX(bytes), [[2, 3], [0, 1, 2, 3, 4, 5]]);
});

Deno.test("pth: every storage class reads", async () => {
  const classes = [
    ["DoubleStorage", "f64", 8],
    ["FloatStorage", "f32", 4],
    ["HalfStorage", "f16", 2],
    ["BFloat16Storage", "bf16", 2],
    ["LongStorage", "i64", 8],
    ["IntStorage", "i32", 4],
    ["ShortStorage", "i16", 2],
    ["CharStorage", "i8", 1],
    ["ByteStorage", "u8", 1],
    ["BoolStorage", "bool", 1],
  ] as const;
  for (const [name, dtype, size] of classes) {
    const data = Uint8Array.from({ length: 3 * size }, (_, index) => index & 1);
    const root = dict(tensor(storage(name, "0", 3), 1, [2], [1]));
    for (const bytes of [await zipFile(root, data), legacyFile(root, [["0", 3, data]])]) {
      const { dtype: actual, data: read } = (await readPth(bytes)).get("x")!;
      assert.equal(actual, dtype);
      const bits = new Uint8Array(read.buffer, read.byteOffset, read.byteLength);
      assert.deepEqual([...bits], [...data.subarray(size)]);
    }
  }
});

Deno.test("pth: strided tensors become row-major, others stay where they are", async () => {
  const cases: [number, number[], number[], number[]][] = [
    [0, [], [], [0]],
    [5, [1], [1], [5]],
    [5, [1], [99], [5]],
    [1, [2, 2], [2, 1], [1, 2, 3, 4]],
    [0, [3, 2], [1, 3], [0, 3, 1, 4, 2, 5]],
    [1, [2], [4], [1, 5]],
    [0, [2, 2], [0, 1], [0, 1, 0, 1]],
    [5, [2, 4], [0, 0], Array(8).fill(5)],
    [4, [7, 2], [0, 1], Array(7).fill([4, 5]).flat()],
    [0, [1, 3, 1, 2], [7, 1, 7, 3], [0, 3, 1, 4, 2, 5]],
    [99, [0, 2], [2, 1], []],
  ];
  for (const [offset, shape, strides, values] of cases) {
    const bytes = await zipFile(dict(tensor(floats(), offset, shape, strides)));
    assert.deepEqual(await readX(bytes), [shape, values]);
  }
});

Deno.test("pth: tied tensors share memory", async () => {
  const root = new Map([["a", tensor(floats(), 0, [6], [1])], [
    "b",
    tensor(floats(), 2, [2], [1]),
  ]]);
  const tensors = await readPth(legacyFile(root));
  assert.equal(tensors.get("a")!.data.buffer, tensors.get("b")!.data.buffer);
  assert.deepEqual([...tensors.get("b")!.data], [2, 3]);
});

Deno.test("pth: views of storages in legacy files", async () => {
  const view = storage("FloatStorage", "0", 6, ["1", 2, 3]);
  assert.deepEqual(await readX(legacyFile(dict(tensor(view, 1, [2], [1])))), [[2], [3, 4]]);
  const beyond = legacyFile(dict(tensor(view, 2, [2], [1])));
  await assertRejects(readPth(beyond), "invalid_file", /reaches element 3 of storage "0"/);
});

Deno.test("pth: parameters and OrderedDicts with attributes read", async () => {
  const parameter = call("torch._utils", "_rebuild_parameter", [
    tensor(floats(), 0, [2], [1]),
    true,
    call("collections", "OrderedDict", []),
  ]);
  const pair = join(utf8("]"), utf8("]X\x01\x00\x00\x00xa"), parameter, utf8("aa"));
  const ordered = join(
    call("collections", "OrderedDict", [pair]),
    utf8("}X\x09\x00\x00\x00_metadata"),
    call("collections", "OrderedDict", []),
    utf8("sb"),
  );
  assert.deepEqual(await readX(await zipFile(ordered)), [[2], [0, 1]]);
});

Deno.test("pth: wrapped checkpoints are unwrapped, and what is no tensor is dropped", async () => {
  const inner = new Map<string, Picklable>([
    ["x", tensor(floats(), 0, [6], [1])],
    ["num_batches_tracked", 3],
    ["nested", dict(tensor(floats(), 0, [6], [1]))],
  ]);
  for (const key of ["model", "state_dict", "model_state", "model_state_dict"]) {
    const root = new Map<string, Picklable>([["epoch", 3], [key, inner], ["args", null]]);
    assert.deepEqual([...(await readPth(await zipFile(root))).keys()], ["x"]);
  }
  const flat = dict(tensor(floats(), 0, [1], [1])).set("model", tensor(floats(), 0, [1], [1]));
  assert.deepEqual([...(await readPth(await zipFile(flat))).keys()], ["x", "model"]);
});

Deno.test("pth: any other global stands for itself, is never called, and the tensors load", async () => {
  const names = [
    ["os", "system"],
    ["builtins", "eval"],
    ["torch.storage", "_load_from_bytes"],
    ["torch", "load"],
    ["argparse", "Namespace"],
    ["collections", "__proto__"],
    ["constructor", "constructor"],
  ];
  const x = tensor(floats(), 0, [2], [1]);
  for (const [module, name] of names) {
    for (const value of [global(module, name), call(module, name, ["x"])]) {
      const root = new Map<string, Picklable>([["x", x], ["y", value]]);
      for (const bytes of [await zipFile(root), legacyFile(root)]) {
        assert.deepEqual(await readX(bytes), [[2], [0, 1]]);
        assert.deepEqual([...(await readPth(bytes)).keys()], ["x"]);
      }
      const message = new RegExp(`an object of "${module}.${name}", not a dict of tensors`);
      for (const root of [value, dict(value)]) {
        await assertRejects(readPth(await zipFile(root)), "unsupported", message);
        await assertRejects(readPth(legacyFile(root, [])), "unsupported", message);
      }
    }
  }
  const storageCall = call("torch", "FloatStorage", [6]);
  await assertRejects(readPth(await zipFile(storageCall)), "invalid_file", /is no function/);
});

Deno.test("pth: tensors that do not fit their storage are refused", async () => {
  const cases: [Picklable, RegExp][] = [
    [tensor(floats(), 0, [7], [1]), /reaches element 6 of storage "0", which has 6/],
    [tensor(floats(), 6, [7], [0]), /reaches element 6 of storage "0", which has 6/],
    [tensor(floats(), 1, [6], [1]), /reaches element 6 of storage "0", which has 6/],
    [tensor(floats(), 6, [], []), /reaches element 6/],
    [tensor(floats(), 0, [2], [2 ** 52]), /reaches element/],
    [tensor(floats(), 0, [2 ** 52, 2 ** 52], [1, 1]), /more than 2\^53 - 1 elements/],
    [tensor(floats(), -1, [1], [1]), /not made of counts/],
    [tensor(floats(), 0, [-1], [1]), /not made of counts/],
    [tensor(floats(), 5, [2], [-1]), /not made of counts/],
    [tensor(floats(), 0, ["1"], [1]), /not made of counts/],
    [tensor(floats(), 0, [1], []), /a size and a stride of one length/],
    [tensor(floats(), 0, 1, 1), /a size and a stride of one length/],
    [tensor("x", 0, [1], [1]), /_rebuild_tensor_v2 is called without a storage/],
    [call("torch._utils", "_rebuild_tensor_v2", []), /called without a storage/],
    [call("torch._utils", "_rebuild_parameter", [1, 2, 3]), /called without a tensor/],
    [call("collections", "OrderedDict", [[1]]), /not a list of pairs/],
    [storage("FloatStorage", "0", -1), /storage "0" has no valid size/],
    [storage("FloatStorage", "0", 6, ["1", 5, 2]), /a view passes the end of storage "0"/],
    [storage("FloatStorage", "0", 6, [1]), /a view is not a tuple of 3/],
    [join(utf8("N"), utf8("Q")), /persistent id is not a tuple/],
    [join(utf8("(NNNNNt"), utf8("Q")), /persistent id does not name a storage/],
  ];
  for (const [value, message] of cases) {
    await assertRejects(readPth(await zipFile(dict(value))), "invalid_file", message);
  }
});

Deno.test("pth: storages that are not as described are refused", async () => {
  const root = dict(tensor(floats(), 0, [6], [1]));
  const bools = dict(tensor(storage("BoolStorage", "0", 6), 0, [1], [1]));
  const cases: [Uint8Array, RegExp][] = [
    [await zipFile(root, SIX.subarray(1)), /storage "0" has 23 bytes, expected 24/],
    [await zipFile(dict(tensor(storage("FloatStorage", "1", 6), 0, [6], [1]))), /no storage "1"/],
    [await zipFile(bools, SIX), /neither 0 nor 1/],
    [await buildZip([{ name: "a/version", data: SIX }]), /has no data.pkl/],
    [legacyFile(root, []), /does not list storage "0"/],
    [legacyFile(root, [["1", 6, SIX]]), /one that no tensor names/],
    [legacyFile(root, [["0", 6, SIX], ["0", 6, SIX]]), /has it twice/],
    [legacyFile(root, [["0", 5, SIX]]), /has 5 elements, expected 6/],
    [legacyFile(root, [["0", 6, SIX.subarray(1)]]), /passes the file's/],
    [legacyFile(root, [["0", 6, SIX]], null), /description of the host is not a dict/],
    [legacyFile(root, [["0", 6, SIX]], floats()), /a storage is named where none can be/],
    [pickle(1), /the magic number is wrong/],
    [await zipFile([root]), /does not hold a dict of tensors/],
    [new Uint8Array(), /bytes are expected where 0 are left/],
  ];
  for (const [bytes, message] of cases) {
    await assertRejects(readPth(bytes), "invalid_file", message);
  }
});

Deno.test("pth: tensors of other kinds are listed and skipped", async () => {
  const complex = tensor(storage("ComplexFloatStorage", "1", 3), 0, [3], [1]);
  const negated = tensor(floats(), 0, [6], [1], new Map([["neg", true]]));
  const sparse = call("torch._utils", "_rebuild_sparse_tensor", [null, []]);
  const root = new Map<string, Picklable>([
    ["complex", complex],
    ["x", tensor(floats(), 0, [2], [1])],
    ["negated", negated],
    ["sparse", sparse],
  ]);
  const files = [
    await buildZip([
      { name: "a/data.pkl", data: pickle(root) },
      { name: "a/data/0", data: SIX },
      { name: "a/data/1", data: SIX },
    ]),
    legacyFile(root, [["1", 3, new Uint8Array(24)], ["0", 6, SIX]]),
  ];
  for (const bytes of files) {
    assert.deepEqual(await readX(bytes), [[2], [0, 1]]);
    assert.deepEqual([...(await readPth(bytes)).skipped], [
      ["complex", "a tensor of an element type that fewbit has not"],
      ["negated", "a tensor that is conjugated or negated lazily"],
      ["sparse", "a sparse tensor"],
    ]);
  }
});

Deno.test("pth: a tensor of stride 0 costs its own bytes, which are limited", async () => {
  const huge = await zipFile(dict(tensor(floats(), 0, [2 ** 40], [0])));
  await assertRejects(readPth(huge), "limit_exceeded", /4398046511104 bytes are needed/);
});

Deno.test("pth: tensors in tensors with attributes do not nest", async () => {
  let args: readonly Picklable[] = ["x"];
  for (let i = 0; i < 3; i++) {
    args = [
      global("torch._tensor", "_rebuild_from_type_v2"),
      global("torch", "Tensor"),
      args,
      null,
    ];
  }
  const nested = call("torch._tensor", "_rebuild_from_type_v2", args);
  await assertRejects(readPth(await zipFile(dict(nested))), "invalid_file", /without a function/);
});

Deno.test("pth: what is well formed, but not supported", async () => {
  const root = dict(tensor(floats(), 0, [6], [1]));
  const ones = new Array(65).fill(1);
  const cases: [Uint8Array, RegExp][] = [
    [await zipFile(dict(tensor(floats(), 0, ones, ones))), /rank 65 exceeds 64/],
    [await zipFile(root, SIX, { byteorder: "big" }), /not little-endian/],
    [legacyFile(root, [], new Map([["little_endian", false]])), /not little-endian/],
    [join(legacyFile(root).subarray(0, 15), pickle(1002)), /its protocol is not 1001/],
  ];
  for (const [bytes, message] of cases) {
    await assertRejects(readPth(bytes), "unsupported", message);
  }
});

Deno.test("pth: memory beyond that of the file is limited", async () => {
  const transposed = await zipFile(dict(tensor(floats(), 0, [3, 2], [1, 3])));
  assert.equal((await readPth(transposed, { maxBytes: 24 })).size, 1);
  const limited = readPth(transposed, { maxBytes: 23 });
  await assertRejects(limited, "limit_exceeded", /24 bytes are needed/);
  const zeros = new Uint8Array(10_000_000);
  const root = dict(tensor(storage("ByteStorage", "0", zeros.length), 0, [1], [1]));
  const bomb = await zipFile(root, zeros, { deflate: true });
  assert.equal((await readPth(bomb)).size, 1);
  const limitedBomb = readPth(bomb, { maxBytes: 1_000_000 });
  await assertRejects(limitedBomb, "limit_exceeded", /10000000 bytes are needed/);
  await assertRejects(readPth(bomb, { maxBytes: NaN }), "invalid_argument", /maxBytes is NaN/);
});

Deno.test("pth: damaged files are read or refused", async () => {
  const root = new Map<string, Picklable>([
    ["model", new Map([["x", tensor(floats(), 0, [3, 2], [1, 3])]])],
    ["epoch", 3],
  ]);
  await checkMutations(await zipFile(root), readPth, 4_000);
  await checkMutations(await zipFile(root, SIX, { deflate: true }), readPth);
  await checkMutations(await zipFile(root, SIX, { zip64: true }), readPth);
  await checkMutations(legacyFile(root), readPth, 4_000);
  const zip = await Deno.readFile(new URL("deit.pth", VECTORS));
  await checkMutations(zip, readPth, 1_000, [0, 12_000]);
  await checkMutations(zip, readPth, 1_000, [zip.length - 9_000, zip.length]);
  const legacy = await Deno.readFile(new URL("deit_legacy.pth", VECTORS));
  await checkMutations(legacy, readPth, 2_000, [0, 16_000]);
});
