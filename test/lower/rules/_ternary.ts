/** Ops of MatMul-free language models. */
import type { Graph, Value } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import { codes, constant, floats, matrix, scalar, siluOf, sum } from "./_case.ts";
import type { RuleCase } from "./_case.ts";

const [T, C, N] = [5, 8, 3];
const [x, z, gamma] = [floats(T * C), floats(T * C), floats(C)];
const at = (data: ArrayLike<number>, r: number, c: number) => data[r * C + c];
const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));

function rms(data: ArrayLike<number>, r: number, epsilon: number): number {
  return Math.sqrt(sum(C, (c) => at(data, r, c) ** 2) / C + epsilon);
}

const trits = Int8Array.from(codes(N * C, -1, 1));
const EPSILON = 0.125;
const norm = matrix(T, C, (r, c) => at(x, r, c) / rms(x, r, EPSILON) * gamma[c]);
function bitLinearAt(r: number, n: number): number {
  const most = Math.max(...norm.slice(r * C, r * C + C).map(Math.abs));
  const dot = sum(C, (k) => Math.round(norm[r * C + k] * 127 / most) * trits[n * C + k]);
  return dot * 0.75 * most / 127;
}

const table = floats(6 * C);
const ids = Int32Array.of(5, 0, 3, 3, 1);

/** Two sequences, of 2 and 3 tokens, in slots 2 and 0; the second goes on where slot 0 is. */
const SEQUENCES = [{ from: 0, to: 2, slot: 2, past: 0 }, { from: 2, to: 5, slot: 0, past: 4 }];
const bounds = {
  offsets: Int32Array.of(0, 2, 5),
  slot: Int32Array.of(2, 0),
  past: Int32Array.of(0, 4),
};
function sessions(graph: Graph): { [name in "offsets" | "slot" | "past"]: Value } {
  const offsets = graph.input("offsets", "i32", [3], { check: "offsets", limit: T });
  return {
    offsets,
    slot: graph.input("slot", "i32", [2], { check: "distinct", limit: 3 }),
    past: graph.input("past", "i32", [2], { check: "past", limit: 100, offsets }),
  };
}

const lowerBound = floats(C).map((value) => Math.abs(value) / 2);
const scanState = floats(3 * C);
function scanned(bound: ArrayLike<number> | undefined): { y: number[]; state: number[] } {
  const [y, state] = [new Array<number>(T * C), [...scanState]];
  for (const { from, to, slot, past } of SEQUENCES) {
    for (let c = 0; c < C; c++) {
      let h = past === 0 ? 0 : state[slot * C + c];
      for (let t = from; t < to; t++) {
        const low = bound?.[c] ?? 0;
        const f = low + (1 - low) * sigmoid(at(z, t, c));
        h = f * h + (1 - f) * siluOf(at(x, t, c));
        y[t * C + c] = h;
      }
      state[slot * C + c] = h;
    }
  }
  return { y, state };
}

const TAPS = 3;
const [convWeight, convState] = [floats(TAPS * C), floats(3 * TAPS * C)];
function convolved(): { y: number[]; state: number[] } {
  const [y, state] = [new Array<number>(T * C), [...convState]];
  for (const { from, to, slot, past } of SEQUENCES) {
    for (let c = 0; c < C; c++) {
      const before = Array.from(
        { length: TAPS },
        (_, j) => past === 0 ? 0 : convState[(slot * TAPS + j) * C + c],
      );
      const all = [...before, ...Array.from({ length: to - from }, (_, i) => at(x, from + i, c))];
      for (let t = from; t < to; t++) {
        const last = all.slice(t - from + 1, t - from + 1 + TAPS);
        y[t * C + c] = siluOf(sum(TAPS, (j) => convWeight[j * C + c] * last[j]));
      }
      all.slice(-TAPS).forEach((value, j) => state[(slot * TAPS + j) * C + c] = value);
    }
  }
  return { y, state };
}

function scan(bound: boolean): RuleCase {
  const { y, state } = scanned(bound ? lowerBound : undefined);
  return {
    op: "HgrnScan",
    of: bound ? "with a lower bound" : "without a lower bound",
    make: (g) =>
      g.apply(ops.hgrnScan, {
        u: g.input("x", "f32", [T, C]),
        z: g.input("z", "f32", [T, C]),
        lowerBound: bound ? constant(g, "f32", [C], lowerBound) : undefined,
        ...sessions(g),
        state: g.state("state", "f32", [3, C], scanState),
      }),
    inputs: { x, z, ...bounds },
    expected: y,
    within: 1e-6,
    states: { state },
  };
}

/** Ternary ops. */
export const TERNARY_CASES: readonly RuleCase[] = [
  {
    op: "BitLinear",
    of: "codes, sums, factors",
    make: (g) =>
      g.apply(ops.bitLinear, {
        x: g.input("x", "f32", [T, C]),
        gamma: constant(g, "f32", [C], gamma),
        weight: constant(g, "i8", [N, C], trits),
        weightScale: scalar(g, 0.75),
      }, { epsilon: EPSILON }),
    inputs: { x },
    expected: matrix(T, N, bitLinearAt),
    within: 1e-5,
  },
  {
    op: "Embedding",
    of: "rows of a table",
    make: (g) =>
      g.apply(ops.embedding, {
        table: constant(g, "f32", [6, C], table),
        index: g.input("ids", "i32", [T], { check: "below", limit: 6 }),
      }),
    inputs: { ids },
    expected: matrix(T, C, (t, c) => table[ids[t] * C + c]),
  },
  {
    op: "RMSNormalization",
    of: "with its epsilon",
    make: (g) =>
      g.apply(ops.rmsNormalization, {
        x: g.input("x", "f32", [T, C]),
        gamma: constant(g, "f32", [C], gamma),
      }, { epsilon: EPSILON }),
    inputs: { x },
    expected: norm,
    within: 1e-6,
  },
  {
    op: "HgrnGate",
    of: "norm of p, SiLU of x",
    make: (g) =>
      g.apply(ops.hgrnGate, {
        p: g.input("x", "f32", [T, C]),
        gamma: constant(g, "f32", [C], gamma),
        x: g.input("z", "f32", [T, C]),
      }, { epsilon: EPSILON }),
    inputs: { x, z },
    expected: matrix(T, C, (r, c) => norm[r * C + c] * siluOf(at(z, r, c))),
    within: 1e-6,
  },
  {
    op: "SwiGlu",
    of: "SiLU of the gate",
    make: (g) =>
      g.apply(ops.swiglu, {
        gate: g.input("x", "f32", [T, C]),
        up: g.input("z", "f32", [T, C]),
      }),
    inputs: { x, z },
    expected: matrix(T, C, (r, c) => siluOf(at(x, r, c)) * at(z, r, c)),
    within: 1e-6,
  },
  scan(true),
  scan(false),
  {
    op: "ShortConv",
    of: "a window of each session",
    make: (g) =>
      g.apply(ops.shortConv, {
        x: g.input("x", "f32", [T, C]),
        weight: constant(g, "f32", [TAPS, C], convWeight),
        ...sessions(g),
        state: g.state("state", "f32", [3, TAPS, C], convState),
      }),
    inputs: { x, ...bounds },
    expected: convolved().y,
    within: 1e-6,
    states: { state: convolved().state },
  },
];
