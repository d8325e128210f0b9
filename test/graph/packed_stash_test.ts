/** What gradients of ReLUs and max pools read in place of values: the same bits, where the fullest moment becomes less full. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { gradients } from "../../src/gradients/gradients.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { packedStash } from "../../src/graph/packed_stash.ts";
import { Schedule } from "../../src/graph/schedule.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { trainBuild } from "../../src/engines/wasm/train_module.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { HalfType } from "../../src/numeric/half.ts";
import { Random } from "../conformance/_random.ts";

const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);

/** The gradient of functions of pictures; what comes behind the last of them makes the moment in the middle the fullest. */
function network(
  { side = 20, columns = 8, kernel = [2, 2], isPooled = true, kept }: {
    readonly side?: number;
    readonly columns?: number;
    readonly kernel?: readonly number[];
    readonly isPooled?: boolean;
    readonly kept?: HalfType;
  } = {},
): Graph {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const shape = [2, side, side, columns];
  const [x, dy] = ["x", "dy"].map((name) => graph.input(name, "f32", shape));
  const relu = build.unary(build.scale(x, 2), "relu");
  const mean = (y: Value): Value =>
    graph.apply(ops.averagePool, { x: y }, { kernel: y.shape.slice(1, 3) as number[] });
  const pooled = isPooled
    ? mean(graph.apply(ops.maxPool, { x: relu }, { kernel, strides: [1, 1] }))
    : build.sum(relu);
  // Many values at once between the two halves.
  const wide = ["exp", "tanh", "sigmoid"].map((kind) => build.unary(dy, kind as "exp"));
  const sum = wide.reduce((a, b) => build.add(a, b));
  const loss = build.mul(build.sum(pooled), build.sum(sum));
  if (kept !== undefined) {
    for (const { outputs: { y } } of graph.nodes.slice(0, isPooled ? 3 : 2)) {
      graph.storage.set(y.id, { type: kept });
    }
  }
  const [dx] = gradients(graph, loss, [x]);
  graph.output("dx", dx);
  return graph;
}

async function run(graph: Graph, inputs: Readonly<Record<string, Float32Array>>) {
  const program = await encodeProgram(compile(graph, { training: true }));
  using instance = await loadWasm(program, { build: trainBuild() });
  return [...instance.runSync(inputs).dx.data as Float32Array];
}

Deno.test("packed stash: gradients are the same, to the bit", async () => {
  const random = new Random(11);
  const special = [0, -0, 1e-45, NaN, 0.5, 0.5];
  for (const kept of [undefined, "bf16", "f16"] as const) {
    for (const isPooled of [false, true]) {
      const graph = network({ isPooled, ...kept && { kept } });
      const made = packedStash(graph, "main");
      const wanted = ["SignBits", "Masked", ...isPooled ? ["MaxPoolPlaces", "MaxPoolScatter"] : []];
      for (const op of wanted) assert.ok(opsOf(made).includes(op), `${kept} ${op}`);
      const [before, after] = [graph, made].map((of) => Schedule.of(of, "main").peak);
      assert.ok(after < before, `${after} of ${before}`);
      const elements = 2 * 20 * 20 * 8;
      const x = Float32Array.from(
        { length: elements },
        () => random.chance(0.2) ? random.pick(special) : Math.round(8 * random.unit() - 4),
      );
      const dy = Float32Array.from({ length: elements }, () => random.unit() - 0.5);
      const expected = await run(graph, { x, dy });
      assert.deepEqual(await run(made, { x, dy }), expected);
      assert.ok(expected.some((value) => value !== 0));
    }
  }
});

Deno.test("packed stash: what does not make the fullest moment less full stays as it is", () => {
  // Nothing is kept for the gradient while most is there.
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [64, 8]);
  const wide = ["exp", "tanh", "sigmoid"].map((kind) => build.unary(x, kind as "exp"));
  const loss = build.sum(build.unary(wide.reduce((a, b) => build.mul(a, b)), "relu"));
  graph.output("loss", loss);
  assert.equal(packedStash(graph, "main"), graph);
  // Or it is made when there is less already.
  const z = graph.input("z", "f32", [1, 8]);
  const relu = build.unary(build.scale(z, 2), "relu");
  const dx = graph.apply(ops.unaryGradient, { x: relu, dy: z }, { kind: "relu" });
  graph.output("late", build.sum(dx));
  assert.equal(packedStash(graph, "main"), graph);
  // Bytes hold eight elements, and places below 255.
  const isPacked = (of: Graph, op: string): boolean => opsOf(packedStash(of, "main")).includes(op);
  assert.ok(isPacked(network({ side: 20, columns: 2, isPooled: false }), "SignBits"));
  assert.ok(!isPacked(network({ side: 21, columns: 2, isPooled: false }), "SignBits"));
  assert.ok(!isPacked(network({ kernel: [16, 16] }), "MaxPoolPlaces"));
  assert.ok(isPacked(network({ kernel: [15, 17] }), "MaxPoolPlaces"));
});

Deno.test("packed stash: operands that do not fit are refused", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [3, 8]);
  const odd = graph.input("odd", "f32", [3, 5]);
  const picture = graph.input("picture", "f32", [1, 20, 20, 2]);
  const bits = graph.apply(ops.signBits, { x });
  const places = graph.apply(ops.maxPoolPlaces, { x: picture }, { kernel: [2, 2] });
  const dy = graph.input("dy", "f32", [1, 10, 10, 2]);
  const refuse = (make: () => unknown, code: string): void => {
    assert.throws(make, (error) => error instanceof FewbitError && error.code === code);
  };
  refuse(() => graph.apply(ops.signBits, { x: odd }), "shape_mismatch");
  refuse(() => graph.apply(ops.signBits, { x: bits }), "dtype_mismatch");
  refuse(() => graph.apply(ops.masked, { x: odd, bits }), "shape_mismatch");
  refuse(() => graph.apply(ops.masked, { x, bits: x }), "dtype_mismatch");
  refuse(
    () => graph.apply(ops.maxPoolPlaces, { x: picture }, { kernel: [16, 16] }),
    "shape_mismatch",
  );
  const pooling = { kernel: [2, 2], extents: [20, 20] };
  assert.deepEqual(graph.apply(ops.maxPoolScatter, { places, dy }, pooling).shape, [1, 20, 20, 2]);
  const other = { ...pooling, extents: [24, 20] };
  refuse(() => graph.apply(ops.maxPoolScatter, { places, dy }, other), "shape_mismatch");
  refuse(() => graph.apply(ops.maxPoolScatter, { places: dy, dy }, pooling), "dtype_mismatch");
  refuse(() => graph.apply(ops.maxPoolScatter, { places: bits, dy }, pooling), "shape_mismatch");
});
