/** Random numbers of training against the oracle's Philox: words, dropout, shuffles. */
import assert from "node:assert/strict";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { dropout } from "../../../src/graph/ops/mod.ts";
import { compile } from "../../../src/lower/compile.ts";
import { philox4x32 } from "../../../src/numeric/philox.ts";
import type { Words } from "../../../src/numeric/philox.ts";
import { high, low, randomWord } from "../../../src/numeric/random_word.ts";
import { shuffle } from "../../../src/numeric/shuffle.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { absent, sha256, SHARED } from "../_shared.ts";
import { numbersOf, readOracle } from "./_oracle.ts";

const oracle = absent(`${SHARED}/golden/train`) ? undefined : readOracle("random");

function test(name: string, count: number, check: (c: Case) => Promise<void> | void): void {
  Deno.test({
    name: `golden: random, ${name}`,
    ignore: oracle === undefined,
    fn: async () => {
      const cases = oracle!.cases.filter((c) => c.name === name);
      assert.equal(cases.length, count);
      for (const c of cases) await check(c);
    },
  });
}

// deno-lint-ignore no-explicit-any
type Case = any;

const words = (hex: readonly string[]): number[] => hex.map((word) => parseInt(word, 16));

test("philox", 3, ({ counter, key, block }) => {
  const [c, k] = [words(counter), words(key)];
  assert.deepEqual([...philox4x32(c as unknown as Words, [k[0], k[1]])], words(block));
});

test("words", 4, ({ seed, stream, step, first, words: expected }) => {
  const drawn = words(expected).map((_, i) => randomWord(seed, stream, step, first + i));
  assert.deepEqual(drawn, words(expected));
});

test("dropout", 4, async ({ p, seed, stream, step, first, scale_bits, keep }) => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [8, keep.length / 8]);
  const random = graph.input("random", "i32", [6]);
  graph.output("y", graph.apply(dropout, { x, random }, { ratio: p, stream }));
  using instance = await loadReference(await encodeProgram(compile(graph, { training: true })));
  const { y } = await instance.run({
    x: new Float32Array(keep.length).fill(1),
    random: Int32Array.from([seed, step, first].flatMap((n) => [low(n), high(n)])),
  });
  const [scale] = new Float32Array(Uint32Array.of(parseInt(scale_bits, 16)).buffer);
  assert.deepEqual([...y.data], [...keep].map((kept) => kept === "1" ? scale : 0));
});

test("shuffle", 9, ({ n, seed, stream, epoch, order, first, last, sha256: hash }) => {
  const got = shuffle(n, seed, stream, epoch);
  if (Array.isArray(order)) assert.deepEqual([...got], order);
  if (typeof order === "string") assert.deepEqual([...got], numbersOf(oracle!, order));
  if (first !== undefined) assert.deepEqual([...got.subarray(0, first.length)], first);
  if (last !== undefined) assert.deepEqual([...got.subarray(-last.length)], last);
  if (hash !== undefined) assert.equal(sha256(got), hash);
});
