/** Instances in the hands of plain JavaScript: what cannot be is refused, and nothing has changed. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { WasmInstance } from "../../src/engines/wasm/instance.ts";
import { ENGINES } from "../conformance/_engines.ts";

const floats = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => i / 2);

function network(): Promise<Uint8Array<ArrayBuffer>> {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 8]);
  const shift = graph.parameter("shift", { dtype: "f32", shape: [8], data: floats(8) });
  graph.output("y", graph.apply(ops.add, { a: x, b: shift }));
  graph.output("copy", graph.state("state", "f32", [2, 8], floats(16)));
  return encodeProgram(compile(graph));
}

for (const engine of ENGINES) {
  Deno.test(`${engine.name}: what is written has the type of the tensor, or is raw bytes`, async () => {
    using instance = await engine.load(await network());
    const refused: readonly unknown[] = [
      new Int32Array(8),
      new Float64Array(4),
      new DataView(new ArrayBuffer(32)),
      [1, 2, 3, 4, 5, 6, 7, 8],
      null,
      undefined,
    ];
    for (const data of refused) {
      assert.throws(() => instance.write("shift", data as Float32Array), {
        name: "FewbitError",
        code: "dtype_mismatch",
        message: /Cannot write "shift": it is f32, got/,
      });
    }
    assert.deepEqual(instance.readSync("shift").data, floats(8));
    instance.write("shift", new Uint8Array(floats(8).map((v) => v + 1).buffer as ArrayBuffer));
    assert.deepEqual(instance.readSync("shift").data, floats(8).map((v) => v + 1));
  });

  Deno.test(`${engine.name}: a snapshot can be neither made nor changed`, async () => {
    using instance = await engine.load(await network());
    using other = await engine.load(await network());
    const snapshot = await instance.snapshot(0);
    const forged: readonly unknown[] = [
      undefined,
      null,
      {},
      { slot: 0 },
      { ...snapshot, slot: 1 },
      await other.snapshot(0),
    ];
    instance.write("state", floats(16).fill(7));
    for (const value of forged) {
      assert.throws(() => instance.rollback(value as typeof snapshot), {
        name: "FewbitError",
        code: "invalid_argument",
        message: /expected a snapshot of this instance/,
      });
    }
    assert.throws(() => Object.assign(snapshot, { slot: 1 }), TypeError);
    instance.rollback(snapshot);
    const state = [...instance.readSync("state").data as Float32Array];
    assert.deepEqual(state, [...floats(8), ...new Array(8).fill(7)]);
    using fork = instance.fork();
    assert.throws(() => fork.rollback(snapshot), { code: "invalid_argument" });
  });

  Deno.test(`${engine.name}: tensors, inputs and states that are none`, async () => {
    using instance = await engine.load(await network());
    for (const index of [-1, 99, 0.5, NaN, "length", undefined]) {
      assert.throws(() => instance.peekSync(index as number), {
        name: "FewbitError",
        code: "not_found",
      });
      await assert.rejects(instance.peek(index as number), { code: "not_found" });
    }
    for (const inputs of [undefined, null, 3]) {
      await assert.rejects(instance.run(inputs as never), {
        name: "FewbitError",
        code: "invalid_argument",
        message: /expected inputs by name/,
      });
      // The one that waits for its turn, too.
      const first = instance.run({ x: floats(16) }, { onProgress() {} });
      await assert.rejects(instance.run(inputs as never), { code: "invalid_argument" });
      await first;
    }
    for (const saved of [undefined, null, [1], new ArrayBuffer(8)]) {
      assert.throws(() => instance.restoreState(saved as unknown as Uint8Array), {
        name: "FewbitError",
        code: "invalid_argument",
        message: /expected bytes/,
      });
    }
    if (engine.name === "reference") return;
    for (const entry of [9, -1]) {
      assert.throws(() => (instance as unknown as WasmInstance).runPart(entry, 0, 0, 1), {
        name: "FewbitError",
        code: "invalid_argument",
      });
    }
  });
}
