/** Instances of every engine: checked inputs, state, forks, slices. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { FewbitError } from "../../src/errors.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { ProgramError } from "../../src/program/verdict.ts";
import { ENGINES } from "./_engines.ts";

const SESSIONS = 3;
const RING = 4;
const COLUMNS = 2;
const CONTEXT = 10;

/** Entry `append` writes rows of sessions, entry `count` sums its input into `total`. */
async function statefulProgram(): Promise<Uint8Array<ArrayBuffer>> {
  const builder = new ProgramBuilder();
  const extent = (value: number) => builder.expression(value);
  const run = (name: string, max: number) =>
    builder.symbol({ name, kind: "run", min: 1, max: extent(max), default: 1 });
  const tokens = builder.expression(0, [[1, run("tokens", 8)]]);
  const batch = run("batch", SESSIONS);
  const sequences = builder.expression(0, [[1, batch]]);
  const bounds = builder.expression(1, [[1, batch]]);

  const input = (name: string, extents: number[], check = {}) =>
    builder.tensor({ region: "input", name, dtype: "i32", extents, ...check });
  const x = input("x", [tokens, extent(COLUMNS)]);
  const offsets = input("offsets", [bounds], { check: "offsets", limit: tokens });
  const slot = input("slot", [sequences], { check: "distinct", limit: extent(SESSIONS) });
  const past = input("past", [sequences], { check: "past", limit: extent(CONTEXT), offsets });
  const cache = builder.tensor({
    region: "state",
    name: "cache",
    dtype: "i32",
    extents: [extent(SESSIONS), extent(RING), extent(COLUMNS)],
    data: new Uint8Array(new Int32Array(SESSIONS * RING * COLUMNS).fill(-7).buffer),
  });
  const whole = (tensor: number) => builder.whole(tensor);
  builder.instruction("append_rows", {
    x: whole(x),
    offsets: whole(offsets),
    slot: whole(slot),
    past: whole(past),
    cache: whole(cache),
  });
  builder.entry("append");

  const step = input("step", [extent(1), extent(5)]);
  const total = builder.tensor({
    region: "state",
    name: "total",
    dtype: "i32",
    extents: [extent(SESSIONS), extent(5)],
    encoding: "zero",
  });
  const y = builder.tensor({
    region: "output",
    name: "y",
    dtype: "i32",
    extents: [extent(1), extent(5)],
  });
  // The last row of the sums.
  const sum = builder.view(total, [extent(1), extent(5)], extent(5), extent((SESSIONS - 1) * 5));
  builder.instruction("accumulate", { x: whole(step), y: sum });
  builder.instruction("accumulate", { x: whole(step), y: sum });
  builder.instruction("copy", { x: sum, y: whole(y) });
  builder.entry("count");
  return await encodeProgram(builder.finish());
}

const FILE = await statefulProgram();

interface Batch {
  offsets: number[];
  slot: number[];
  past: number[];
}

function append(instance: SyncInstance, { offsets, slot, past }: Batch, first = 0): void {
  const tokens = Math.max(1, Math.min(8, offsets[offsets.length - 1]));
  instance.runSync({
    x: Int32Array.from({ length: tokens * COLUMNS }, (_, i) => first + i),
    offsets: Int32Array.from(offsets),
    slot: Int32Array.from(slot),
    past: Int32Array.from(past),
  }, { entry: "append", symbols: { batch: slot.length, tokens } });
}

function count(instance: SyncInstance, step: number): number[] {
  const { y } = instance.runSync({ step: new Int32Array(5).fill(step) }, { entry: "count" });
  return Array.from(y.data as Int32Array);
}

function cacheOf(instance: SyncInstance, session: number): number[] {
  const all = Array.from(instance.readSync("cache").data as Int32Array);
  return all.slice(session * RING * COLUMNS, (session + 1) * RING * COLUMNS);
}

function totalOf(instance: SyncInstance): number[] {
  return Array.from(instance.readSync("total").data as Int32Array).slice(-5);
}

const GOOD: Batch = { offsets: [0, 2, 3], slot: [2, 0], past: [3, 9] };
const BAD: readonly (readonly [why: string, batch: Batch])[] = [
  ["first offset", { ...GOOD, offsets: [1, 2, 3] }],
  ["descending offsets", { ...GOOD, offsets: [0, 4, 3] }],
  ["negative offset", { ...GOOD, offsets: [0, -1, 3] }],
  ["last offset", { ...GOOD, offsets: [0, 2, 9] }],
  ["slot twice", { ...GOOD, slot: [1, 1] }],
  ["slot beyond", { ...GOOD, slot: [0, SESSIONS] }],
  ["negative slot", { ...GOOD, slot: [-1, 0] }],
  ["negative past", { ...GOOD, past: [-1, 0] }],
  ["past beyond the context", { ...GOOD, past: [0, 10] }],
  ["past and length beyond the context", { ...GOOD, past: [9, 0] }],
  ["past that wraps", { ...GOOD, past: [2 ** 31 - 1, 0] }],
];

for (const engine of ENGINES) {
  Deno.test(`${engine.name} checks inputs that are indices`, async () => {
    using instance = await engine.load(FILE);
    append(instance, GOOD);
    const before = instance.saveStateSync();
    for (const [why, batch] of BAD) {
      assert.throws(
        () => append(instance, batch, 100),
        (error) => error instanceof ProgramError && error.verdict === "bad_input",
        why,
      );
    }
    assert.deepEqual(instance.saveStateSync(), before);
  });

  Deno.test(`${engine.name} appends to rings, resets and rewinds`, async () => {
    using instance = await engine.load(FILE);
    append(instance, GOOD, 10);
    // Session 2 from position 3 of a ring of 4: rows 3 and 0.
    assert.deepEqual(cacheOf(instance, 2), [12, 13, -7, -7, -7, -7, 10, 11]);
    assert.deepEqual(cacheOf(instance, 0), [-7, -7, 14, 15, -7, -7, -7, -7]);
    append(instance, { offsets: [0, 0, 1], slot: [0, 2], past: [0, 3] }, 50);
    assert.deepEqual(cacheOf(instance, 2), [12, 13, -7, -7, -7, -7, 50, 51]);
    count(instance, 4);
    const before = instance.saveStateSync();
    for (const slot of [-1, SESSIONS, 0.5, NaN]) {
      assert.throws(() => instance.reset(slot), FewbitError, `slot ${slot}`);
    }
    assert.deepEqual(instance.saveStateSync(), before);
    instance.reset(0);
    assert.deepEqual(totalOf(instance), Array(5).fill(8));
    append(instance, { offsets: [0, 1], slot: [0], past: [9] }, 14);
    instance.reset(2);
    assert.deepEqual(totalOf(instance), Array(5).fill(0));
    assert.deepEqual(cacheOf(instance, 2), Array(8).fill(-7));
    assert.deepEqual(cacheOf(instance, 0), [-7, -7, 14, 15, -7, -7, -7, -7]);
    instance.reset();
    assert.deepEqual(cacheOf(instance, 0), Array(8).fill(-7));
  });

  Deno.test(`${engine.name} forks, saves and restores`, async () => {
    using instance = await engine.load(FILE);
    assert.deepEqual(count(instance, 3), Array(5).fill(6));
    using fork = instance.fork();
    assert.deepEqual(count(fork, 1), Array(5).fill(8));
    assert.deepEqual(count(instance, 10), Array(5).fill(26));
    const saved = instance.saveStateSync();
    count(instance, 1);
    instance.restoreState(saved);
    assert.deepEqual(count(instance, 0), Array(5).fill(26));
    fork.restoreState(saved);
    assert.deepEqual(count(fork, 0), Array(5).fill(26));
    fork.reset();
    assert.deepEqual(count(fork, 0), Array(5).fill(0));
    instance.write("total", new Int32Array(SESSIONS * 5).fill(2 ** 31 - 1));
    assert.deepEqual(count(instance, 1), Array(5).fill(-(2 ** 31) + 1));
  });

  Deno.test(`${engine.name} runs slice by slice`, async () => {
    using instance = await engine.load(FILE);
    const execution = instance.begin({ step: new Int32Array(5).fill(2) }, { entry: "count" });
    assert.equal(execution.total, 3);
    assert.equal(execution.advance(1), false);
    assert.deepEqual(totalOf(instance), Array(5).fill(2));
    assert.equal(execution.advance(1), false);
    assert.equal(execution.advance(9), true);
    assert.equal(execution.done, 3);
    assert.deepEqual(Array.from(execution.outputs().y.data as Int32Array), Array(5).fill(4));
  });

  Deno.test(`${engine.name} refuses damaged files and disposed instances`, async () => {
    const instance = await engine.load(FILE);
    instance[Symbol.dispose]();
    instance[Symbol.dispose]();
    assert.throws(
      () => count(instance, 1),
      (error) => error instanceof FewbitError && error.code === "disposed",
    );
    for (const at of [0, 20, 100, 500, FILE.length - 1]) {
      const damaged = FILE.slice();
      damaged[at] ^= 16;
      await assert.rejects(engine.load(damaged), FewbitError, `byte ${at}`);
    }
    for (const file of [FILE.slice(0, -1), FILE.slice(0, 63), new Uint8Array([...FILE, 0])]) {
      await assert.rejects(engine.load(file), FewbitError);
    }
  });
}

Deno.test("a state that one engine saved is another's", async () => {
  const states = await Promise.all(ENGINES.map(async (engine) => {
    using instance = await engine.load(FILE);
    append(instance, GOOD, 30);
    count(instance, 12);
    return instance.saveStateSync();
  }));
  for (const state of states) assert.deepEqual(state, states[0]);
});
