/** Ops of integer language models. */
import type { Graph, Value } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import { exponentialTable, octaveTable, turnTable } from "../../../src/numeric/integer_tables.ts";
import { clamped, codes, constant, integers, matrix, nearest, sum } from "./_case.ts";
import type { RuleCase } from "./_case.ts";

const [T, C, K, R, KV] = [5, 8, 4, 10, 2];
const D = K / KV;
const GROUP = C / K;
const [q, k, v, prefix] = [T * C, T * K, T * K, 2 * K].map((n) => Int8Array.from(codes(n)));

/** Two sequences, of 2 and 3 tokens, in slots 1 and 0, behind one row that belongs to the network. */
const SEQUENCES = [{ from: 0, to: 2, past: 1 }, { from: 2, to: 5, past: 1 }];
const bounds = {
  offsets: Int32Array.of(0, 2, 5),
  slot: Int32Array.of(1, 0),
  past: Int32Array.of(1, 1),
};
function sequences(graph: Graph): { readonly offsets: Value; readonly past: Value } {
  const offsets = graph.input("offsets", "i32", [3], { check: "offsets", limit: T });
  return { offsets, past: graph.input("past", "i32", [2], { check: "past", limit: R, offsets }) };
}

/** Logits whose largest is id 7 of row 1 and 37 of row 2, and the next one another. */
const PIECES = 40;
const pieces = Int32Array.from({ length: 3 * PIECES }, (_, i) => (i * 7919) % 1009);
pieces[PIECES + 7] = pieces[2 * PIECES + 37] = 5000;
const integersOf = (graph: Graph, ...values: number[]): Value =>
  constant(graph, "i32", [values.length], Int32Array.from(values));

/** Octaves a unit of the scores, times 2^26, of each head. */
const RATES = [20_000, 30_000, 25_000, 40_000];
const VALUE_ZEROS = [-3, 5];
function attended(t: number, c: number): number {
  const { from } = SEQUENCES.find(({ to }) => t < to)!;
  const head = Math.floor(c / D);
  const kv = Math.floor(head / GROUP);
  const seen = t - from + 2;
  const row = (rows: Int8Array, of: number, j: number, d: number): number =>
    j === 0 ? prefix[of * K + kv * D + d] : rows[(from + j - 1) * K + kv * D + d];
  const e = Array.from(
    { length: seen },
    (_, j) =>
      2 ** (RATES[head] / 2 ** 26 * sum(D, (d) => q[t * C + head * D + d] * row(k, 0, j, d))),
  );
  const mean = sum(seen, (j) => e[j] * (row(v, 1, j, c % D) - VALUE_ZEROS[kv])) /
    sum(seen, (j) => e[j]);
  return clamped(nearest(mean / 2) - 7, 8);
}

const PAIRS = 2;
/** The first turns by 1/8 with each place, the second by 1/64 back. */
const frequency = Int32Array.of(2 ** 29, -(2 ** 26));
const angles = Int16Array.from(codes(T * 2 * PAIRS, -(2 ** 14), 2 ** 14));
const wide = Int16Array.from(codes(T * C, -32768, 32767));
const channelZeros = codes(C, -50, 50);

const [V, N, COLUMNS] = [6, 3, 20];
const table = Int8Array.from(codes(V * C, -127));
const rowFactors = codes(V, 2 ** 20, 2 ** 30);
const ids = Int32Array.of(5, 0, 3);

const x = Int8Array.from(codes(T * COLUMNS));
const weight = Uint8Array.from(codes(N * COLUMNS, 0, 15));
const [zero, factor] = [codes(N * 2, 0, 15), codes(N * 2, 1, 255)].map((all) =>
  Uint8Array.from(all)
);
const [bias, multipliers] = [codes(N, -1000, 1000), codes(N, 2 ** 10, 2 ** 12)];
const residual = Int32Array.from(codes(T * C, -1_000_000, 1_000_000));
const gains = codes(C, 2 ** 25, 2 ** 29);
const silu = Int16Array.from({ length: 4096 }, (_, i) => (i - 2048) * 13);
const [gate, up] = [codes(T * C, -2048, 2047), codes(T * C, -32768, 32767)];
const signs = Int8Array.from(codes(C, 0, 1), (bit) => 2 * bit - 1);

/** Ops of integer language models. */
export const INTEGER_DECODER_CASES: readonly RuleCase[] = [
  {
    op: "AttentionCachedInteger",
    of: "two heads on each head of the cache, behind a row of the network",
    make: (g) =>
      g.apply(ops.attentionCachedInteger, {
        q: g.input("q", "i8", [T, C]),
        k: g.input("k", "i8", [T, K]),
        v: g.input("v", "i8", [T, K]),
        slot: g.input("slot", "i32", [2], { check: "distinct", limit: 3 }),
        ...sequences(g),
        keys: g.state("keys", "i8", [3, R, K]),
        values: g.state("values", "i8", [3, R, K]),
        prefix: constant(g, "i8", [2, 1, K], prefix),
        exponentials: constant(g, "i32", [4096], exponentialTable()),
        rate: constant(g, "i32", [KV, GROUP], Int32Array.from(RATES)),
        valueZero: constant(g, "i8", [KV], Int8Array.from(VALUE_ZEROS)),
        multiplier: constant(g, "i32", [KV, GROUP], new Int32Array(KV * GROUP).fill(2 ** 20)),
        shift: integers(g, 36),
        zeroPoint: integers(g, -7),
      }, { kvHeads: KV, window: 0 }),
    inputs: { q, k, v, ...bounds },
    expected: matrix(T, C, attended),
    within: 1,
  },
  {
    op: "HadamardInteger",
    of: "a Sylvester matrix with signs",
    make: (g) =>
      g.apply(ops.hadamardInteger, {
        x: g.input("x", "i32", [T, C]),
        shift: integers(g, 3),
        signs: constant(g, "i8", [C], signs),
      }),
    inputs: { x: residual },
    expected: matrix(T, C, (t, c) => {
      const isOdd = (bits: number) => (bits & 1) ^ (bits >> 1 & 1) ^ (bits >> 2 & 1);
      return signs[c] * sum(C, (j) => nearest(residual[t * C + j] / 8) * (1 - 2 * isOdd(c & j)));
    }),
  },
  {
    op: "SampleInteger",
    of: "the largest of the allowed: by a rate of 0, by top-k, by min-p",
    make: (g) =>
      g.apply(ops.sampleInteger, {
        logits: g.input("logits", "i32", [3, PIECES]),
        octave: constant(g, "i32", [257], octaveTable()),
        rate: integersOf(g, 0, 1_000_000, 1_000_000),
        topK: integersOf(g, 0, 1, 0),
        topP: integersOf(g, 65536, 65536, 65536),
        minP: integersOf(g, 0, 0, 65536),
        random: constant(g, "i32", [3, 4], Int32Array.from({ length: 12 }, (_, i) => i)),
        mask: constant(g, "i32", [3, 2], Int32Array.of(-1, -1, ~(1 << 7), -1, -1, ~(1 << 5))),
      }),
    inputs: { logits: pieces },
    expected: [0, 1, 2].map((row) => {
      const allowed = [...Array(PIECES).keys()].filter((id) =>
        id !== (row === 1 ? 7 : row === 2 ? 37 : -1)
      );
      const logit = (id: number) => pieces[row * PIECES + id];
      return allowed.reduce((best, id) => logit(id) > logit(best) ? id : best);
    }),
  },
  {
    op: "LinearShifted",
    of: "weights of 4 bits in groups of 16 columns, to 12 bits",
    make: (g) =>
      g.apply(ops.linearShifted, {
        x: g.input("x", "i8", [T, COLUMNS]),
        weight: constant(g, "u8", [N, COLUMNS], weight),
        zero: constant(g, "u8", [N, 2], zero),
        factor: constant(g, "u8", [N, 2], factor),
        bias: integers(g, ...bias),
        multiplier: integers(g, ...multipliers),
        shift: integers(g, 20),
        zeroPoint: integers(g, 17),
      }, { bits: 12, group: 16 }),
    inputs: { x },
    expected: matrix(T, N, (t, n) => {
      const product = (i: number): number => {
        const at = n * 2 + Math.floor(i / 16);
        return x[t * COLUMNS + i] * factor[at] * (weight[n * COLUMNS + i] - zero[at]);
      };
      const all = (sum(COLUMNS, product) + bias[n]) * multipliers[n];
      return clamped(nearest(all / 2 ** 20) + 17, 12);
    }),
  },
  {
    op: "LinearShifted",
    of: "weights of 8 bits, added to a residual within a limit",
    make: (g) =>
      g.apply(ops.linearShifted, {
        x: g.input("x", "i8", [N, C]),
        weight: constant(g, "i8", [V, C], table),
        multiplier: integers(g, ...rowFactors),
        shift: integers(g, 25),
        identity: g.input("identity", "i32", [N, V]),
        limit: integers(g, 600_000),
      }, { bits: 32 }),
    inputs: { x: q.subarray(0, N * C), identity: residual.subarray(0, N * V) },
    expected: matrix(N, V, (t, n) => {
      const all = sum(C, (c) => q[t * C + c] * table[n * C + c]) * rowFactors[n];
      const y = residual[t * V + n] + nearest(all / 2 ** 25);
      return Math.max(-600_000, Math.min(600_000, y));
    }),
  },
  {
    op: "ResidualEmbedding",
    of: "rows with a factor each, within a limit",
    make: (g) =>
      g.apply(ops.residualEmbedding, {
        table: constant(g, "i8", [V, C], table),
        index: g.input("ids", "i32", [N], { check: "below", limit: V }),
        multiplier: integers(g, ...rowFactors),
        shift: integers(g, 18),
        limit: integers(g, 200_000),
      }),
    inputs: { ids },
    expected: matrix(N, C, (t, c) => {
      const y = nearest(table[ids[t] * C + c] * rowFactors[ids[t]] / 2 ** 18);
      return Math.max(-200_000, Math.min(200_000, y));
    }),
  },
  {
    op: "RmsNormInteger",
    of: "14 bits with a code of 0",
    make: (g) =>
      g.apply(ops.rmsNormInteger, {
        x: g.input("x", "i32", [T, C]),
        epsilon: integers(g, 12_345),
        gain: integers(g, ...gains),
        shift: integers(g, 17),
        zeroPoint: integers(g, 9),
      }, { bits: 14 }),
    inputs: { x: residual },
    expected: matrix(T, C, (t, c) => {
      const square = (i: number) => residual[t * C + i] ** 2;
      const unit = residual[t * C + c] / Math.sqrt(sum(C, square) + 12_345);
      return clamped(Math.round(unit * gains[c] / 2 ** 17) + 9, 14);
    }),
    within: 1,
  },
  {
    op: "RotaryAnglesInteger",
    of: "places up to the second",
    make: (g) =>
      g.apply(ops.rotaryAnglesInteger, {
        ids: g.input("ids", "i32", [T], { check: "below", limit: V }),
        frequency: constant(g, "i32", [PAIRS], frequency),
        turn: constant(g, "i32", [1025], turnTable()),
        ...sequences(g),
      }, { last: 2 }),
    inputs: { offsets: bounds.offsets, past: bounds.past },
    expected: matrix(T, 2 * PAIRS, (t, c) => {
      const { from, past } = SEQUENCES.find(({ to }) => t < to)!;
      const angle = 2 * Math.PI * Math.min(past + t - from, 2) * frequency[c % PAIRS] / 2 ** 32;
      return 2 ** 14 * (c < PAIRS ? Math.cos(angle) : Math.sin(angle));
    }),
    within: 0.6,
  },
  {
    op: "RotaryInteger",
    of: "neighbours of two heads, with a code of 0 a channel",
    make: (g) =>
      g.apply(ops.rotaryInteger, {
        x: g.input("x", "i16", [T, C]),
        angles: g.input("angles", "i16", [T, 2, PAIRS]),
        zeroPoint: integers(g, ...channelZeros),
      }),
    inputs: { x: wide, angles },
    expected: matrix(T, C, (t, c) => {
      const pair = Math.floor(c / 2) % PAIRS;
      const [cosine, sine] = [0, 1].map((row) => angles[(2 * t + row) * PAIRS + pair]);
      const turned = wide[t * C + c] * cosine +
        wide[t * C + (c ^ 1)] * (c % 2 === 0 ? -sine : sine);
      return clamped(nearest(turned / 2 ** 21) + channelZeros[c], 8);
    }),
  },
  {
    op: "SwiGluInteger",
    of: "a table of 4,096 entries",
    make: (g) =>
      g.apply(ops.swigluInteger, {
        gate: g.input("gate", "i16", [T, C]),
        up: g.input("up", "i16", [T, C]),
        table: constant(g, "i16", [4096], silu),
        shift: integers(g, 22),
        zeroPoint: integers(g, -4),
      }, { bits: 8 }),
    inputs: { gate: Int16Array.from(gate), up: Int16Array.from(up) },
    expected: matrix(
      T,
      C,
      (t, c) => clamped(nearest(silu[gate[t * C + c] + 2048] * up[t * C + c] / 2 ** 22) - 4, 8),
    ),
  },
];
