/** Ops of ragged batches. */
import type { Graph, Value } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import {
  clamped,
  codes,
  constant,
  floats,
  integers,
  matrix,
  nearest,
  softmaxOf,
  sum,
} from "./_case.ts";
import type { RuleCase } from "./_case.ts";

/** Sequences of 2 and 3 tokens. */
const [T, C, HEADS, SCALE] = [5, 64, 2, 0.3];
const BOUNDS = [[0, 2], [2, 5]] as const;
const offsets = Int32Array.of(0, 2, 5);
const sequence = (t: number) => t < 2 ? BOUNDS[0] : BOUNDS[1];
const at = (data: ArrayLike<number>, r: number, c: number) => data[r * C + c];
const [q, k, v, positions] = [floats(T * C), floats(T * C), floats(T * C), floats(4 * C)];

function offsetsOf(graph: Graph): Value {
  return graph.input("offsets", "i32", [3], { check: "offsets", limit: T });
}

function attended(
  [queries, keys, values]: readonly ArrayLike<number>[],
  scoreOf: (dot: number) => number,
  probability = (p: number) => p,
): number[] {
  const width = C / HEADS;
  return matrix(T, C, (t, c) => {
    const [from, to] = sequence(t);
    const h = Math.floor(c / width);
    const scores = Array.from({ length: to - from }, (_, j) =>
      scoreOf(
        sum(width, (d) => at(queries, t, h * width + d) * at(keys, from + j, h * width + d)),
      ));
    const p = softmaxOf(scores).map(probability);
    return sum(to - from, (j) => p[j] * at(values, from + j, c));
  });
}

const integer = [0, 1, 2].map(() => Int8Array.from(codes(T * C)));
const STEP = 1 / 16;
const exponentials = Array.from(
  { length: 256 },
  (_, d) => Math.round(2 ** 20 * Math.exp(-d * STEP)),
);

/** A table of 3 rows in 8 bits, and one in 4 with factors for each 32 columns. */
const [table, ids] = [Int8Array.from(codes(3 * C)), Int32Array.of(2, 0, 1, 1, 2)];
const [nibbles, factors] = [codes(3 * C, -8, 7), Uint8Array.from(codes(6, 1, 255))];
const packed = Uint8Array.from(
  { length: 3 * C / 2 },
  (_, i) => (nibbles[2 * i] & 15) | (nibbles[2 * i + 1] & 15) << 4,
);
const positionCodes = Int16Array.from(codes(4 * C, -9000, 9000));
const [rows, shifts] = [[3000, 500, 77], [9, 5, 3]];

function embedded(
  code: (row: number, c: number) => number,
  shift: (row: number) => number,
): number[] {
  return matrix(T, C, (t, c) => {
    const position = positionCodes[(t - sequence(t)[0]) * C + c];
    const token = nearest(code(ids[t], c) * rows[ids[t]] / 2 ** shift(ids[t]));
    return clamped(token + nearest(position * 5 / 4), 16);
  });
}

function embedding(
  of: string,
  more: (graph: Graph) => {
    table: Value;
    shift: Value;
    factors?: Value;
  },
  group: { group?: number },
  expected: number[],
): RuleCase {
  return {
    op: "EmbeddingInteger",
    of,
    make: (g) =>
      g.apply(ops.embeddingInteger, {
        ...more(g),
        multiplier: integers(g, ...rows),
        positions: constant(g, "i16", [4, C], positionCodes),
        positionMultiplier: integers(g, 5),
        positionShift: integers(g, 2),
        ids: g.input("ids", "i32", [T], { check: "below", limit: 3 }),
        offsets: offsetsOf(g),
      }, group),
    inputs: { ids, offsets },
    expected,
  };
}

const lookup12 = Int16Array.from({ length: 4096 }, (_, i) => 7 * i - 9000);
const wide = Int16Array.of(-32768, -2049, -2048, -1, 0, 5, 2047, 2048, 32767);

function pooled(pooling: "sum" | "first"): RuleCase {
  return {
    op: "PoolRows",
    of: pooling,
    make: (g) =>
      g.apply(ops.poolRows, { x: g.input("x", "i8", [T, C]), offsets: offsetsOf(g) }, { pooling }),
    inputs: { x: integer[0], offsets },
    expected: matrix(2, C, (s, c) => {
      const [from, to] = BOUNDS[s];
      return pooling === "first"
        ? at(integer[0], from, c)
        : sum(to - from, (i) => at(integer[0], from + i, c));
    }),
  };
}

/** Ops of texts. */
export const SEQUENCE_CASES: readonly RuleCase[] = [
  {
    op: "AddPositions",
    of: "from the start of each sequence",
    make: (g) =>
      g.apply(ops.addPositions, {
        x: g.input("x", "f32", [T, C]),
        positions: constant(g, "f32", [4, C], positions),
        offsets: offsetsOf(g),
      }),
    inputs: { x: q, offsets },
    expected: matrix(T, C, (t, c) => at(q, t, c) + at(positions, t - sequence(t)[0], c)),
    within: 1e-6,
  },
  {
    op: "AttentionRagged",
    of: "within sequences",
    make: (g) =>
      g.apply(ops.attentionRagged, {
        q: g.input("q", "f32", [T, C]),
        k: g.input("k", "f32", [T, C]),
        v: g.input("v", "f32", [T, C]),
        offsets: offsetsOf(g),
      }, { heads: HEADS, scale: SCALE }),
    inputs: { q, k, v, offsets },
    expected: attended([q, k, v], (dot) => SCALE * dot),
    within: 1e-5,
  },
  {
    op: "AttentionRaggedInteger",
    of: "within sequences",
    make: (g) =>
      g.apply(ops.attentionRaggedInteger, {
        q: g.input("q", "i8", [T, C]),
        k: g.input("k", "i8", [T, C]),
        v: g.input("v", "i8", [T, C]),
        offsets: offsetsOf(g),
        multiplier: integers(g, 3),
        shift: integers(g, 13),
        exponentials: integers(g, ...exponentials),
        valueMultiplier: integers(g, 1),
        valueShift: integers(g, 15),
      }, { heads: HEADS }),
    inputs: { q: integer[0], k: integer[1], v: integer[2], offsets },
    // Probabilities are within 1.5 of 2^15, results are rounded once more.
    expected: attended(integer, (dot) => clamped(nearest(dot * 3 / 2 ** 13), 8) * STEP),
    within: 0.6,
  },
  embedding(
    "8 bits",
    (g) => ({ table: constant(g, "i8", [3, C], table), shift: integers(g, ...shifts) }),
    {},
    embedded((row, c) => at(table, row, c), (row) => shifts[row]),
  ),
  embedding(
    "4 bits with factors",
    (g) => ({
      table: constant(g, "u8", [3, C / 2], packed),
      shift: integers(g, 8),
      factors: constant(g, "u8", [3, 2], factors),
    }),
    { group: 32 },
    embedded((row, c) => nibbles[row * C + c] * factors[row * 2 + Math.floor(c / 32)], () => 8),
  ),
  {
    op: "Lookup12",
    of: "with clamped codes",
    make: (g) =>
      g.apply(ops.lookup12, {
        x: g.input("x", "i16", [1, wide.length]),
        table: constant(g, "i16", [4096], lookup12),
      }),
    inputs: { x: wide },
    expected: [...wide].map((code) => 7 * (clamped(code, 12) + 2048) - 9000),
  },
  pooled("sum"),
  pooled("first"),
];
