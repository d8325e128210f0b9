/**
 * The operators of integer language models against NumPy's integers, adversarial values included
 * (`test/vectors/llama_int/ops.json`, written by the oracle's `make_ops.py`), on every engine.
 */
import assert from "node:assert/strict";
import vectors from "../vectors/llama_int/ops.json" with { type: "json" };
import { softmaxQ15 } from "../../src/engines/reference/_softmax_q15.ts";
import { inverseRoot } from "../../src/engines/reference/rms_norm_i32.ts";
import { exponentialTable, turnTable } from "../../src/numeric/integer_tables.ts";
import { Stream } from "../golden/seeded.ts";
import { fromBits, sha256Int32 } from "../golden/_shared.ts";
import type { Case, Value } from "./_case.ts";
import { DOT_ENGINES } from "./_dot_engines.ts";
import { eightBits, fourBits } from "./_oracle_weights.ts";
import { ENGINES } from "./_engines.ts";
import { elementsOf, prepare, runPrepared } from "./_program.ts";
import { given } from "./_values.ts";

/** `low + mix % (high − low + 1)`. */
function integers(seed: number, length: number, low: number, high: number): number[] {
  const stream = new Stream(seed);
  return Array.from({ length }, () => low + stream.next() % (high - low + 1));
}

const one = (number: number): Value => given("i32", [1], [number]);

/** Runs a case on every engine; all give the same integers, which are returned. */
async function run(c: Case): Promise<number[]> {
  const prepared = await prepare(c);
  let first: number[] | undefined;
  for (const { name, load } of [...ENGINES, ...DOT_ENGINES]) {
    using instance = await load(prepared.file);
    const [{ place, dtype }] = prepared.results;
    const integers = elementsOf(runPrepared(instance, prepared)[0], place, dtype);
    assert.deepEqual(integers, first ??= integers, `${c.instruction}, ${c.name}, on ${name}`);
  }
  return first!;
}

interface Hashed {
  readonly sha256_le_i32: string;
  readonly first_8: readonly number[];
}

function assertHashed(integers: readonly number[], expected: Hashed, message: string): void {
  assert.deepEqual(integers.slice(0, 8), expected.first_8, message);
  assert.equal(sha256Int32(integers), expected.sha256_le_i32, message);
}

Deno.test("round_even: what becomes of a sum of products", async () => {
  for (const [x, m, e, y] of vectors["round_even (x, m, e, y)"]) {
    const weight = { ...given("i8", [1, 1], [0]), layout: "panel_8x4" as const };
    const integers = await run({
      name: `${x}·${m} / 2^${e}`,
      instruction: "linear_w8",
      attributes: { bits: 32 },
      operands: {
        x: given("i8", [1, 1], [0]),
        weight,
        bias: one(x),
        multiplier: one(m),
        shift: one(e),
      },
      results: { y: { dtype: "i32", extents: [1, 1] } },
    });
    assert.deepEqual(integers, [y], `${x}·${m} / 2^${e}`);
  }
});

Deno.test("shift_even: of a rotation of order 1", async () => {
  for (const [x, e, y] of vectors["shift_even (x, e, y)"]) {
    const integers = await run({
      name: `${x} / 2^${e}`,
      instruction: "hadamard_i32",
      attributes: { paley: 0 },
      operands: { x: given("i32", [1, 1], [x]), shift: one(e), signs: given("i8", [1], [1]) },
      results: { y: { dtype: "i32", extents: [1, 1] } },
    });
    assert.deepEqual(integers, [y], `${x} / 2^${e}`);
  }
});

Deno.test("inverse_root", () => {
  for (const [S, f, k] of vectors["inverse_root (S, inv, k)"]) {
    assert.deepEqual(inverseRoot(BigInt(S)), { f: BigInt(f), k }, `${S}`);
  }
});

/** The rows of a norm, as the vector describes them. */
function rowOf({ r, D, R }: typeof vectors.rms_norm[number]): number[] {
  if (r === "R, -R, R, ...") return Array.from({ length: D }, (_, i) => i % 2 === 0 ? R : -R);
  if (r === "all 0 but r[7] = -R") return Array.from({ length: D }, (_, i) => i === 7 ? -R : 0);
  const [, size, seed] = /^-(\d+) \+ Stream\((\d+)\)/.exec(r)!.map(Number);
  return integers(seed, D, -size, size);
}

Deno.test("rms_norm", async () => {
  for (const vector of vectors.rms_norm) {
    const { D, E, G, g, zero, bits, y } = vector;
    const [, seed] = /Stream\((\d+)\)/.exec(G)!.map(Number);
    const computed = await run({
      name: vector.r,
      instruction: "rms_norm_i32",
      attributes: { bits },
      operands: {
        x: given("i32", [1, D], rowOf(vector)),
        epsilon: one(E),
        gain: given("i32", [D], integers(seed, D, -(2 ** 31) + 1, 2 ** 31 - 1)),
        shift: one(g),
        zero_point: one(zero),
      },
      results: { y: { dtype: bits === 8 ? "i8" : "i16", extents: [1, D] } },
    });
    assertHashed(computed, y, `${vector.r}, D ${D}, ${bits} bits`);
  }
});

/** Cosines and sines of a position. */
async function anglesOf(position: number, frequencies: readonly number[]): Promise<number[]> {
  // A sequence ends below 2^31: the last position is 1 at a multiple of the frequency.
  const last = position === 2 ** 31 - 1;
  return await run({
    name: `position ${position}`,
    instruction: "rotary_angles_i16",
    attributes: { last: 0 },
    operands: {
      frequency: given(
        "i32",
        [frequencies.length],
        frequencies.map((f) => last ? Math.imul(position, f) : f | 0),
      ),
      turn: given("i32", [1025], turnTable()),
      offsets: { ...given("i32", [2], [0, 1]), check: "offsets", limit: 1 },
      past: { ...one(last ? 1 : position), check: "past", limit: 2 ** 31 - 1 },
    },
    results: { y: { dtype: "i16", extents: [1, 2, frequencies.length] } },
  });
}

Deno.test("cosine: a phase is a frequency at position 1", async () => {
  const phases = vectors["cosine (phase, y)"];
  const angles = await anglesOf(1, phases.map(([phase]) => phase));
  assert.deepEqual(angles.slice(0, phases.length), phases.map(([, y]) => y));
});

Deno.test("rotate: both pairings, with and without zero points", async () => {
  for (const vector of vectors.rotate) {
    const { positions, increments, interleaved } = vector;
    const [size, tokens, heads] = [2 * increments.length, positions.length, 3];
    const [, seed] = /Stream\((\d+)\)/.exec(vector.x)!.map(Number);
    const x = integers(seed, tokens * heads * size, -32768, 32767);
    x.fill(32767, 0, heads * size);
    x.fill(-32768, heads * size, 2 * heads * size);
    const zeros = integers(seed + 1, heads * size, -100, 100);
    // The instruction has pairs next to each other; half-split ones are moved there and back.
    const from = (i: number): number => {
      const [head, d] = [i - i % size, i % size];
      return interleaved ? i : head + (d % 2) * increments.length + (d >> 1);
    };
    const angles: number[] = [];
    for (const position of positions) angles.push(...await anglesOf(position, increments));
    const moved = (values: readonly number[]): number[] => values.map((_, i) => values[from(i)]);
    for (const zeroed of [false, true]) {
      const turned = await run({
        name: `interleaved ${interleaved}, zeros ${zeroed}`,
        instruction: "rotary_i16",
        attributes: { pair: 2 },
        operands: {
          x: given("i16", [tokens, heads * size], moved(x)),
          angles: given("i16", [tokens, 2, increments.length], angles),
          zero_point: zeroed ? given("i32", [heads * size], moved(zeros)) : undefined,
        },
        results: { y: { dtype: "i8", extents: [tokens, heads * size] } },
      });
      const y: number[] = [];
      turned.forEach((value, i) => y[from(i)] = value);
      assertHashed(y, zeroed ? vector.with_zero : vector.without_zero, `zeros ${zeroed}`);
    }
  }
});

Deno.test("softmax", () => {
  const exponentials = exponentialTable();
  for (const { acc, hidden, M, sums, p } of vectors.softmax) {
    const [, span, seed, length] = /^-(\d+) \+ Stream\((\d+)\).mix\((\d+)\)/.exec(acc)!.map(Number);
    const scores = integers(seed, length, -span, span), keys = length / 2;
    const [from, to] = hidden ?? [0, 0];
    const probabilities = [scores.slice(0, keys), scores.slice(keys)].flatMap((row) => {
      const seen = row.filter((_, j) => j < from || j >= to);
      const weights = softmaxQ15(seen, M, (u) => exponentials[u]);
      return [...weights.slice(0, from), ...Array(to - from).fill(0), ...weights.slice(from)];
    });
    const rows = [probabilities.slice(0, keys), probabilities.slice(keys)];
    assert.deepEqual(rows.map((row) => row.reduce((a, b) => a + b)), sums, acc);
    assertHashed(probabilities, p, acc);
  }
});

Deno.test("linear: codes, zero points and factors of weights, and sums of products", async () => {
  for (const vector of vectors.linear) {
    const { bits, group: columns, factor_max: factorMax, zero_x: zeroX } = vector;
    const [, seed, n, k] = /Stream\((\d+)\)\.take\(\((\d+), (\d+)\)/.exec(vector.w)!.map(Number);
    const w = new Stream(seed).take(n * k, 0.25);
    const row = (r: number): Float32Array => w.subarray(r * k, (r + 1) * k);
    row(1).forEach((v, i, all) => all[i] = Math.abs(v));
    row(2).forEach((v, i, all) => all[i] = -Math.abs(v));
    row(3).fill(0);
    for (let i = 0; i < k; i += 7) row(4)[i] *= 8;
    const group = columns || k, groups = Math.ceil(k / group);
    const { scales, codes, zero, factor } = bits === 8
      ? eightBits(w, n, k)
      : fourBits(w, n, k, group, factorMax);
    assert.deepEqual(scales, vector.scale_f32_bits.map(fromBits), vector.w);
    assertHashed(codes, vector.codes, vector.w);
    assert.deepEqual(zero, vector.zero, vector.w);
    assert.deepEqual(factor, vector.factor, vector.w);

    const x = integers(seed + 20, 3 * k, -128, 127);
    x.fill(-128, k, 2 * k);
    x.fill(127, 2 * k);
    // The zero point of x is in the bias.
    const bias = scales.map((_, r) => {
      const sum = codes.slice(r * k, (r + 1) * k).reduce((sum, code, i) => {
        const g = r * groups + Math.floor(i / group);
        return bits === 8 ? sum + code : sum + factor[g] * (code - zero[g]);
      }, 0);
      return -zeroX * sum;
    });
    const four = bits === 4;
    const computed = await run({
      name: vector.w,
      instruction: four ? "linear_w4" : "linear_w8",
      attributes: four
        ? { bits: 32, group: group === 32 ? 1 : group === 64 ? 2 : 3 }
        : { bits: 32 },
      operands: {
        x: given("i8", [3, k], x),
        weight: four
          ? { ...given("u8", [n, k], codes), layout: "panel_8x16_u4" }
          : { ...given("i8", [n, k], codes), layout: "panel_8x4" },
        ...four && {
          zero: { ...given("u8", [n, groups], zero), layout: "panel_8_u8" },
          factor: factorMax > 0
            ? { ...given("u8", [n, groups], factor), layout: "panel_8_u8" }
            : undefined,
        },
        bias: given("i32", [n], bias),
        multiplier: one(2),
        shift: one(1),
      },
      results: { y: { dtype: "i32", extents: [3, n] } },
    });
    assertHashed(computed, vector.acc, vector.w);
  }
});
