/** What the dot product of a host may be: found out, kept, forced, refused; the same results in every form. */
import assert from "node:assert/strict";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import type { WasmLoadOptions } from "../../src/engines/wasm/load.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import type { WasmExports } from "../../src/engines/wasm/_exports.ts";
import { pickBuild } from "../../src/engines/wasm/module.ts";
import { load } from "../../src/engines/load.ts";
import { compilePlainDot, DOT_FORMS, plainDotBuild } from "./plain_dot.ts";

const read = (name: string): Uint8Array<ArrayBuffer> =>
  Deno.readFileSync(new URL(`../../models/${name}.fewbit`, import.meta.url));

const VIT = read("vit-fashion-mnist");
const LANGUAGE = read("hgrn-shakespeare");
/** Numbers of what the test build computes else: pair sums that wrap, operands exchanged, of the dot or of pairs. */
const WRAPS = 4, EXCHANGED = 5, EXCHANGED_PAIRS = 6;

interface PlainExports extends WasmExports {
  set_dot(form: number): void;
}

function exportsOf(module: WebAssembly.Module): PlainExports {
  return new WebAssembly.Instance(module).exports as unknown as PlainExports;
}

Deno.test("dot: the known answer tells the three forms apart, takes another for seven, refuses a wrong one", async () => {
  const exports = exportsOf(await compilePlainDot());
  DOT_FORMS.forEach((name, i) => {
    exports.set_dot(i + 1);
    assert.equal(exports.dot_form(), i + 1, name);
    assert.equal(exports.selftest(), 0, name);
  });
  exports.set_dot(WRAPS);
  assert.deepEqual([DOT_FORMS[exports.dot_form() - 1], exports.selftest()], ["seven", 0]);
  for (const wrong of [EXCHANGED, EXCHANGED_PAIRS]) {
    exports.set_dot(wrong);
    assert.ok(exports.selftest() > 0);
  }
  assert.equal(exportsOf(pickBuild("simd").module).dot_form(), 0);
});

Deno.test("dot: an instance says which form it uses, and so do its forks", async () => {
  using own = await load(VIT, { engine: "wasm-relaxed" });
  assert.ok(own.dot !== undefined && DOT_FORMS.includes(own.dot));
  console.log(`dot of this host: ${own.dot}`);
  using seven = await load(VIT, { engine: "wasm-relaxed", dot: "seven" });
  using fork = await seven.fork();
  assert.deepEqual([seven.dot, fork.dot], ["seven", "seven"]);
  using simd = await load(VIT, { engine: "wasm-simd" });
  assert.equal(simd.dot, undefined);
});

Deno.test("dot: what a host or build does not have is refused", async () => {
  const own = await load(VIT, { engine: "wasm-relaxed" });
  own[Symbol.dispose]();
  const refusal = { code: "invalid_argument", message: /dot = / };
  for (const dot of ["unsigned", "signed"] as const) {
    if (own.dot === dot) continue;
    await assert.rejects(load(VIT, { engine: "wasm-relaxed", dot }), refusal);
  }
  await assert.rejects(load(VIT, { engine: "wasm-simd", dot: "seven" }), refusal);
  await assert.rejects(load(VIT, { engine: "reference", dot: "seven" }), { code: "unsupported" });
  const eight = "eight" as "seven";
  await assert.rejects(load(VIT, { dot: eight }), refusal);
});

Deno.test("dot: a form is taken between model_load and model_plan only", async () => {
  const exports = exportsOf(await compilePlainDot());
  const model = exports.heap_base();
  assert.ok(exports.model_dot(model, 1) < 0, "nothing is loaded");
  const headBytes = new DataView(VIT.buffer).getUint32(8, true);
  exports.memory.grow(Math.ceil((model + exports.model_size(headBytes)) / 65_536));
  new Uint8Array(exports.memory.buffer).set(VIT.subarray(0, headBytes), model + 256);
  assert.equal(exports.model_load(model, headBytes), 0);
  for (const form of [0, 4, 5, -1]) assert.ok(exports.model_dot(model, form) < 0, `${form}`);
  for (const form of [1, 2, 3]) assert.equal(exports.model_dot(model, form), 0);
  assert.equal(exports.model_plan(model, 2 ** 30, 2 ** 45), 0);
  assert.ok(exports.model_dot(model, 1) < 0, "it is planned");
});

/** A picture's logits, and what the language model says after a prompt of 24 tokens and of one more. */
async function results(options: WasmLoadOptions | "reference"): Promise<unknown> {
  const open = (file: Uint8Array<ArrayBuffer>) =>
    options === "reference" ? loadReference(file) : loadWasm(file, options);
  using vit = await open(VIT);
  using language = await open(LANGUAGE);
  const tokens = (ids: Int32Array, past: number) =>
    structuredClone(language.runSync({
      ids,
      offsets: Int32Array.of(0, ids.length),
      slot: Int32Array.of(0),
      past: Int32Array.of(past),
      rows: Int32Array.of(ids.length - 1),
    }));
  return [
    vit.runSync({ pixels: Uint8Array.from({ length: 784 }, (_, i) => i * i * 7 & 255) }),
    tokens(Int32Array.from({ length: 24 }, (_, i) => i * 37 % 1024), 0),
    tokens(Int32Array.of(5), 24),
  ];
}

Deno.test("dot: the shipped models give the same bytes in every form", async () => {
  const build = await plainDotBuild();
  const expected = await results("reference");
  assert.deepEqual(await results({ build: "relaxed" }), expected);
  assert.deepEqual(await results({ build: "relaxed", dot: "seven" }), expected);
  for (const dot of DOT_FORMS) assert.deepEqual(await results({ build, dot }), expected, dot);
});
