/** By how many bytes 2,000 runs on a GPU, each read back, let the heap and the process grow. */
import assert from "node:assert/strict";
import { loadWebGpu } from "../../src/engines/webgpu/load.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";

const { gc } = globalThis as unknown as { readonly gc: () => void };

/** Bytes that are in use. */
function memory(): { readonly heap: number; readonly all: number } {
  gc();
  const { heapUsed, rss } = Deno.memoryUsage();
  return { heap: heapUsed, all: rss };
}

const builder = new ProgramBuilder();
/** Enough that a staging buffer which is kept is seen. */
const COLUMNS = 1 << 14;
const [one, columns, zero] = [1, COLUMNS, 0].map((extent) => builder.expression(extent));
const [x, y] = (["input", "output"] as const).map((region) =>
  builder.tensor({
    name: region === "input" ? "x" : "y",
    region,
    dtype: "i32",
    layout: "rows",
    extents: [one, columns],
  })
);
const view = (tensor: number): number => builder.view(tensor, [one, columns], columns, zero);
builder.instruction("copy", { x: view(x), y: view(y) }, {});
builder.entry("main");
using gpu = await loadWebGpu(await encodeProgram(builder.finish()));
const given = { x: new Int32Array(COLUMNS) };

async function run(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    given.x[0] = i;
    const { y } = await gpu.run(given);
    assert.equal(y.data[0], i);
  }
}

await run(500);
const before = memory();
await run(2000);
const after = memory();
console.log(JSON.stringify({ heap: after.heap - before.heap, all: after.all - before.all }));
