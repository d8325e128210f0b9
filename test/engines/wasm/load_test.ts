import assert from "node:assert/strict";
import { encodeProgram } from "../../../src/program/encode.ts";
import { ProgramError } from "../../../src/program/verdict.ts";
import { FewbitError } from "../../../src/errors.ts";
import { fromModule, loadWasm, pickBuild } from "../../../src/engines/wasm/mod.ts";
import type { ProgramSource } from "../../../src/engines/wasm/mod.ts";
import { release, take } from "../../../src/engines/wasm/memory_pool.ts";
import { load } from "../../../src/runtime.ts";
import { layersProgram, rowsProgram } from "../../program/_build.ts";

const X = Int8Array.from({ length: 60 }, (_, i) => i * 7 % 255 - 127);

function streamOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, 10);
  yield new Uint8Array(0);
  yield bytes.subarray(10);
}

Deno.test("a program loads from bytes, streams, blobs, responses and parts", async () => {
  const file = await encodeProgram(layersProgram());
  using first = await loadWasm(file);
  const expected = first.runSync({ x: X }).y.data;
  const sources: Record<string, ProgramSource> = {
    buffer: file.buffer,
    blob: new Blob([file]),
    response: new Response(file),
    bytewise: streamOf(file, 1),
    "7 bytes": streamOf(file, 7),
    iterable: chunksOf(file),
    parts: [file.subarray(0, 1000), new Blob([file.subarray(1000, 1001)]), file.subarray(1001)],
  };
  for (const [name, source] of Object.entries(sources)) {
    const progress: number[] = [];
    using instance = await loadWasm(source, {
      onProgress: (loaded, total) => {
        progress.push(loaded);
        if (loaded > 64) assert.equal(total, file.length);
      },
    });
    assert.deepEqual(instance.runSync({ x: X }).y.data, expected, name);
    assert.equal(progress.at(-1), file.length, name);
    assert.ok(progress.every((value, i) => i === 0 || value > progress[i - 1]), name);
  }
});

Deno.test("every truncation and any byte too many is a typed error", async () => {
  const file = await encodeProgram(rowsProgram());
  for (let length = 0; length < file.length; length += length < 80 ? 1 : 41) {
    await assert.rejects(
      loadWasm(file.subarray(0, length)),
      (error) => error instanceof ProgramError && error.verdict === "truncated",
    );
  }
  const longer = new Uint8Array(file.length + 1);
  longer.set(file);
  await assert.rejects(loadWasm(longer), { code: "invalid_file" });
  await assert.rejects(loadWasm([file, new Uint8Array(1)]), { code: "invalid_file" });
});

Deno.test("what is wrong with a load is said", async () => {
  const file = await encodeProgram(rowsProgram());
  const rejects = (promise: Promise<unknown>, code: string, text: RegExp): Promise<void> =>
    assert.rejects(promise, (error) => {
      assert.ok(error instanceof FewbitError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, text);
      return true;
    });
  await rejects(loadWasm(new Uint8Array(100)), "invalid_file", /magic/);
  await rejects(loadWasm(new Response(null, { status: 404 })), "not_found", /404/);
  await rejects(loadWasm("model" as unknown as Uint8Array), "invalid_argument", /string/);
  await rejects(loadWasm(file, { symbols: { max: 1 } }), "invalid_argument", /max/);
  await rejects(loadWasm(file, { symbols: { rows: 1 } }), "invalid_argument", /rows/);
  await rejects(loadWasm(file, { symbols: { max_rows: 1.5 } }), "invalid_argument", /1\.5/);
  await rejects(loadWasm(file, { symbols: { max_rows: 65 } }), "invalid_argument", /65/);
  await rejects(loadWasm(file, { memoryLimitBytes: 1000 }), "limit_exceeded", /memory/);
  await rejects(loadWasm(file, { workLimit: 10 }), "limit_exceeded", /work/);
  await rejects(loadWasm(file, { memoryLimitBytes: NaN }), "invalid_argument", /NaN/);
  const damaged = file.slice();
  damaged[damaged.length - 1] ^= 1;
  await rejects(loadWasm(damaged), "invalid_file", /checksum/);
});

Deno.test("an abort ends a load that hangs, and stops its stream", async () => {
  const file = await encodeProgram(rowsProgram());
  for (const given of [0, 100, file.length - 10]) {
    const stop = new AbortController();
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(file.slice(0, given || 1)),
      cancel: () => {
        cancelled = true;
      },
    });
    const loading = loadWasm(stream, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 5);
    await assert.rejects(loading, { message: "enough" });
    await new Promise((resolve) => setTimeout(resolve));
    assert.ok(cancelled);
  }
  await assert.rejects(loadWasm(file, { signal: AbortSignal.abort() }), { name: "AbortError" });
});

Deno.test("a stream that fails, fails the load", async () => {
  const file = await encodeProgram(rowsProgram());
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(file.slice(0, 500)),
    pull: () => {
      throw new Error("connection lost");
    },
  }, { highWaterMark: 0 });
  await assert.rejects(loadWasm(stream), { message: "connection lost" });
});

Deno.test("10,000 loads, failed or disposed, do not grow memory", async () => {
  const file = await encodeProgram(rowsProgram());
  const damaged = file.slice();
  damaged[damaged.length - 1] ^= 1;
  let instances = 0;
  const original = WebAssembly.Instance;
  WebAssembly.Instance = class extends original {
    constructor(module: WebAssembly.Module) {
      super(module);
      instances++;
    }
  };
  try {
    for (let i = 0; i < 5000; i++) {
      using instance = await loadWasm(file);
      if (i % 10 === 0) {
        using fork = instance.fork();
        fork.runSync({ x: new Int8Array(8) });
      }
      await assert.rejects(loadWasm(damaged));
    }
  } finally {
    WebAssembly.Instance = original;
  }
  assert.ok(instances <= 3, `${instances} WebAssembly instances`);
});

Deno.test("nothing of a former tenant is left in a pooled memory", async () => {
  const file = await encodeProgram(rowsProgram());
  const { module } = pickBuild("simd");
  const machine = take(module, 0);
  machine.exports.memory.grow(4);
  new Uint8Array(machine.exports.memory.buffer).fill(0xEE, machine.exports.heap_base());
  release(machine);
  using instance = await loadWasm(file, { build: "simd" });
  const { program } = instance;
  program.tensors.forEach(({ region, encoding }, i) => {
    if (region === "constant" || (encoding === "raw" && ["parameter", "state"].includes(region))) {
      return;
    }
    const { data } = instance.peekSync(i);
    assert.ok(data.every((value: number | bigint) => Number(value) === 0), `tensor ${i}`);
  });
});

Deno.test("a host can bring its own module", async () => {
  const bytes = await Deno.readFile(new URL("../../../wasm/fewbit.simd.wasm", import.meta.url));
  const build = fromModule(new WebAssembly.Module(bytes));
  const file = await encodeProgram(layersProgram());
  using instance = await load(file, { engine: build });
  using other = await load(file, { engine: "wasm-simd" });
  assert.equal(instance.engine, "wasm");
  assert.equal(other.engine, "wasm-simd");
  assert.deepEqual(instance.runSync({ x: X }), other.runSync({ x: X }));
  const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6D, 1, 0, 0, 0));
  assert.throws(() => fromModule(empty), { code: "unsupported" });
});

Deno.test("auto picks a build that computes right", () => {
  assert.match(pickBuild().engine, /^wasm-(simd|relaxed)$/);
});
