/** A run that is refused changes nothing, and runs of one instance take turns. */
import assert from "node:assert/strict";
import type { Inputs } from "../../src/engines/engine.ts";
import { FewbitError } from "../../src/errors.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { ENGINES } from "../conformance/_engines.ts";

/** `y[t] = table[index[t]]`, the rows also kept in a cache by slot, offset and past; and `w` copied out. */
async function indexProgram(): Promise<Uint8Array<ArrayBuffer>> {
  const b = new ProgramBuilder();
  const e = (n: number) => b.expression(n);
  const weights = new Float32Array(16).fill(1);
  const w = b.tensor({
    region: "constant",
    dtype: "f32",
    extents: [e(1), e(16)],
    data: new Uint8Array(weights.buffer),
  });
  const input = (name: string, n: number, more: object = {}) =>
    b.tensor({ region: "input", name, dtype: "i32", extents: [e(n)], ...more });
  const x = b.tensor({ region: "input", name: "x", dtype: "f32", extents: [e(1), e(4), e(16)] });
  const index = input("index", 2, { check: "below", limit: e(4) });
  const offsets = input("offsets", 3, { check: "offsets", limit: e(2) });
  const slot = input("slot", 2, { check: "distinct", limit: e(2) });
  const past = input("past", 2, { check: "past", limit: e(9), offsets });
  const rows = b.tensor({ region: "arena", dtype: "f32", extents: [e(1), e(2), e(16)] });
  const cache = b.tensor({
    region: "state",
    name: "cache",
    dtype: "f32",
    extents: [e(2), e(9), e(16)],
    encoding: "zero",
  });
  const [y, z] = ["y", "z"].map((name) =>
    b.tensor({ region: "output", name, dtype: "f32", extents: [e(2), e(16)] })
  );
  b.instruction("gather_rows", { x: b.whole(x), index: b.whole(index), y: b.whole(rows) });
  const flat = b.view(rows, [e(2), e(16)], e(16));
  b.instruction("append_rows", {
    x: flat,
    offsets: b.whole(offsets),
    slot: b.whole(slot),
    past: b.whole(past),
    cache: b.whole(cache),
  });
  b.instruction("copy", { x: flat, y: b.whole(y) });
  // Large enough that a run pauses before and after it.
  const wide = [e(1), e(2 ** 20)];
  const zeros = b.tensor({
    region: "parameter",
    name: "zeros",
    dtype: "i8",
    extents: wide,
    encoding: "zero",
  });
  const moved = b.tensor({ region: "arena", dtype: "i8", extents: wide });
  b.instruction("copy", { x: b.whole(zeros), y: b.whole(moved) });
  const one = [e(1), e(16)];
  b.instruction("copy", { x: b.whole(w), y: b.view(z, one, e(16)) });
  b.entry("main");
  return await encodeProgram(b.finish());
}

const FILE = await indexProgram();
const GOOD: Inputs = {
  x: Float32Array.from({ length: 64 }, (_, i) => i),
  index: Int32Array.of(3, 1),
  offsets: Int32Array.of(0, 1, 2),
  slot: Int32Array.of(1, 0),
  past: Int32Array.of(0, 8),
};
/** Takes the time after which a run lets others work. */
function pause(): void {
  for (const end = performance.now() + 10; performance.now() < end;);
}

const ints = (...values: number[]) => Int32Array.from(values);
/** Inputs of which one or two are wrong: a value, a size or a type. */
const BAD: Inputs[] = [
  ...[4, -1, 100, 0x3FFFFFF, -(2 ** 31)].map((i) => ({ index: ints(i, 0) })),
  ...[4, -1].map((i) => ({ index: ints(0, i), x: new Float32Array(64) })),
  ...[[1, 1, 2], [0, 2, 1], [0, -1, 2], [0, 1, 3], [0, 3, 2]].map((o) => ({ offsets: ints(...o) })),
  ...[[0, 0], [2, 0], [-1, 0], [-400, 1]].map((s) => ({ slot: ints(...s) })),
  ...[[-1, 0], [9, 0], [0, 9], [2 ** 31 - 1, 0]].map((p) => ({ past: ints(...p) })),
  { index: ints(100, 100), x: new Float32Array(3) },
  { slot: ints(-9, -8), x: new Float32Array(0) },
  { x: new Int32Array(64) as never, index: ints(9, 9) },
  { x: undefined as never, slot: ints(7, 8) },
  { other: ints(1), past: ints(-5, -5) },
  { index: new Uint8Array(ints(0, 77).buffer) },
  { index: new Uint8Array(new Uint8Array(9).fill(255).buffer, 1) },
];

for (const engine of ENGINES) {
  Deno.test(`${engine.name}: a begin that is refused writes nothing (${BAD.length} kinds)`, async () => {
    for (const bad of BAD) {
      using alone = await engine.load(FILE);
      const expected = alone.runSync(GOOD);
      using instance = await engine.load(FILE);
      using fork = instance.fork();
      const execution = instance.begin(GOOD);
      execution.advance(1);
      assert.throws(() => instance.begin({ ...GOOD, ...bad }), FewbitError);
      execution.advance();
      assert.deepEqual(execution.outputs(), expected);
      assert.deepEqual(instance.readSync("cache"), alone.readSync("cache"));
      assert.deepEqual(fork.runSync(GOOD), expected);
    }
  });

  Deno.test(`${engine.name}: values that change under way are checked again or cannot change`, async () => {
    using instance = await engine.load(FILE);
    const shared = new Int32Array(new SharedArrayBuffer(8));
    shared.set([3, 1]);
    const { y } = instance.runSync({ ...GOOD, index: shared });
    assert.equal(y.data[0], 48);
  });

  Deno.test(`${engine.name}: four runs at once take turns, also where one is aborted`, async () => {
    using instance = await engine.load(FILE);
    const inputs = [0, 1, 2, 3].map((i) => ({ ...GOOD, x: new Float32Array(64).fill(i) }));
    for (let aborted = -1; aborted < 4; aborted++) {
      const stops = inputs.map(() => new AbortController());
      const order: number[] = [];
      const runs = inputs.map((given, i) =>
        instance.run(given, {
          signal: stops[i].signal,
          onProgress: (done, total) => {
            if (done < total) pause();
          },
        }).then((outputs) => {
          order.push(i);
          return outputs;
        })
      );
      // What was given may change once the call has returned.
      inputs.forEach(({ x }, i) => i > 0 && x.fill(NaN));
      stops[aborted]?.abort(new Error(`stop ${aborted}`));
      const results = await Promise.allSettled(runs);
      inputs.forEach(({ x }, i) => x.fill(i));
      results.forEach((result, i) => {
        if (result.status === "fulfilled") assert.equal(result.value.y.data[0], i);
        else assert.equal(result.reason.message, `stop ${i}`);
      });
      const fulfilled = results.flatMap(({ status }, i) => status === "fulfilled" ? [i] : []);
      assert.deepEqual(order, fulfilled);
      assert.deepEqual(fulfilled, [0, 1, 2, 3].filter((i) => i !== aborted));
    }
  });

  const counts = [NaN, -1, 0.5, -Infinity, "3", null] as unknown as number[];
  Deno.test(`${engine.name}: ${counts.length} counts that are none do not move an execution`, async () => {
    using instance = await engine.load(FILE);
    const execution = instance.begin(GOOD);
    for (const count of counts) {
      assert.throws(() => execution.advance(count), { code: "invalid_argument" });
      assert.equal(execution.done, 0);
      assert.throws(() => execution.outputs(), { code: "invalid_argument" });
    }
    assert.equal(execution.advance(0), false);
    assert.equal(execution.advance(Infinity), true);
    assert.deepEqual(execution.outputs(), instance.runSync(GOOD));
  });

  Deno.test(`${engine.name}: a run that waits has copies of its inputs, also of Node's buffers`, async () => {
    using instance = await engine.load(FILE);
    const expected = instance.runSync(GOOD);
    // A subclass whose slice shares memory, as that of Buffer does.
    class Shared extends Int32Array<ArrayBuffer> {
      override slice(from?: number, to?: number): Int32Array<ArrayBuffer> {
        return this.subarray(from, to);
      }
    }
    const index = Shared.from(GOOD.index as Int32Array) as Int32Array<ArrayBuffer>;
    const first = instance.run(GOOD, { onProgress: pause });
    const second = instance.run({ ...GOOD, index });
    index.fill(0);
    await first;
    assert.deepEqual(await second, expected);
  });

  Deno.test(`${engine.name}: a run in progress is not overtaken by begin or runSync`, async () => {
    using instance = await engine.load(FILE);
    const busy = { code: "invalid_argument", message: /in progress/ };
    const run = instance.run(GOOD, {
      onProgress: (done, total) => {
        if (done === total) return;
        pause();
        assert.throws(() => instance.begin(GOOD), busy);
        assert.throws(() => instance.runSync(GOOD), busy);
      },
    });
    const queued = instance.run(GOOD);
    const failing = assert.rejects(instance.run({ ...GOOD, index: ints(9, 9) }), {
      code: "invalid_argument",
    });
    const last = instance.run(GOOD);
    assert.equal((await run).y.data[0], 48);
    assert.deepEqual(await queued, await last);
    await failing;
    assert.deepEqual(instance.runSync(GOOD), await last);
  });

  Deno.test(`${engine.name}: disposing ends the run in progress and those that wait`, async () => {
    const instance = await engine.load(FILE);
    const runs = [0, 1, 2].map(() => instance.run(GOOD, { onProgress: pause }));
    instance[Symbol.dispose]();
    const results = await Promise.allSettled(runs);
    results.forEach((result) => {
      assert.equal(result.status === "rejected" && result.reason.code, "disposed");
    });
  });
}
