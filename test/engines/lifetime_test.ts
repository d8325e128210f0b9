/** What loads, runs, fails, forks and goes leaves nothing behind and disturbs nothing. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import type { EngineOptions } from "../../src/engines/load.ts";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import type { ProgramSource } from "../../src/engines/wasm/load.ts";
import { FewbitError } from "../../src/errors.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { files } from "../program/_build.ts";
import { countMachines } from "./_machines.ts";

const SHIPPED = await Deno.readFile(
  new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url),
);
const PIXELS = Uint8Array.from({ length: 28 * 28 }, (_, i) => i * 37 % 256);
const ENGINES = ["reference", "wasm-simd", "wasm-relaxed"] as const;
const { rows: ROWS, ring: RING } = await files();
const X = Int8Array.from({ length: 4 * 8 }, (_, i) => i * 5 - 60);

function code(expected: FewbitError["code"]): (error: unknown) => boolean {
  return (error) => error instanceof FewbitError && error.code === expected;
}

/** The sums that `rows` keeps after one more run. */
function total(instance: SyncInstance): number[] {
  instance.runSync({ x: X }, { entry: "main" });
  return Array.from(instance.runSync({}, { entry: "peek" }).sum.data as Int32Array);
}

Deno.test("ten thousand loads take the memory of one", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", new URL("_cycles.ts", import.meta.url).pathname],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { grownBytes, machines } = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(machines, 0, "WebAssembly instances made after the first ones");
  // The shipped model alone is 1.3 MB: two hundred leaks would be 270 MB.
  assert.ok(grownBytes < 48 << 20, `${grownBytes} bytes more`);
});

/** A stream of a file that ends in an error after so many bytes, or in silence. */
function broken(file: Uint8Array, bytes: number, error?: Error): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes) controller.enqueue(file.slice(at, at = Math.min(bytes, at + 4096)));
      else if (error !== undefined) controller.error(error);
    },
  });
}

/** Loads that fail half-way: source, options, and what is thrown. */
function failures(): [string, ProgramSource, EngineOptions, (error: unknown) => boolean][] {
  const reason = new Error("the network is gone");
  const flipped = SHIPPED.slice();
  flipped[flipped.length - 9] ^= 4;
  const abort = new AbortController();
  return [
    ["truncated in the head", SHIPPED.subarray(0, 20_000), {}, code("invalid_file")],
    ["truncated in the blob", SHIPPED.subarray(0, 900_000), {}, code("invalid_file")],
    ["truncated stream", new Blob([SHIPPED.slice(0, 900_000)]).stream(), {}, code("invalid_file")],
    ["bytes behind", [SHIPPED, new Uint8Array(1)], {}, code("invalid_file")],
    ["checksum", flipped, {}, code("invalid_file")],
    ["stream that fails", broken(SHIPPED, 700_000, reason), {}, (error) => error === reason],
    ["memory limit", SHIPPED, { memoryLimitBytes: 1 << 20 }, code("limit_exceeded")],
    ["work limit", SHIPPED, { workLimit: 1000 }, code("limit_exceeded")],
    ["symbol", SHIPPED, { symbols: { max_batch: 1 << 20 } }, code("invalid_argument")],
    ["aborted before", SHIPPED, { signal: AbortSignal.abort(reason) }, (error) => error === reason],
    ["aborted half-way", broken(SHIPPED, 700_000), {
      signal: abort.signal,
      // The stream never ends; only the signal does.
      onProgress: (bytes) => bytes === 700_000 && setTimeout(() => abort.abort(reason)),
    }, (error) => error === reason],
    ["progress that throws", SHIPPED, {
      onProgress: (bytes) => {
        if (bytes > 500_000) throw reason;
      },
    }, (error) => error === reason],
  ];
}

Deno.test("loads that fail give their memory back and leave others alone", async () => {
  using neighbour = await loadWasm(ROWS, { build: "simd" });
  const first = total(neighbour);
  (await loadWasm(SHIPPED, { build: "simd" }))[Symbol.dispose]();
  const machines = countMachines();
  for (let round = 0; round < 5; round++) {
    for (const [name, source, options, expected] of failures()) {
      await assert.rejects(loadWasm(source, { ...options, build: "simd" }), expected, name);
    }
  }
  assert.equal(machines(), 0, "WebAssembly instances made");
  const second = total(neighbour);
  assert.deepEqual(second.length, first.length);
  neighbour.reset();
  assert.deepEqual(total(neighbour), first);
  using again = await loadWasm(SHIPPED, { build: "simd" });
  assert.equal(machines(), 0);
  assert.equal(again.runSync({ pixels: PIXELS }).logits.data.length, 10);
});

Deno.test("a load that fails before it reads stops its source, too", async () => {
  const cases: EngineOptions[] = [
    { engine: "gpu" as "wasm" },
    { memoryLimitBytes: NaN },
    { workLimit: -1 },
    { signal: AbortSignal.abort(new Error("enough")) },
    { memoryLimitBytes: 100 },
    { symbols: { other: 1 } },
  ];
  for (const options of cases) {
    for (const engine of options.engine === undefined ? ENGINES : [options.engine]) {
      let stopped = 0;
      const source = new ReadableStream<Uint8Array>({
        // Without an end.
        pull: (controller) => controller.enqueue(ROWS.slice()),
        cancel: () => void stopped++,
      });
      await assert.rejects(load(source, { ...options, engine }));
      assert.equal(stopped, 1, `${engine} ${JSON.stringify(options)}`);
    }
  }
  for (const engine of ENGINES) {
    for (const options of [{ memoryLimitBytes: NaN }, { workLimit: -1 }]) {
      await assert.rejects(load(ROWS, { ...options, engine }), code("invalid_argument"));
    }
  }
});

Deno.test("memory that a large model had is given to no more than it needs", async () => {
  (await loadWasm(SHIPPED, { build: "simd", symbols: { max_batch: 16 } }))[Symbol.dispose]();
  // What the model before left in memory is not to be seen.
  using instance = await loadWasm(RING, { build: "simd" });
  assert.ok(instance.readSync("ring").data.every((value) => value === 0));
});

for (const engine of ENGINES) {
  Deno.test(`${engine}: a disposed instance says so, and may be disposed again`, async () => {
    const instance = await load(ROWS, { engine });
    const execution = instance.begin({ x: X });
    const saved = instance.saveStateSync();
    instance[Symbol.dispose]();
    instance[Symbol.dispose]();
    // Another takes its place, which the first one must not touch.
    using other = await load(ROWS, { engine });
    const before = total(other);
    const calls = [
      () => instance.runSync({ x: X }),
      () => instance.begin({ x: X }),
      () => execution.advance(),
      () => execution.outputs(),
      () => instance.readSync("total"),
      () => instance.write("bias", new Int32Array(8)),
      () => instance.peekSync(0),
      () => instance.reset(),
      () => instance.saveStateSync(),
      () => instance.restoreState(saved),
      () => instance.fork(),
    ];
    for (const call of calls) assert.throws(call, code("disposed"), String(call));
    const promises = [
      () => instance.run({ x: X }),
      () => instance.read("total"),
      () => instance.peek(0),
      () => instance.saveState(),
      () => instance.snapshot(),
    ];
    for (const call of promises) await assert.rejects(call(), code("disposed"), String(call));
    instance[Symbol.dispose]();
    other.reset();
    assert.deepEqual(total(other), before);
  });

  Deno.test(`${engine}: disposing while a run waits ends the run`, async () => {
    const instance = await load(SHIPPED, { engine });
    const run = instance.run({ pixels: PIXELS }, {
      onProgress: () => instance[Symbol.dispose](),
    });
    await assert.rejects(run, code("disposed"));
  });

  Deno.test(`${engine}: forks outlive their parent and each other`, async () => {
    const parent = await load(ROWS, { engine });
    total(parent);
    const fork = parent.fork();
    const expected = total(parent);
    parent[Symbol.dispose]();
    using neighbour = await load(ROWS, { engine });
    total(neighbour);
    assert.deepEqual(total(fork), expected);
    const second = fork.fork();
    const third = second.fork();
    second[Symbol.dispose]();
    using fourth = fork.fork();
    fork[Symbol.dispose]();
    assert.deepEqual(total(third), total(fourth));
    third[Symbol.dispose]();
  });

  Deno.test(`${engine}: a run works after one that was aborted`, async () => {
    using instance = await load(SHIPPED, { engine });
    const expected = instance.runSync({ pixels: PIXELS }).logits;
    const other = PIXELS.map((value) => 255 - value);
    const reason = new Error("enough");
    const abort = new AbortController();
    const run = instance.run({ pixels: other }, {
      signal: abort.signal,
      onProgress: (done) => done >= 40 && abort.abort(reason),
    });
    await assert.rejects(run, (error) => error === reason);
    const after = await instance.run({ pixels: PIXELS });
    assert.deepEqual(after.logits, expected);
    await assert.rejects(
      instance.run({ pixels: PIXELS }, { signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
  });

  Deno.test(`${engine}: instances run interleaved, slice by slice`, async () => {
    const expected: unknown[] = [];
    const inputs = [PIXELS, PIXELS.map((value) => value ^ 85), PIXELS.toReversed()];
    using one = await load(SHIPPED, { engine });
    for (const pixels of inputs) expected.push(one.runSync({ pixels }).logits);
    using two = one.fork();
    using three = await load(SHIPPED, { engine });
    const executions = [one, two, three].map((instance, i) =>
      instance.begin({ pixels: inputs[i] })
    );
    for (let step = 0; !executions.every((execution) => execution.done === execution.total);) {
      executions[step++ % 3].advance(1 + step % 4);
    }
    assert.deepEqual(executions.map((execution) => execution.outputs().logits), expected);
  });

  Deno.test(`${engine}: a run that another one has overtaken does not go on`, async () => {
    using instance = await load(SHIPPED, { engine });
    const first = instance.begin({ pixels: PIXELS });
    first.advance(10);
    instance.runSync({ pixels: PIXELS });
    assert.throws(() => first.advance(), code("invalid_argument"));
    assert.throws(() => first.outputs(), code("invalid_argument"));
  });
}

Deno.test("a state is not another program's, of the same size", async () => {
  const b = (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const builder = new ProgramBuilder();
    const e = (n: number) => builder.expression(n);
    const s = builder.tensor({
      region: "state",
      name,
      dtype: "f32",
      extents: [e(1), e(4)],
      encoding: "zero",
    });
    const y = builder.tensor({ region: "output", name: "y", dtype: "f32", extents: [e(1), e(4)] });
    builder.instruction("copy", { x: builder.whole(s), y: builder.whole(y) });
    builder.entry("main");
    return encodeProgram(builder.finish());
  };
  for (const engine of ENGINES) {
    using one = await load(await b("one"), { engine });
    using other = await load(await b("other"), { engine });
    const saved = one.saveStateSync();
    one.restoreState(saved);
    assert.throws(() => other.restoreState(saved), { message: /another program/ });
  }
});
