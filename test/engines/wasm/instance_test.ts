import assert from "node:assert/strict";
import { encodeProgram } from "../../../src/program/encode.ts";
import type { CompiledProgram } from "../../../src/program/program.ts";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import type { SyncInstance } from "../../../src/engines/engine.ts";
import { loadWasm } from "../../../src/engines/wasm/mod.ts";
import type { WasmInstance } from "../../../src/engines/wasm/mod.ts";
import { FewbitError } from "../../../src/errors.ts";
import { layersProgram, raggedProgram, ringProgram, rowsProgram } from "../../program/_build.ts";

const BUILDS = ["simd", "relaxed"] as const;

async function each(
  program: CompiledProgram,
  symbols: Readonly<Record<string, number>>,
  test: (instance: WasmInstance, reference: SyncInstance) => void | Promise<void>,
): Promise<void> {
  const file = await encodeProgram(program);
  for (const build of BUILDS) {
    using instance = await loadWasm(file, { build, symbols });
    using reference = await loadReference(file, { symbols });
    await test(instance, reference);
  }
}

function rows(count: number, seed = 1): Int8Array {
  return Int8Array.from({ length: count * 8 }, (_, i) => (i * 37 + seed * 11) % 251 - 125);
}

function fails(code: FewbitError["code"], action: () => unknown): void {
  assert.throws(action, (error) => error instanceof FewbitError && error.code === code);
}

async function rejects(code: FewbitError["code"], promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof FewbitError && error.code === code);
}

Deno.test("run-time sizes follow from the inputs, up to their bound", () =>
  each(rowsProgram(), { max_rows: 8 }, (instance, reference) => {
    for (const count of [1, 3, 8, 2]) {
      const [a, b] = [instance, reference].map((engine) =>
        engine.runSync({ x: rows(count, count) }).y
      );
      assert.deepEqual(a, b);
      assert.deepEqual(a.shape, [count, 8]);
    }
    fails("shape_mismatch", () => instance.runSync({ x: rows(9) }));
    fails("shape_mismatch", () => instance.runSync({ x: rows(2).subarray(1) }));
    fails("invalid_argument", () => instance.runSync({ x: rows(2) }, { symbols: { rows: 0 } }));
    fails("invalid_argument", () => instance.runSync({ x: rows(2) }, { symbols: { max_rows: 2 } }));
    fails("shape_mismatch", () => instance.runSync({ x: rows(2) }, { symbols: { rows: 3 } }));
  }));

Deno.test("memory follows load-time symbols", async () => {
  const file = await encodeProgram(rowsProgram());
  using small = await loadWasm(file, { symbols: { max_rows: 1 } });
  using large = await loadWasm(file, { symbols: { max_rows: 64 } });
  assert.ok(large.memoryBytes > small.memoryBytes + 64 * 8 * 4 * 3);
});

Deno.test("the cost of a run follows its own sizes", async () => {
  const file = await encodeProgram(layersProgram());
  using instance = await loadWasm(file, { symbols: { max_batch: 8 } });
  const time = (batch: number): number => {
    const x = new Int8Array(batch * 60);
    const times = Array.from({ length: 9 }, () => {
      const started = performance.now();
      for (let i = 0; i < 200; i++) instance.runSync({ x });
      return performance.now() - started;
    });
    return Math.min(...times);
  };
  assert.ok(time(8) > 1.5 * time(1));
});

Deno.test("state persists, resets, forks, is saved and restored", () =>
  each(rowsProgram(), {}, (instance, reference) => {
    const total = (engine: SyncInstance): unknown => engine.runSync({}, { entry: "peek" }).sum.data;
    const initial = total(instance);
    for (const engine of [instance, reference]) engine.runSync({ x: rows(4) });
    assert.deepEqual(total(instance), total(reference));
    assert.notDeepEqual(total(instance), initial);
    const saved = instance.saveStateSync();
    assert.deepEqual(saved, reference.saveStateSync());
    {
      using fork = instance.fork();
      assert.deepEqual(total(fork), total(instance));
      fork.runSync({ x: rows(2) });
      assert.notDeepEqual(total(fork), total(instance));
      using second = fork.fork();
      assert.deepEqual(total(second), total(fork));
    }
    instance.reset();
    assert.deepEqual(total(instance), initial);
    assert.ok((instance.readSync("history").data as Int32Array).every((value) => value === 0));
    instance.restoreState(saved);
    assert.deepEqual(total(instance), total(reference));
    fails("invalid_file", () => instance.restoreState(saved.subarray(1)));
    saved[40] ^= 1;
    fails("invalid_file", () => instance.restoreState(saved));
    // The history has a row for each of max_rows; one of them is reset alone.
    const before = instance.readSync("history").data as Int32Array;
    fails("invalid_argument", () => instance.reset(16));
    assert.ok(before.subarray(8, 16).some((value) => value !== 0));
  }));

Deno.test("one slot of a state is reset alone", () =>
  each(raggedProgram(), {}, (instance) => {
    const step = (slot: number): void => {
      instance.runSync({
        x: Int16Array.of(1, 2, 3),
        offsets: Int32Array.of(0, 1),
        slot: Int32Array.of(slot),
        past: Int32Array.of(0),
        rows: Int32Array.of(0, 0),
      });
    };
    step(1);
    step(2);
    instance.reset(1);
    const cache = instance.readSync("cache").data as Int16Array;
    assert.ok(cache.subarray(0, 2 * 48).every((value) => value === 0));
    assert.deepEqual(cache.slice(2 * 48, 2 * 48 + 3), Int16Array.of(1, 2, 3));
  }));

Deno.test("one slot of a state is saved, and restored into another", () =>
  each(raggedProgram(), {}, (instance) => {
    instance.runSync({
      x: Int16Array.of(1, 2, 3),
      offsets: Int32Array.of(0, 1),
      slot: Int32Array.of(2),
      past: Int32Array.of(0),
      rows: Int32Array.of(0, 0),
    });
    const saved = instance.saveStateSync(2);
    const all = instance.saveStateSync();
    assert.ok(saved.length < all.length);
    instance.restoreState(saved, 1);
    const cache = instance.readSync("cache").data as Int16Array;
    assert.deepEqual(cache.slice(48, 2 * 48), cache.slice(2 * 48, 3 * 48));
    assert.ok(cache.subarray(0, 48).every((value) => value === 0));
    fails("invalid_file", () => instance.restoreState(saved));
    fails("invalid_file", () => instance.restoreState(all, 1));
    fails("invalid_argument", () => instance.saveStateSync(-1));
    fails("invalid_argument", () => instance.restoreState(saved, 99));
  }));

Deno.test("a snapshot of a slot is gone back to, and other slots stay", () =>
  each(raggedProgram(), {}, async (instance) => {
    const written = instance.readSync("cache");
    const fill = (value: number): void =>
      instance.write("cache", (written.data as Int16Array).slice().fill(value));
    fill(3);
    const snapshot = await instance.snapshot(1);
    const whole = await instance.snapshot();
    fill(9);
    instance.rollback(snapshot);
    const size = written.data.length / written.shape[0];
    const values = [...instance.readSync("cache").data as Int16Array];
    assert.ok(values.every((value, i) => value === (Math.floor(i / size) === 1 ? 3 : 9)));
    instance.rollback(whole);
    assert.ok((instance.readSync("cache").data as Int16Array).every((value) => value === 3));
    await rejects("invalid_argument", instance.snapshot(99));
    using fork = instance.fork();
    fails("invalid_argument", () => fork.rollback(whole));
  }));

Deno.test("parameters can be rewritten between runs", () =>
  each(rowsProgram(), {}, (instance, reference) => {
    for (const engine of [instance, reference]) {
      engine.write("bias", Int32Array.of(100, 200, 300, 400, 500, 600, 700, 800));
      engine.write("gradient", new Int32Array(16 * 8).fill(7));
      engine.runSync({ x: rows(4) });
    }
    assert.deepEqual(instance.readSync("total"), reference.readSync("total"));
    assert.deepEqual(instance.readSync("y"), reference.readSync("y"));
    assert.equal((instance.readSync("bias").data as Int32Array)[7], 800);
    fails("shape_mismatch", () => instance.write("bias", new Int32Array(7)));
    fails("not_found", () => instance.write("x", new Int8Array(32)));
  }));

Deno.test("slices of one instruction give what a whole run gives", () =>
  each(rowsProgram(), {}, async (instance, reference) => {
    const execution = instance.begin({ x: rows(5) });
    let slices = 0;
    while (!execution.advance(1)) slices++;
    assert.equal(slices, execution.total - 1);
    const expected = reference.runSync({ x: rows(5) });
    assert.deepEqual(execution.outputs(), expected);
    assert.deepEqual(instance.readSync("total"), reference.readSync("total"));

    const progress: number[] = [];
    await instance.run({ x: rows(5) }, { onProgress: (done) => progress.push(done) });
    // Small instructions are one slice.
    assert.deepEqual(progress, [9]);
    const stop = new AbortController();
    await assert.rejects(
      instance.run({ x: rows(5) }, { signal: stop.signal, onProgress: () => stop.abort() }),
      { name: "AbortError" },
    );
  }));

Deno.test("parts give what a whole run gives, in any order", async () => {
  const programs: readonly [CompiledProgram, string, Int8Array][] = [
    [rowsProgram(), "x", rows(7)],
    [layersProgram(), "x", Int8Array.from({ length: 4 * 60 }, (_, i) => i * 29 % 255 - 127)],
  ];
  for (const [program, name, x] of programs) {
    await each(program, {}, (instance, reference) => {
      const expected = reference.runSync({ [name]: x });
      for (const parts of [1, 2, 3, 5, 16]) {
        instance.reset();
        const execution = instance.begin({ [name]: x });
        for (let i = 0; i < execution.total; i++) {
          for (let part = parts - 1; part >= 0; part--) instance.runPart(0, i, part, parts);
        }
        assert.deepEqual(execution.outputs(), expected, `${parts} parts`);
      }
      fails("invalid_argument", () => instance.runPart(0, 0, 2, 2));
      fails("invalid_argument", () => instance.runPart(0, 99, 0, 1));
    });
  }
});

Deno.test("a ring wraps", () =>
  each(ringProgram(), { capacity: 3 }, (instance, reference) => {
    for (let position = 0; position < 8; position++) {
      const x = Float32Array.from({ length: 6 }, (_, i) => position * 10 + i);
      for (const engine of [instance, reference]) {
        engine.runSync({ x }, { entry: "step", symbols: { position } });
      }
    }
    const { y } = instance.runSync({}, { entry: "read" });
    assert.deepEqual(y, reference.runSync({}, { entry: "read" }).y);
    // Positions 6, 7 and 5, plus the bias of the first column.
    assert.deepEqual([0, 6, 12].map((i) => y.data[i]), [60.5, 70.5, 50.5]);
  }));

Deno.test("a ragged batch goes to the caches of its sessions", () =>
  each(raggedProgram(), {}, (instance, reference) => {
    const inputs = {
      x: Int16Array.from({ length: 15 }, (_, i) => i + 1),
      offsets: Int32Array.of(0, 3, 3, 5),
      slot: Int32Array.of(2, 0, 3),
      past: Int32Array.of(13, 0, 5),
      rows: Int32Array.of(4, 0),
    };
    for (const engine of [instance, reference]) engine.runSync(inputs);
    assert.deepEqual(instance.readSync("cache"), reference.readSync("cache"));
    assert.deepEqual(instance.readSync("y").data, Int16Array.of(13, 14, 15, 1, 2, 3));
    const bad: readonly Partial<typeof inputs>[] = [
      { offsets: Int32Array.of(1, 3, 3, 5) },
      { offsets: Int32Array.of(0, 3, 2, 5) },
      { offsets: Int32Array.of(0, 3, 3, 4) },
      { offsets: Int32Array.of(0, 3, 3, 6) },
      { slot: Int32Array.of(2, 0, 2) },
      { slot: Int32Array.of(2, 0, 4) },
      { slot: Int32Array.of(2, -1, 3) },
      { past: Int32Array.of(14, 0, 5) },
      { past: Int32Array.of(13, -1, 5) },
      { past: Int32Array.of(0x7FFFFFFF, 0, 5) },
      { rows: Int32Array.of(5, 0) },
      { rows: Int32Array.of(4, -1) },
    ];
    for (const change of bad) {
      fails("invalid_argument", () => instance.runSync({ ...inputs, ...change }));
      fails("invalid_argument", () => reference.runSync({ ...inputs, ...change }));
    }
  }));

Deno.test("many distinct sessions are checked whatever their order", async () => {
  const file = await encodeProgram(raggedProgram());
  using instance = await loadWasm(file, { symbols: { sessions: 8 } });
  const run = (slots: number[]): void => {
    instance.runSync({
      x: new Int16Array(3),
      offsets: Int32Array.from({ length: slots.length + 1 }, (_, i) => i === 0 ? 0 : 1),
      slot: Int32Array.from(slots),
      past: new Int32Array(slots.length),
      rows: new Int32Array(2),
    });
  };
  const next = (i: number): number[] =>
    Array.from({ length: 1 + i % 8 }, (_, j) => Math.floor(Math.abs(Math.sin(i * 8 + j)) * 8));
  for (let i = 0; i < 400; i++) {
    const slots = next(i);
    if (new Set(slots).size === slots.length) run(slots);
    else fails("invalid_argument", () => run(slots));
  }
});

Deno.test("a disposed instance refuses work, its forks go on", async () => {
  const file = await encodeProgram(rowsProgram());
  const instance = await loadWasm(file);
  using fork = instance.fork();
  const execution = instance.begin({ x: rows(1) });
  instance[Symbol.dispose]();
  instance[Symbol.dispose]();
  fails("disposed", () => instance.runSync({ x: rows(1) }));
  fails("disposed", () => execution.advance());
  fails("disposed", () => instance.fork());
  // Another program does not get the memory that the fork still lives in.
  using other = await loadWasm(await encodeProgram(layersProgram()));
  other.runSync({ x: new Int8Array(60) });
  using reference = await loadReference(file);
  assert.deepEqual(fork.runSync({ x: rows(3) }), reference.runSync({ x: rows(3) }));
});
