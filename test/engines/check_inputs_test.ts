/** Inputs that do not fit, or whose values do not, are refused before anything runs. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import type { TensorData } from "../../src/tensor.ts";

const CLASSIFIER = new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url);

const [T, C, SESSIONS] = [5, 2, 4];

/** A scan of embedded ids: 2 sequences of 5 tokens, 4 sessions of at most 9 tokens, ids below 3. */
const graph = new Graph();
const ids = graph.input("ids", "i32", [T], { check: "below", limit: 3 });
const offsets = graph.input("offsets", "i32", [3], { check: "offsets", limit: T });
const slot = graph.input("slot", "i32", [2], { check: "distinct", limit: SESSIONS });
const past = graph.input("past", "i32", [2], { check: "past", limit: 9, offsets });
const table = graph.constant("table", { dtype: "f32", shape: [3, C], data: new Float32Array(6) });
const u = graph.apply(ops.embedding, { table, index: ids });
const z = graph.input("z", "f32", [T, C]);
const state = graph.state("state", "f32", [SESSIONS, C]);
graph.output("y", graph.apply(ops.hgrnScan, { u, z, offsets, slot, past, state }));
const instance = await load(compile(graph), { engine: "reference" });

const GOOD: Readonly<Record<string, TensorData>> = {
  ids: Int32Array.of(0, 2, 1, 0, 2),
  offsets: Int32Array.of(0, 2, 5),
  slot: Int32Array.of(3, 0),
  past: Int32Array.of(7, 6),
  z: new Float32Array(T * C),
};

Deno.test("good values are run, to the limits", () => {
  for (const bounds of [[0, 2, 5], [0, 0, 5], [0, 5, 5]]) {
    const inputs = { ...GOOD, offsets: Int32Array.from(bounds), past: Int32Array.of(4, 4) };
    assert.doesNotThrow(() => instance.runSync(inputs));
  }
  assert.doesNotThrow(() => instance.runSync(GOOD));
  // The bytes of any type are taken, wherever they begin.
  const bytes = new Uint8Array(21);
  bytes.set(new Uint8Array((GOOD.ids as Int32Array).buffer), 1);
  assert.doesNotThrow(() => instance.runSync({ ...GOOD, ids: bytes.subarray(1) }));
});

Deno.test("clamped bytes are those of pictures: for u8 only, with the same result", async () => {
  using classifier = await load(await Deno.readFile(CLASSIFIER));
  const pixels = Uint8Array.from({ length: 784 }, (_, i) => i % 256);
  const { logits } = await classifier.run({ pixels });
  const outputs = await classifier.run({ pixels: new Uint8ClampedArray(pixels) });
  assert.deepEqual(outputs.logits, logits);
  const clamped = new Uint8ClampedArray(20);
  assert.throws(() => instance.runSync({ ...GOOD, ids: clamped }), {
    code: "dtype_mismatch",
    message: 'Cannot run: input "ids" is i32, got Uint8ClampedArray',
  });
});

const BAD: Readonly<Record<string, readonly (readonly number[])[]>> = {
  ids: [[0, 1, 2, 3, 0], [0, 0, 0, 0, -1]],
  offsets: [[1, 2, 5], [0, 3, 4], [0, 6, 5], [0, -1, 5], [-1, 2, 5], [0, 2, 6]],
  slot: [[0, 0], [0, 4], [-1, 2]],
  past: [[8, 6], [7, 7], [-1, 0], [0, -1]],
};

for (const [name, all] of Object.entries(BAD)) {
  for (const values of all) {
    Deno.test(`${name} of ${values} is refused`, () => {
      assert.throws(
        () => instance.runSync({ ...GOOD, [name]: Int32Array.from(values) }),
        { message: new RegExp(`${name}\\[\\d\\] = `) },
      );
    });
  }
}

Deno.test("sizes, types and names have to be those of the inputs", () => {
  const refused = (inputs: Readonly<Record<string, TensorData>>, code: string, message: RegExp) =>
    assert.throws(() => instance.runSync({ ...GOOD, ...inputs }), { code, message });
  refused(
    { z: new Float32Array(9) },
    "shape_mismatch",
    /: z: 36 bytes, 40 expected \(f32 \[5, 2\]\)$/,
  );
  refused({ z: new Float32Array(11) }, "shape_mismatch", /: z: 44 bytes, 40 expected/);
  refused({ z: new Int32Array(10) }, "dtype_mismatch", /"z" is f32, got Int32Array/);
  refused({ other: new Float32Array(1) }, "invalid_argument", /unknown input "other"/);
  const { z: _, ...rest } = GOOD;
  assert.throws(() => instance.runSync(rest), {
    code: "invalid_argument",
    message: /"z" is missing/,
  });
});
