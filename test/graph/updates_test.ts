/** Ops with several outputs that update parameters and states, on every engine. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Node } from "../../src/graph/graph.ts";
import type { Op } from "../../src/graph/op.ts";
import { lower } from "../../src/lower/lower.ts";
import type { Lowering } from "../../src/lower/lowering.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { WasmInstance } from "../../src/engines/wasm/instance.ts";
import { ENGINES } from "../conformance/_engines.ts";

const WIDTH = 19;
/** Rows are split over parts; one row is split as well. */
const ROWS = 5;

/** `total += x`, `count += 1`; outputs are x plus the new total, and the new count. */
const runningTotal: Op<
  "RunningTotal",
  "x" | "one" | "total" | "count",
  Record<never, never>,
  "y" | "seen"
> = {
  name: "RunningTotal",
  inputs: ["x", "one", "total", "count"],
  writes: ["total", "count"],
  infer: ({ x, count }) => ({
    y: { dtype: "f32", shape: x.shape },
    seen: { dtype: "i32", shape: count.shape },
  }),
};

function lowerRunningTotal(lowering: Lowering, { inputs, outputs }: Node): void {
  const [x, one, total, count] = Object.values(inputs).map((value) => lowering.operand(value!));
  lowering.emit([], "accumulate", { x, y: total });
  lowering.emit([], "accumulate", { x: one, y: count });
  lowering.emit(outputs.y, "add_f32", { a: x, b: total, y: lowering.result(outputs.y) });
  lowering.emit(outputs.seen, "copy", { x: count, y: lowering.result(outputs.seen) });
}

const TOTAL = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => i / 8 - 3);
const COUNT = Int32Array.from({ length: WIDTH }, (_, i) => 100 * i);

function network(): Promise<Uint8Array<ArrayBuffer>> {
  const graph = new Graph();
  const x = graph.input("x", "f32", [ROWS, WIDTH]);
  const total = graph.parameter("total", { dtype: "f32", shape: [ROWS, WIDTH], data: TOTAL });
  const count = graph.state("count", "i32", [1, WIDTH], COUNT);
  const one = graph.constant("one", {
    dtype: "i32",
    shape: [1, WIDTH],
    data: new Int32Array(WIDTH).fill(1),
  });
  const { y, seen } = graph.applyAll(runningTotal, { x, one, total, count });
  graph.output("y", y);
  graph.output("seen", seen);
  return encodeProgram(
    lower(graph, { rules: { RunningTotal: lowerRunningTotal } }).program,
  );
}

/** What the third of three runs gives, in exact arithmetic: all numbers are multiples of 1/8. */
function expected(runs: number, total = TOTAL, count = COUNT) {
  const x = (i: number, run: number): number => i % 7 + run / 4;
  const sums = Array.from(total, (t, i) => {
    for (let run = 0; run < runs; run++) t += x(i, run);
    return t;
  });
  return {
    y: sums.map((sum, i) => sum + x(i, runs - 1)),
    seen: Array.from(count, (n) => n + runs),
    input: (run: number) => Float32Array.from(total, (_, i) => x(i, run)),
  };
}

for (const engine of ENGINES) {
  Deno.test(`${engine.name}: an op with two outputs updates a parameter and a state`, async () => {
    const file = await network();
    // Whole, then in parts, which the reference has not.
    for (const parts of engine.name === "reference" ? [0] : [0, 1, 2, 3, 8]) {
      using instance = await engine.load(file);
      const run = (at: number): { y: number[]; seen: number[] } => {
        const execution = instance.begin({ x: expected(1).input(at) });
        if (parts === 0) execution.advance();
        else {
          for (let i = 0; i < instance.program.instructions.length; i++) {
            for (let part = parts - 1; part >= 0; part--) {
              (instance as unknown as WasmInstance).runPart(0, i, part, parts);
            }
          }
        }
        const { y, seen } = execution.outputs();
        return { y: [...y.data as Float32Array], seen: [...seen.data as Int32Array] };
      };
      const check = (at: number, runs: number, total = TOTAL): void => {
        const { y, seen } = expected(runs, total);
        assert.deepEqual(run(at), { y, seen }, `${parts} parts, run ${at}`);
      };
      check(0, 1);
      check(1, 2);
      check(2, 3);
      const { y } = expected(3);
      // What was written stays a parameter: it can be read, and is not what reset() restores.
      const trained = Float32Array.from(y, (sum, i) => sum - expected(3).input(2)[i]);
      assert.deepEqual([...instance.readSync("total").data as Float32Array], [...trained]);
      instance.reset();
      check(0, 1, trained);
      instance.write("total", TOTAL);
      instance.reset();
      check(0, 1);
    }
  });
}

Deno.test("instances of one program do not share what they update", async () => {
  const file = await network();
  for (const engine of ENGINES) {
    using first = await engine.load(file);
    using second = await engine.load(file);
    const { input, y } = expected(1);
    await first.run({ x: input(0) });
    await first.run({ x: input(1) });
    assert.deepEqual([...(await second.run({ x: input(0) })).y.data as Float32Array], y);
  }
});

Deno.test("a saved state restores what a run has updated", async () => {
  const file = await network();
  for (const engine of ENGINES) {
    using instance = await engine.load(file);
    const { input } = expected(1);
    await instance.run({ x: input(0) });
    const saved = await instance.saveState();
    await instance.run({ x: input(1) });
    const once = await instance.run({ x: input(2) });
    instance.restoreState(saved);
    const { seen } = await instance.run({ x: input(2) });
    assert.deepEqual([...seen.data as Int32Array], expected(2).seen);
    assert.notDeepEqual([...once.seen.data as Int32Array], expected(2).seen);
  }
});

Deno.test("initial elements need constant extents and the right count", () => {
  const graph = new Graph();
  const sessions = graph.loadSymbol("sessions", 4);
  assert.throws(() => graph.state("s", "f32", [sessions, 2], new Float32Array(2)), {
    code: "unsupported",
    message: /sessions is chosen later/,
  });
  assert.throws(() => graph.state("t", "f32", [2, 2], new Float32Array(3)), {
    code: "shape_mismatch",
  });
  assert.throws(
    () => graph.parameter("p", { dtype: "i8", shape: [3], data: new Int8Array(2) }),
    { code: "shape_mismatch" },
  );
});
