/** Ops of language models with attention. */
import type { Graph, Value } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import { constant, floats, matrix, sum } from "./_case.ts";
import type { RuleCase } from "./_case.ts";

const [T, C, K, R, HEADS] = [5, 8, 4, 10, 2];
const D = K / HEADS;
const GROUP = C / K;
const [q, k, v] = [floats(T * C), floats(T * K), floats(T * K)];
const [oldKeys, oldValues] = [floats(3 * R * K), floats(3 * R * K)];

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
    past: graph.input("past", "i32", [2], { check: "past", limit: R, offsets }),
  };
}

/** What is in the caches behind the run. */
function appended(old: ArrayLike<number>, rows: ArrayLike<number>): number[] {
  const cache = Array.from(old);
  for (const { from, to, slot, past } of SEQUENCES) {
    for (let t = from; t < to; t++) {
      for (let c = 0; c < K; c++) cache[(slot * R + past + t - from) * K + c] = rows[t * K + c];
    }
  }
  return cache;
}

const SCALE = 0.5;
const [keys, values] = [appended(oldKeys, k), appended(oldValues, v)];
function attended(t: number, c: number): number {
  const { from, slot, past } = SEQUENCES.find(({ to }) => t < to)!;
  const head = Math.floor(c / D);
  const kv = Math.floor(head / GROUP) * D;
  const seen = past + t - from + 1;
  const row = (cache: readonly number[], j: number, d: number) =>
    cache[(slot * R + j) * K + kv + d];
  const e = Array.from(
    { length: seen },
    (_, j) => Math.exp(SCALE * sum(D, (d) => q[t * C + head * D + d] * row(keys, j, d))),
  );
  return sum(seen, (j) => e[j] * row(values, j, c % D)) / sum(seen, (j) => e[j]);
}

const PAIRS = 2;
/** The first turns by 1/8 with each place, the second by 1/64 back. */
const frequency = Int32Array.of(2 ** 29, -(2 ** 26));
function angle(t: number, i: number): number {
  const { from, past } = SEQUENCES.find(({ to }) => t < to)!;
  return 2 * Math.PI * (past + t - from) * frequency[i] / 2 ** 32;
}
const cosines = floats(T * 2 * PAIRS);

const [V, N] = [6, 3];
const table = floats(V * C);
const ids = Int32Array.of(5, 0, 3);

/** Ops of language models with attention. */
export const DECODER_CASES: readonly RuleCase[] = [
  {
    op: "AttentionCached",
    of: "two heads of queries on each head of the cache",
    make: (g) =>
      g.apply(ops.attentionCached, {
        q: g.input("q", "f32", [T, C]),
        k: g.input("k", "f32", [T, K]),
        v: g.input("v", "f32", [T, K]),
        ...sessions(g),
        keys: g.state("keys", "f32", [3, R, K], oldKeys),
        values: g.state("values", "f32", [3, R, K], oldValues),
      }, { kvHeads: HEADS, scale: SCALE }),
    inputs: { q, k, v, ...bounds },
    expected: matrix(T, C, attended),
    within: 1e-6,
    states: { keys, values },
  },
  {
    op: "RotaryAngles",
    of: "places of sequences",
    make: (g) => {
      const { offsets, past } = sessions(g);
      return g.apply(ops.rotaryAngles, {
        ids: g.input("ids", "i32", [T], { check: "below", limit: V }),
        frequency: constant(g, "i32", [PAIRS], frequency),
        offsets,
        past,
      });
    },
    inputs: { offsets: bounds.offsets, past: bounds.past },
    expected: matrix(
      T,
      2 * PAIRS,
      (t, c) => (c < PAIRS ? Math.cos : Math.sin)(angle(t, c % PAIRS)),
    ),
    within: 2e-7,
  },
  {
    op: "Rotary",
    of: "neighbours of two heads",
    make: (g) =>
      g.apply(ops.rotary, {
        x: g.input("q", "f32", [T, C]),
        angles: g.input("angles", "f32", [T, 2, PAIRS]),
      }),
    inputs: { q, angles: cosines },
    expected: matrix(T, C, (t, c) => {
      const pair = Math.floor(c / 2) % PAIRS;
      const [cosine, sine] = [0, 1].map((row) => cosines[(2 * t + row) * PAIRS + pair]);
      return q[t * C + c] * cosine + q[t * C + (c ^ 1)] * (c % 2 === 0 ? -sine : sine);
    }),
    within: 1e-6,
  },
  {
    op: "Embedding",
    of: "a table that a linear layer has too",
    make: (g) => {
      const weight = constant(g, "f32", [V, C], table);
      const index = g.input("ids", "i32", [N], { check: "below", limit: V });
      return g.apply(ops.linear, { x: g.apply(ops.embedding, { table: weight, index }), weight });
    },
    inputs: { ids },
    expected: matrix(N, V, (t, n) => sum(C, (c) => table[ids[t] * C + c] * table[n * C + c])),
    within: 1e-5,
  },
];
