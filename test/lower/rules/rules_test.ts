/** Each rule against a formula: compiled, and run by the reference. */
import assert from "node:assert/strict";
import { load } from "../../../src/engines/load.ts";
import { Graph } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import { compile } from "../../../src/lower/compile.ts";
import { RULES } from "../../../src/lower/rules/mod.ts";
import { attempt, attemptAsync } from "../../_attempt.ts";
import { GRADIENT_CASES } from "../../gradients/_cases.ts";
import { constant, floats } from "./_case.ts";
import { DECODER_CASES } from "./_decoder.ts";
import { FLOAT_CASES } from "./_float.ts";
import { INTEGER_DECODER_CASES } from "./_integer_decoder.ts";
import { INTEGER_CASES } from "./_integer.ts";
import { ROW_CASES } from "./_rows.ts";
import { SEQUENCE_CASES } from "./_sequences.ts";
import { TERNARY_CASES } from "./_ternary.ts";
import { TERNARY_LLAMA_CASES } from "./_ternary_llama.ts";

const CASES = [
  ...DECODER_CASES,
  ...FLOAT_CASES,
  ...INTEGER_CASES,
  ...INTEGER_DECODER_CASES,
  ...ROW_CASES,
  ...SEQUENCE_CASES,
  ...TERNARY_CASES,
  ...TERNARY_LLAMA_CASES,
];

function checkNear(actual: ArrayLike<unknown>, expected: readonly number[], within: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(Number(actual[i]) - expected[i]);
    assert.ok(difference <= within, `element ${i} is ${actual[i]}, expected ${expected[i]}`);
  }
}

for (const { op, of, make, inputs, expected, within = 0, states = {} } of CASES) {
  Deno.test(`rule of ${op}: ${of}`, async () => {
    const graph = new Graph();
    graph.output("y", attempt(() => make(graph)));
    using instance = await attemptAsync(() =>
      load(attempt(() => compile(graph)), { engine: "reference" })
    );
    checkNear(attempt(() => instance.runSync(inputs)).y.data, expected, within);
    for (const [name, state] of Object.entries(states)) {
      checkNear((await instance.read(name)).data, state, within);
    }
  });
}

/** What updates a parameter: see `test/golden/train/optim_test.ts`. */
const UPDATES = ["Accumulate", "Adagrad", "Adam", "Assign", "Lion", "Rmsprop", "Sgd"];
/** What ternary layers that train are made of: `test/training/straight_through_test.ts`. */
const STRAIGHT = ["QuantizeRowsAway", "StraightThrough", "Ternarize"];
/** Gradients that rules make: those of the cases of `test/gradients`. */
const MADE = [
  "EmbeddingGradient",
  "MaxPoolGradient",
  "MeanVarianceGradient",
  "NormalizeBatchGradient",
  "UnaryGradient",
];
/** What scales losses, and moments that are read: `test/training/half_precision_test.ts`, cases of `NormalizeBatch`. */
const HALF = ["AllFinite", "BatchMoments"];
/** What is kept in place of values: `test/graph/packed_stash_test.ts`. */
const STASH = ["Masked", "MaxPoolPlaces", "MaxPoolScatter", "SignBits"];

Deno.test("every op that has a rule has a case", () => {
  const cases = [...CASES, ...GRADIENT_CASES].map(({ op }) => op);
  const covered = new Set<string>([...cases, ...UPDATES, ...MADE, ...STRAIGHT, ...HALF, ...STASH]);
  assert.deepEqual(Object.keys(RULES).filter((op) => !covered.has(op)), ["FusedBitLinear"]);
});

function refused(title: string, make: (graph: Graph) => void, message: RegExp): void {
  Deno.test(`refused: ${title}`, () => {
    const graph = new Graph();
    make(graph);
    assert.throws(() => compile(graph), { code: "unsupported", message });
  });
}

refused("scores without softmax and values", (graph) => {
  const q = graph.input("q", "f32", [1, 2, 4]);
  const scores = graph.apply(ops.attentionScores, { q, k: q }, { heads: 1, scale: 1 });
  graph.output("y", scores);
}, /AttentionScores/);

refused("values of anything but a softmax", (graph) => {
  const [p, v] = [graph.input("p", "f32", [1, 1, 2, 2]), graph.input("v", "f32", [1, 2, 4])];
  graph.output("y", graph.apply(ops.attentionValues, { p, v }));
}, /Attention other than/);

for (const shown of ["scores", "softmax"] as const) {
  refused(`an attention whose ${shown} are an output`, (graph) => {
    const q = graph.input("q", "f32", [1, 2, 4]);
    const scores = graph.apply(ops.attentionScores, { q, k: q }, { heads: 1, scale: 1 });
    const p = graph.apply(ops.softmax, { x: scores });
    graph.output("y", graph.apply(ops.attentionValues, { p, v: q }));
    graph.output("shown", shown === "scores" ? scores : p);
  }, /Attention/);
}

refused("a softmax with a mask alone", (graph) => {
  const mask = constant(graph, "u8", [1, 2, 2], new Uint8Array(4));
  graph.output("y", graph.apply(ops.softmax, { x: graph.input("x", "f32", [1, 1, 2, 2]), mask }));
}, /Softmax with a mask/);

refused("a layer of latent weights", (graph) => {
  const y = graph.apply(
    ops.fusedBitLinear,
    {
      x: graph.input("x", "f32", [2, 4]),
      gamma: constant(graph, "f32", [4], floats(4)),
      weight: constant(graph, "f32", [2, 4], floats(8)),
    },
    { epsilon: 1e-6 },
    { name: "layer.3" },
  );
  graph.output("y", y);
}, /layer\.3: its weights are floats/);
