/** What ops say of rows is true: a row of the result is the result of the rows, bit for bit. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { selectEarly } from "../../src/graph/select_early.ts";
import { nodesOf } from "../../src/graph/traversal.ts";
import { quantizeTernary } from "../../src/quantize/ternary_network.ts";
import type { DType, TensorData } from "../../src/tensor.ts";
import { Random } from "../conformance/_random.ts";
import { lowered } from "../lower/_check.ts";
import { tensorOf } from "../../src/tensor.ts";

const [BATCH, ROWS, COLUMNS, ROW] = [2, 5, 8, 3];
const random = new Random(11);

const floats = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random.unit() * 2 - 1);
const codes = (count: number, largest: number): Int16Array =>
  Int16Array.from({ length: count }, () => random.integer(-largest, largest));

/** A graph whose result is made of inputs `[2, 5, 8]`, and of which one row is looked at. */
class Net {
  readonly graph = new Graph();
  readonly inputs: Record<string, TensorData> = {};

  input(name: string, dtype: DType, data: TensorData): Value {
    this.inputs[name] = data;
    return this.graph.input(name, dtype, [BATCH, ROWS, COLUMNS]);
  }

  floats(name: string): Value {
    return this.input(name, "f32", floats(BATCH * ROWS * COLUMNS));
  }

  constant(dtype: DType, shape: readonly number[], data: TensorData): Value {
    return this.graph.constant("", tensorOf(dtype, shape, data));
  }

  gamma(): Value {
    return this.constant("f32", [COLUMNS], floats(COLUMNS));
  }
}

/** Ops whose rows no other test moves. */
const CASES: Readonly<Record<string, (net: Net) => Value>> = {
  BitLinear(net) {
    const weight = net.constant(
      "i8",
      [6, COLUMNS],
      Int8Array.from({ length: 6 * COLUMNS }, () => random.integer(-1, 1)),
    );
    const weightScale = net.constant("f32", [1], Float32Array.of(0.5));
    const inputs = { x: net.floats("x"), gamma: net.gamma(), weight, weightScale };
    return net.graph.apply(ops.bitLinear, inputs, { epsilon: 1e-6 });
  },
  DequantizeLinear(net) {
    const x = net.input("x", "i16", codes(BATCH * ROWS * COLUMNS, 32767));
    return net.graph.apply(ops.dequantizeLinear, { x, scale: net.gamma() });
  },
  FusedBitLinear(net) {
    const weight = net.constant("f32", [6, COLUMNS], floats(6 * COLUMNS));
    const inputs = { x: net.floats("x"), gamma: net.gamma(), weight };
    return net.graph.apply(ops.fusedBitLinear, inputs, { epsilon: 1e-6 });
  },
  HgrnGate(net) {
    const inputs = { p: net.floats("p"), gamma: net.gamma(), x: net.floats("x") };
    return net.graph.apply(ops.hgrnGate, inputs, { epsilon: 1e-6 });
  },
  Lookup12(net) {
    const x = net.input("x", "i16", codes(BATCH * ROWS * COLUMNS, 2047));
    const table = net.constant("i16", [4096], codes(4096, 32767));
    return net.graph.apply(ops.lookup12, { x, table });
  },
  RMSNormalization(net) {
    const inputs = { x: net.floats("x"), gamma: net.gamma() };
    return net.graph.apply(ops.rmsNormalization, inputs, { epsilon: 1e-6 });
  },
  SwiGlu(net) {
    return net.graph.apply(ops.swiglu, { gate: net.floats("gate"), up: net.floats("up") });
  },
};

async function resultOf(graph: Graph, inputs: Readonly<Record<string, TensorData>>) {
  // Latent weights are not lowered as they are.
  const program = lowered(await quantizeTernary(graph), false);
  using instance = await load(program, { engine: "reference" });
  return instance.runSync(inputs).y;
}

for (const [op, make] of Object.entries(CASES)) {
  Deno.test(`${op}: one row of its result needs that row of its inputs`, async () => {
    const net = new Net();
    const { graph } = net;
    graph.output("y", graph.apply(ops.selectRow, { x: make(net) }, { row: ROW }));
    const early = selectEarly(graph);
    const selections = Object.keys(net.inputs).map(() => "SelectRow");
    assert.deepEqual(
      nodesOf(early, early.outputs).map((node) => node.op),
      [...selections, op],
    );
    assert.deepEqual(await resultOf(early, net.inputs), await resultOf(graph, net.inputs));
  });
}
