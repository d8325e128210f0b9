/** Every engine by its name, from every kind of source. */
import assert from "node:assert/strict";
import { ENGINES, load } from "../../src/engines/load.ts";
import { GPU_TEST } from "../webgpu/gpu.ts";
import { FewbitError } from "../../src/errors.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";

function program() {
  const builder = new ProgramBuilder();
  const extents = [builder.expression(1), builder.expression(3)];
  const x = builder.tensor({ region: "input", name: "x", dtype: "i32", extents });
  const y = builder.tensor({ region: "output", name: "y", dtype: "i32", extents });
  builder.instruction("copy", { x: builder.whole(x), y: builder.whole(y) });
  builder.entry("main");
  return builder.finish();
}

const FILE = await encodeProgram(program());

/** Sources are read once: each engine gets its own. */
const SOURCES = {
  bytes: () => FILE,
  buffer: () => FILE.slice().buffer,
  blob: () => new Blob([FILE]),
  response: () => new Response(FILE),
  stream: () => new Blob([FILE]).stream(),
  parts: () => [FILE.subarray(0, 70), new Blob([FILE.subarray(70)])],
  program,
};

for (const engine of ENGINES) {
  const test = engine === "webgpu" ? GPU_TEST : {};
  Deno.test(`load() with engine ${engine} takes every source`, test, async () => {
    for (const [name, source] of Object.entries(SOURCES)) {
      using instance = await load(source(), { engine });
      assert.ok(instance.engine.startsWith(engine === "auto" ? "wasm" : engine), name);
      const { y } = await instance.run({ x: Int32Array.of(1, -2, 3) });
      assert.deepEqual(y, { dtype: "i32", shape: [1, 3], data: Int32Array.of(1, -2, 3) }, name);
    }
  });

  Deno.test(`load() with engine ${engine} says what is wrong`, test, async () => {
    const code = (expected: string) => (error: unknown) =>
      error instanceof FewbitError && error.code === expected;
    const missing = new Response("no such file", { status: 404 });
    await assert.rejects(load(missing, { engine }), code("not_found"));
    await assert.rejects(load(new Uint8Array(9), { engine }), code("invalid_file"));
    const symbols = { other: 1 };
    await assert.rejects(load(FILE, { engine, symbols }), code("invalid_argument"));
    await assert.rejects(load(FILE, { engine, memoryLimitBytes: 100 }), code("limit_exceeded"));
    await assert.rejects(load(FILE, { engine, workLimit: 1 }), code("limit_exceeded"));
    const reason = new Error("enough");
    await assert.rejects(load(FILE, { engine, signal: AbortSignal.abort(reason) }), reason);
  });
}

Deno.test("load() names the engines it knows", async () => {
  await assert.rejects(
    load(FILE, { engine: "gpu" as "wasm" }),
    /Unknown engine "gpu", expected auto, wasm, wasm-simd, wasm-relaxed, reference/,
  );
});
