import assert from "node:assert/strict";
import { Slices } from "../../src/engines/_slices.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import type { Program } from "../../src/program/program.ts";

/** About a millisecond's. */
const SLICE = 2 ** 21;

/** GELU after GELU of so many elements, in entries of their own. */
function chains(...entries: readonly (readonly number[])[]): Program {
  const graph = new Graph();
  entries.forEach((sizes, e) => {
    sizes.forEach((size, i) => {
      const x = graph.input(`x${e}.${i}`, "f32", [1, size]);
      graph.output(`y${e}.${i}`, graph.apply(ops.gelu, { x }), `${e}`);
    });
  });
  return compile(graph);
}

const valuesOf = ({ expressions }: Program) => expressions.map(({ constant }) => constant);
const endsOf = (program: Program, entry = 0) =>
  new Slices().ends(program, entry, [], valuesOf(program));

// GELU has 2·size elements of operands, and √(size·size) besides.
const QUARTER = Math.floor(SLICE / 4 / 3);

Deno.test("small instructions are done together, large ones alone", () => {
  assert.deepEqual(endsOf(chains([8, 8, 8])), [3]);
  // Four and a little fit no slice.
  assert.deepEqual(endsOf(chains(Array(6).fill(QUARTER + 1000))), [3, 6]);
  assert.deepEqual(endsOf(chains([SLICE, 8, 8, SLICE, 8])), [1, 3, 4, 5]);
  assert.deepEqual(endsOf(chains([SLICE, SLICE])), [1, 2]);
});

Deno.test("a slice ends where the next instruction would be too much", () => {
  const half = Math.floor(QUARTER * 2);
  assert.deepEqual(endsOf(chains([half, half, half])), [2, 3]);
  assert.deepEqual(endsOf(chains([half, half + 4, half])), [1, 2, 3]);
});

Deno.test("the entry's own instructions count", () => {
  const program = chains([8, 8, 8], [SLICE, SLICE, 8]);
  assert.deepEqual(endsOf(program, 0), [3]);
  assert.deepEqual(endsOf(program, 1), [1, 2, 3]);
});

Deno.test("a product of matrices counts as what it computes", () => {
  const graph = new Graph();
  const weight = graph.constant("w", {
    dtype: "f32",
    shape: [160, 160],
    data: new Float32Array(160 * 160),
  });
  const bias = graph.constant("b", { dtype: "f32", shape: [160], data: new Float32Array(160) });
  let y: Value = graph.input("x", "f32", [160, 160]);
  for (let i = 0; i < 2; i++) y = graph.apply(ops.linear, { x: y, weight, bias });
  graph.output("y", y);
  // 160³ is two slices, 3·160² not a tenth of one.
  assert.deepEqual(endsOf(compile(graph)), [1, 2]);
});

Deno.test("slices are found anew for other sizes and another entry", () => {
  const graph = new Graph();
  const batch = graph.symbol("batch", 4, 4);
  for (const name of ["a", "b"]) {
    const x = graph.input(name, "f32", [batch, SLICE / 16]);
    const y = graph.apply(ops.gelu, { x });
    graph.output(`${name}1`, graph.apply(ops.gelu, { x: y }), name);
  }
  const small = graph.apply(ops.gelu, { x: graph.input("c", "f32", [1, 8]) });
  graph.output("c1", graph.apply(ops.gelu, { x: small }), "c");
  const program = compile(graph);
  const run = program.symbols.findIndex(({ name }) => name === "batch");
  const slices = new Slices();
  const ends = (entry: number, size: number) => {
    const symbols = program.symbols.map((_, i) => i === run ? size : 4);
    const values = program.expressions.map(({ constant, terms }) =>
      terms.reduce((sum, [factor, symbol]) => sum + factor * symbols[symbol], constant)
    );
    return slices.ends(program, entry, symbols, values);
  };
  // Three quarters of a slice each, or three sixteenths.
  assert.deepEqual(ends(0, 4), [1, 2]);
  assert.deepEqual(ends(0, 1), [2]);
  assert.deepEqual(ends(1, 4), [1, 2]);
  assert.deepEqual(ends(2, 4), [2]);
  const first = ends(2, 4);
  assert.equal(ends(2, 4), first);
});
