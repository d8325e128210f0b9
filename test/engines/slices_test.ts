import assert from "node:assert/strict";
import { ATTENTION, Slices, WRITE_THREE } from "../../src/engines/_slices.ts";
import type { Slice } from "../../src/engines/_slices.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import {
  INFERENCE_INSTRUCTIONS,
  instructionNamed,
  instructionOf,
  INSTRUCTIONS,
} from "../../src/instructions/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { decodeHead } from "../../src/program/decode.ts";
import { evaluateExpressions } from "../../src/program/expression.ts";
import type { Program } from "../../src/program/program.ts";

/** Elements of which an elementwise instruction takes a millisecond. */
const MS = 1_000_000;
/** Milliseconds of a slice. */
const SLICE = 2;

/** GELU after GELU of so many milliseconds, in entries of their own. */
function chains(...entries: readonly (readonly number[])[]): Program {
  const graph = new Graph();
  entries.forEach((times, e) => {
    times.forEach((ms, i) => {
      const x = graph.input(`x${e}.${i}`, "f32", [1, Math.round(ms * MS)]);
      graph.output(`y${e}.${i}`, graph.apply(ops.gelu, { x }), `${e}`);
    });
  });
  return compile(graph);
}

function begun(program: Program, { entry = 0, factor = 1, hasParts = true } = {}): Slices {
  const slices = new Slices(program, factor, hasParts);
  slices.begin(entry, [], evaluateExpressions(program, []));
  return slices;
}

/** All slices of an entry. */
function allOf(slices: Slices, { entries }: Program, entry = 0): Slice[] {
  const all: Slice[] = [];
  for (let done = 0; done < entries[entry].count;) {
    const slice = slices.next(done);
    all.push(slice);
    if (slice.part + 1 === slice.parts) done += slice.count;
  }
  return all;
}

/** `3` for three instructions, `1/4` four times for one in four parts. */
const shown = (all: readonly Slice[]) =>
  all.map(({ count, parts }) => parts === 1 ? `${count}` : `${count}/${parts}`);

const shownOf = (program: Program, settings = {}) =>
  shown(allOf(begun(program, settings), program));

Deno.test("small instructions are done together, large ones alone and in parts", () => {
  assert.deepEqual(shownOf(chains([0.1, 0.1, 0.1])), ["3"]);
  assert.deepEqual(shownOf(chains(Array(6).fill(0.5))), ["3", "3"]);
  assert.deepEqual(shownOf(chains([1, 0.99, 1, 0.99])), ["2", "2"]);
  assert.deepEqual(shownOf(chains([0.1, 1.95, 0.1])), ["1", "1", "1"]);
  assert.deepEqual(shownOf(chains([0.1, 4.1, 0.1])), ["1", "1/3", "1/3", "1/3", "1"]);
});

Deno.test("parts are counted, and no part is begun twice", () => {
  const program = chains([6.5, 0.1]);
  const slices = begun(program);
  const all = allOf(slices, program);
  assert.deepEqual(all.map(({ part }) => part), [0, 1, 2, 3, 0]);
  for (const { ms } of all.slice(0, 4)) assert.ok(Math.abs(ms - 6.5 / 4) < 0.01, `${ms}`);
  // What is learnt under way does not change the parts of the instruction that has begun.
  slices.begin(0, [], evaluateExpressions(program, []));
  assert.equal(slices.next(0).parts, 4);
  assert.equal(slices.isInside, true);
  slices.took(1, 100);
  assert.equal(slices.next(0).part, 1);
  slices.took(10_000, 4);
  const rest = [slices.next(0), slices.next(0)].map((
    { part, parts, count },
  ) => [part, parts, count]);
  assert.deepEqual(rest, [[2, 4, 1], [3, 4, 1]]);
  assert.equal(slices.isInside, false);
  // A run that begins anew begins with whole instructions.
  const other = begun(program);
  other.next(0);
  assert.equal(other.isInside, true);
  other.begin(0, [], evaluateExpressions(program, []));
  assert.equal(other.isInside, false);
});

Deno.test("an engine without parts has slices of whole instructions", () => {
  assert.deepEqual(shownOf(chains([0.1, 40, 0.1]), { hasParts: false }), ["1", "1", "1"]);
});

Deno.test("the entry's own instructions count", () => {
  const program = chains([0.1, 0.1, 0.1], [4, 0.1]);
  assert.deepEqual(shown(allOf(begun(program), program)), ["3"]);
  assert.deepEqual(shown(allOf(begun(program, { entry: 1 }), program, 1)), [
    "1/3",
    "1/3",
    "1/3",
    "1",
  ]);
});

Deno.test("a linear layer counts as what it computes", () => {
  const graph = new Graph();
  const [rows, width] = [1000, 1000];
  const weight = graph.constant("w", {
    dtype: "f32",
    shape: [width, width],
    data: new Float32Array(width * width),
  });
  graph.output("y", graph.apply(ops.linear, { x: graph.input("x", "f32", [rows, width]), weight }));
  const program = compile(graph);
  const [{ ms, parts }] = allOf(begun(program), program);
  assert.ok(Math.abs(ms * parts - 30) < 0.01, `${ms * parts} ms`);
});

Deno.test("of a large table only the rows that are read count", () => {
  const graph = new Graph();
  const [words, width] = [20_000, 100];
  const data = new Float32Array(words * width);
  const table = graph.constant("table", { dtype: "f32", shape: [words, width], data });
  const index = graph.input("index", "i32", [3], { check: "below", limit: words });
  graph.output("y", graph.apply(ops.embedding, { table, index }));
  const program = compile(graph);
  const ms = 3 * width / MS;
  assert.ok(Math.abs(begun(program).next(0).ms - ms) < 3e-4);
  // Also of one that a layer reads, too.
  const tensors = program.tensors.map((tensor) => ({ ...tensor, layout: "panel_8x4" as const }));
  const [{ operands }] = program.instructions;
  const read = program.views[operands[0]].tensor;
  const panels = { ...program, tensors: program.tensors.with(read, tensors[read]) };
  assert.ok(Math.abs(begun(panels).next(0).ms - ms) < 3e-4);
});

Deno.test("attention counts as its scores and values", () => {
  const graph = new Graph();
  const [queries, width] = [500, 100];
  const input = (name: string): Value => graph.input(name, "f32", [1, queries, width]);
  const [q, k, v] = ["q", "k", "v"].map(input);
  const attributes = { heads: 4, scale: 0.1 };
  const scores = graph.apply(ops.attentionScores, { q, k }, attributes);
  const p = graph.apply(ops.softmax, { x: scores });
  graph.output("y", graph.apply(ops.attentionValues, { p, v }, { heads: 4 }));
  const program = compile(graph);
  const all = allOf(begun(program), program);
  const total = all.reduce((sum, { ms }) => sum + ms, 0);
  assert.equal(program.instructions.length, 1);
  assert.ok(Math.abs(total - 2 * queries * queries * width * 6e-8) < 0.01, `${total} ms`);
});

Deno.test("the opcodes of attention are those of the descriptions that have scores or values", () => {
  const described = INFERENCE_INSTRUCTIONS.filter(({ category, operands }) =>
    category === "attention" && operands.some(({ name }) => name === "q" || name === "p")
  );
  assert.deepEqual(described.map(({ opcode }) => opcode), ATTENTION);
  for (const { name, operands: [first, ...others] } of described) {
    assert.match(first.name, /^[qp]$/, name);
    // What is scored has as many rows as there are keys.
    assert.ok(others.some(({ shape }) => /^\w \w \w$/.test(shape)), name);
  }
});

Deno.test("attention over a cache counts as what the cache may hold", () => {
  const b = new ProgramBuilder();
  const tensorOf = (
    region: "input" | "state" | "output",
    name: string,
    dtype: "f32" | "i32",
    sizes: number[],
    check?: object,
  ) =>
    b.tensor({
      region,
      name,
      dtype,
      extents: sizes.map((size) => b.expression(size)),
      ...region === "state" && { encoding: "zero" as const },
      ...check,
    });
  const [tokens, rows, width] = [10, 500, 64];
  const spec = instructionNamed("attention_cached_f32");
  const shapes: Record<string, readonly [number[], "f32" | "i32", "input" | "state" | "output"]> = {
    q: [[tokens, width], "f32", "input"],
    keys: [[1, rows, width], "f32", "state"],
    values: [[1, rows, width], "f32", "state"],
    y: [[tokens, width], "f32", "output"],
  };
  const operands = Object.fromEntries(spec.operands.map(({ name }) => {
    const [sizes, dtype, region] = shapes[name] ?? [[2], "i32", "input"];
    return [name, b.whole(tensorOf(region, name, dtype, sizes))];
  }));
  b.instruction("attention_cached_f32", operands, { heads: 1, group: 1 });
  b.entry("main");
  const { ms } = begun(b.finish(), { hasParts: false }).next(0);
  assert.ok(Math.abs(ms - 2 * tokens * rows * width * 6e-8) < 1e-3, `${ms}`);
});

Deno.test("what an instruction writes stands last", () => {
  for (const { name, opcode, operands } of INSTRUCTIONS) {
    const most = WRITE_THREE.includes(opcode) ? 3 : 2;
    // A step of an optimiser has its parameter last, which is enough to see that it is not cut.
    if (operands.at(-1)?.name === "p") continue;
    const written = operands.flatMap(({ role }, j) => role === "in" ? [] : [j - operands.length]);
    assert.ok(written.includes(-1) && written.every((j) => j >= -most), `${name}: ${written}`);
    // Only what stands before these may be missing.
    assert.ok(
      operands.slice(-most).every(({ optional, role }) => role === "in" || !optional),
      name,
    );
  }
});

Deno.test("what outlives the run is written whole", () => {
  for (const region of ["state", "parameter", "output"] as const) {
    const b = new ProgramBuilder();
    const extents = [b.expression(1), b.expression(10 * MS)];
    const x = b.tensor({ region: "input", name: "x", dtype: "i8", extents });
    const kept = { region, name: "y", dtype: "i8", extents } as const;
    const y = b.tensor(region === "output" ? kept : { ...kept, encoding: "zero" });
    b.instruction("copy", { x: b.whole(x), y: b.whole(y) });
    b.entry("main");
    const { parts } = begun(b.finish()).next(0);
    assert.equal(parts, region === "output" ? 6 : 1, region);
  }
});

Deno.test("of the language model all is cut but what writes its state", async () => {
  const file = await Deno.readFile(
    new URL("../../models/hgrn-shakespeare.fewbit", import.meta.url),
  );
  const { program } = decodeHead(file);
  const symbols = program.symbols.map(({ name }) => name === "tokens" ? 64 : 1);
  let [whole, cut] = [0, 0];
  program.instructions.forEach(({ opcode }, i) => {
    const slices = new Slices(program, 1e6, true);
    slices.begin(0, symbols, evaluateExpressions(program, symbols));
    const { parts } = slices.next(i);
    const { name, operands } = instructionOf(opcode)!;
    const hasState = operands.some((operand) => operand.name === "state");
    assert.equal(parts > 1, !hasState, name);
    if (hasState) whole++;
    else cut++;
  });
  assert.ok(whole > 0 && cut > whole, `${whole} whole, ${cut} cut`);
});

Deno.test("slices are found anew for other sizes and another entry", () => {
  const graph = new Graph();
  const batch = graph.symbol("batch", 4, 4);
  for (const name of ["a", "b"]) {
    const x = graph.input(name, "f32", [batch, 0.6 * MS]);
    const y = graph.apply(ops.gelu, { x });
    graph.output(`${name}1`, graph.apply(ops.gelu, { x: y }), name);
  }
  const small = graph.apply(ops.gelu, { x: graph.input("c", "f32", [1, 8]) });
  graph.output("c1", graph.apply(ops.gelu, { x: small }), "c");
  const program = compile(graph);
  const run = program.symbols.findIndex(({ name }) => name === "batch");
  const slices = new Slices(program, 1, true);
  const at = (entry: number, size: number): string[] => {
    const symbols = program.symbols.map((_, i) => i === run ? size : 4);
    slices.begin(entry, symbols, evaluateExpressions(program, symbols));
    return shown(allOf(slices, program, entry));
  };
  assert.deepEqual(at(0, 4), ["1/2", "1/2", "1/2", "1/2"]);
  assert.deepEqual(at(0, 3), ["1", "1"]);
  assert.deepEqual(at(0, 1), ["2"]);
  assert.deepEqual(at(1, 4), ["1/2", "1/2", "1/2", "1/2"]);
  assert.deepEqual(at(2, 4), ["2"]);
  assert.deepEqual(at(0, 4), ["1/2", "1/2", "1/2", "1/2"]);
});

/** Runs again and again on a host where everything takes so many times as long; what slices took. */
function simulate(program: Program, slices: Slices, slower: () => number, runs: number): number[] {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    slices.begin(0, [], evaluateExpressions(program, []));
    const { count } = program.entries[0];
    const exact = begun(program, { hasParts: false });
    for (let done = 0; done < count;) {
      const slice = slices.next(done);
      let ms = 0;
      for (let i = 0; i < slice.count; i++) {
        const all = exact.next(done + i);
        ms += all.ms / all.count;
      }
      const taken = ms / slice.parts * slower();
      times.push(taken);
      slices.took(slice.ms, taken);
      if (slice.part + 1 === slice.parts) done += slice.count;
    }
  }
  return times;
}

/** Equal instructions, so that each one's part of a slice is known. */
const EVEN = chains(Array(40).fill(0.7));

for (const slower of [0.25, 1, 10, 100]) {
  Deno.test(`slices take 2 ms on a host that is ${slower} times as slow`, () => {
    const times = simulate(EVEN, begun(EVEN), () => slower, 20).slice(-200);
    assert.ok(Math.max(...times) < SLICE * 1.05, `at most ${Math.max(...times)} ms`);
    const mean = times.reduce((a, b) => a + b, 0) / times.length;
    assert.ok(mean > SLICE / 2, `${mean} ms`);
  });
}

Deno.test("after an interruption slices are small for a short time", () => {
  const slices = begun(EVEN);
  simulate(EVEN, slices, () => 1, 10);
  let calls = 0;
  // The third slice waits for others.
  const times = simulate(EVEN, slices, () => ++calls === 3 ? 300 : 1, 1);
  const after = times.slice(times.findIndex((ms) => ms > 100) + 1);
  const small = after.findIndex((ms) => ms > SLICE / 2);
  assert.ok(after[0] < SLICE / 4, `${after[0]} ms`);
  const spent = after.slice(0, small).reduce((a, b) => a + b, 0);
  assert.ok(small > 0 && small < 40 && spent < 6, `${spent} ms in ${small} small slices`);
});

Deno.test("a clock that stands still teaches nothing", () => {
  const slices = begun(EVEN);
  const before = shown(allOf(slices, EVEN));
  for (let i = 0; i < 1000; i++) slices.took(2, 0);
  slices.begin(0, [], evaluateExpressions(EVEN, []));
  assert.deepEqual(shown(allOf(slices, EVEN)), before);
});

Deno.test("the first of three that are written is whole, too", () => {
  for (const region of ["arena", "parameter"] as const) {
    const b = new ProgramBuilder();
    const [rows, columns] = [1000, 2 * MS].map((extent) => b.expression(extent));
    const tensor = (name: string, extents: number[], of: "input" | "arena" | "parameter") =>
      b.whole(b.tensor({
        ...{ region: of, name, dtype: "f32", extents },
        ...of === "parameter" && { encoding: "zero" },
      }));
    const vector = (name: string) => tensor(name, [columns], "input");
    b.instruction("normalize_gradient_f32", {
      x: tensor("x", [rows, columns], "input"),
      ...{ mean: vector("mean"), inverse: vector("inverse"), gamma: vector("gamma") },
      dy: tensor("dy", [rows, columns], "input"),
      dgamma: tensor("dgamma", [columns], region),
      ...{ dbeta: tensor("dbeta", [columns], "arena"), dx: tensor("dx", [rows, columns], "arena") },
    }, {});
    b.entry("main");
    const { parts } = begun(b.finish()).next(0);
    assert.equal(parts > 1, region === "arena", region);
  }
});
