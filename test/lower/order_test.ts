/** A state that is read before and after it is updated: fused or not, each read sees its own time. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Node, Value } from "../../src/graph/graph.ts";
import type { Op } from "../../src/graph/op.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { selectEarly } from "../../src/graph/select_early.ts";
import { lower } from "../../src/lower/lower.ts";
import type { Lowering } from "../../src/lower/lowering.ts";
import { instructionOf } from "../../src/instructions/mod.ts";

const [ROWS, COLUMNS] = [2, 8];
const floats = (n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(i + 1));

/** `s += x`, and x again. */
const bump: Op<"Bump", "x" | "s"> = {
  name: "Bump",
  inputs: ["x", "s"],
  writes: ["s"],
  infer: ({ x }) => ({ y: { dtype: "f32", shape: x.shape } }),
};

function lowerBump(lowering: Lowering, { inputs: { x, s }, outputs: { y } }: Node): void {
  lowering.emit([], "accumulate", { x: lowering.operand(x!), y: lowering.operand(s!) });
  lowering.emit(y, "copy", { x: lowering.operand(x!), y: lowering.result(y) });
}

/** A graph with an input and a state, and an update in the middle. */
class Net {
  readonly graph = new Graph();
  readonly x = this.graph.input("x", "f32", [ROWS, COLUMNS]);
  readonly s = this.graph.state("s", "f32", [ROWS, COLUMNS], floats(ROWS * COLUMNS).fill(1));

  constant(...shape: number[]): Value {
    const data = floats(shape.reduce((a, b) => a * b, 1));
    return this.graph.constant("", { dtype: "f32", shape, data });
  }

  update(): void {
    this.graph.output("updated", this.graph.apply(bump, { x: this.x, s: this.s }));
  }

  linear(x: Value): Value {
    return this.graph.apply(ops.linear, { x, weight: this.constant(COLUMNS, COLUMNS) });
  }

  norm(x: Value): Value {
    return this.graph.apply(ops.rmsNormalization, { x, gamma: this.constant(COLUMNS) }, {
      epsilon: 1e-5,
    });
  }

  ternary(x: Value, epsilon = 1e-6): Value {
    const weight = this.graph.constant("", {
      dtype: "i8",
      shape: [COLUMNS, COLUMNS],
      data: Int8Array.from({ length: COLUMNS ** 2 }, (_, i) => i % 3 - 1),
    });
    const [gamma, weightScale] = [this.constant(COLUMNS), this.constant(1)];
    return this.graph.apply(ops.bitLinear, { x, gamma, weight, weightScale }, { epsilon });
  }

  add(a: Value, b: Value): Value {
    return this.graph.apply(ops.add, { a, b });
  }
}

const CASES: readonly [name: string, make: (net: Net) => Value[]][] = [
  ["a linear layer of the state, and a residual behind the update", (n) => {
    const layer = n.linear(n.s);
    n.update();
    return [n.add(layer, n.x)];
  }],
  ["a view of the state as what a layer reads", (n) => {
    const layer = n.linear(n.graph.apply(ops.reshape, { x: n.s }, { shape: [ROWS, COLUMNS] }));
    n.update();
    return [n.add(layer, n.x)];
  }],
  ["a norm of the state, and a ternary layer behind the update", (n) => {
    const norm = n.norm(n.s);
    n.update();
    return [n.ternary(norm)];
  }],
  ["a norm of the state with ternary layers on both sides of the update", (n) => {
    const norm = n.norm(n.s);
    const before = n.ternary(norm);
    n.update();
    return [before, n.ternary(norm), n.ternary(norm, 1e-3)];
  }],
  ["a ternary layer and its residual", (n) => {
    const layer = n.ternary(n.s);
    n.update();
    return [n.add(layer, n.x)];
  }],
  ["ternary layers of the state on both sides of the update", (n) => {
    const before = n.ternary(n.s);
    n.update();
    return [before, n.ternary(n.s)];
  }],
  ["a row of what was computed before the update", (n) => {
    const y = n.graph.apply(ops.gelu, { x: n.s });
    n.update();
    return [n.graph.apply(ops.selectRow, { x: y }, { row: 1 })];
  }],
];

for (const [name, make] of CASES) {
  Deno.test(`no read moves past an update: ${name}`, async () => {
    const net = new Net();
    make(net).forEach((value, i) => net.graph.output(`y${i}`, value));
    const runs = async (graph: Graph, fuse: boolean, engine: "reference" | "wasm") => {
      const { program } = lower(graph, { fuse, rules: { Bump: lowerBump } });
      using instance = await load(program, { engine });
      const x = floats(ROWS * COLUMNS);
      return [instance.runSync({ x }), instance.runSync({ x })];
    };
    const expected = await runs(net.graph, false, "reference");
    assert.notDeepEqual(expected[0], expected[1]);
    for (const engine of ["reference", "wasm"] as const) {
      assert.deepEqual(await runs(net.graph, true, engine), expected);
      assert.deepEqual(await runs(selectEarly(net.graph), true, engine), expected);
    }
  });
}

Deno.test("a fusion that an update prevents says so, one before it is made", () => {
  const net = new Net();
  const layer = net.linear(net.s);
  net.update();
  net.graph.output("moved", net.add(layer, net.x));
  net.graph.output("stays", net.add(net.linear(net.s), net.x));
  const { program, fusions } = lower(net.graph, { rules: { Bump: lowerBump } });
  assert.deepEqual(fusions.map(({ reason }) => reason), [undefined, '"s" is updated in between']);
  const names = program.instructions.map(({ opcode }) => instructionOf(opcode)!.name);
  assert.deepEqual(names, ["linear_f32", "accumulate", "copy", "add_f32", "linear_f32"]);
});
