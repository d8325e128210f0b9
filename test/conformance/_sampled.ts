/** 1,000 draws of each row of logits by each set of parameters, beside the oracle's. */
import assert from "node:assert/strict";
import { candidates, drawn } from "../../src/engines/reference/sample_i32.ts";
import type { Filters } from "../../src/engines/reference/sample_i32.ts";
import { octaveTable } from "../../src/numeric/integer_tables.ts";
import { sha256Int32 } from "../golden/_shared.ts";
import { Stream } from "../golden/seeded.ts";
import type { EngineUnderTest } from "./_engines.ts";
import { elementsOf, prepare, runPrepared } from "./_program.ts";
import { given } from "./_values.ts";

/** A set of parameters with its results, by the numbers of the rows. */
export interface SampledCase {
  readonly name: string;
  readonly integers: Readonly<Record<"rate" | "top_k" | "top_p" | "min_p", number>>;
  readonly masked: boolean;
  readonly seed: string;
  readonly draws: number;
  readonly rows: Readonly<
    Record<string, {
      readonly kept: number;
      readonly total: number;
      readonly first_8: readonly number[];
      readonly sha256_le_i32: string;
    }>
  >;
}

/** What is allowed of row i, in words of 32 bits: two thirds, of row 39 none. */
export function maskOf(pieces: number, i: number): number[] {
  const stream = new Stream(900 + i);
  const words = Array<number>(Math.ceil(pieces / 32)).fill(0);
  for (let id = 0; id < pieces; id++) {
    if (stream.next() % 3 !== 0 && i !== 39) words[id >> 5] |= 1 << (id & 31);
  }
  return words;
}

/** Low and high words of the seed. */
export function seedWords(seed: string): [number, number] {
  const bits = BigInt(seed);
  return [Number(BigInt.asIntN(32, bits)), Number(BigInt.asIntN(32, bits >> 32n))];
}

/** Compares an engine, or where there is none the functions of the reference, with the oracle's draws. */
export async function compareDraws(
  engine: EngineUnderTest | undefined,
  cases: readonly SampledCase[],
  logits: Readonly<Record<string, readonly number[]>>,
): Promise<number> {
  let count = 0;
  const octave = octaveTable();
  for (const { name, integers, masked, seed, draws, rows } of cases) {
    const { rate, top_k: topK, top_p: topP, min_p: minP } = integers;
    for (const [i, expected] of Object.entries(rows)) {
      const row = logits[i], words = masked ? maskOf(row.length, Number(i)) : undefined;
      const key = seedWords(seed), message = `${name}, row ${i}`;
      let ids: number[];
      if (engine === undefined) {
        const filters: Filters = { rate, topK, topP, minP };
        const isAllowed = (id: number) =>
          words === undefined || (words[id >> 5] >> (id & 31) & 1) === 1;
        const left = candidates(row, isAllowed, (entry) => octave[entry], filters);
        assert.equal(left.length, expected.kept, message);
        if (rate > 0) {
          const total = left.reduce((sum, { weight }) => sum + weight, 0n);
          assert.equal(Number(total), expected.total, message);
        }
        ids = Array.from(
          { length: draws },
          (_, n) => rate > 0 || left.length === 0 ? drawn(left, [...key, n, 0]) : left[0].id,
        );
      } else ids = await drawnBy(engine, row, words, integers, key, draws);
      assert.deepEqual(ids.slice(0, 8), expected.first_8, message);
      assert.equal(sha256Int32(ids), expected.sha256_le_i32, message);
      count += draws;
    }
  }
  return count;
}

/** All draws as rows of one run. */
async function drawnBy(
  { load }: EngineUnderTest,
  row: readonly number[],
  words: readonly number[] | undefined,
  integers: SampledCase["integers"],
  key: readonly number[],
  draws: number,
): Promise<number[]> {
  const repeated = (values: readonly number[]): number[] =>
    Array.from({ length: draws }, () => values).flat();
  const each = (number: number) => given("i32", [draws], repeated([number]));
  const { rate, top_k, top_p, min_p } = integers;
  const prepared = await prepare({
    name: "draws",
    instruction: "sample_i32",
    operands: {
      logits: given("i32", [draws, row.length], repeated(row)),
      octave: given("i32", [257], octaveTable()),
      rate: each(rate),
      top_k: each(top_k),
      top_p: each(top_p),
      min_p: each(min_p),
      random: given(
        "i32",
        [draws, 4],
        Array.from({ length: draws }, (_, n) => [...key, n, 0]).flat(),
      ),
      mask: words && given("i32", [draws, words.length], repeated(words)),
    },
    results: { y: { dtype: "i32", extents: [draws] } },
  });
  using instance = await load(prepared.file);
  const [{ place, dtype }] = prepared.results;
  return elementsOf(runPrepared(instance, prepared)[0], place, dtype);
}
