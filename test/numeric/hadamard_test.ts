/** Rotations by additions: matrices whose rows are orthogonal, and a rotation and its way back on every engine. */
import assert from "node:assert/strict";
import {
  paley36,
  quadraticCharacter,
  rotateByAdditions,
  rotationOrders,
} from "../../src/numeric/hadamard.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { elementsOf, prepare, runPrepared } from "../conformance/_program.ts";
import { Random } from "../conformance/_random.ts";
import { given } from "../conformance/_values.ts";

/** The matrix of a rotation, column by column. */
function matrixOf(columns: number): number[][] {
  return Array.from({ length: columns }, (_, k) =>
    rotateByAdditions(
      Array.from({ length: columns }, (_, i) => Number(i === k)),
      true,
    ));
}

Deno.test("the squares modulo 17", () => {
  const squares = new Set(Array.from({ length: 16 }, (_, i) => (i + 1) ** 2 % 17));
  for (let x = -17; x < 34; x++) {
    const rest = (x + 17) % 17;
    assert.equal(quadraticCharacter(x), rest === 0 ? 0 : squares.has(rest) ? 1 : -1, `${x}`);
  }
});

Deno.test("matrices are symmetric, of ±1, with orthogonal rows", () => {
  for (const columns of [36, 1, 2, 8, 64, 72, 144, 576]) {
    const matrix = columns === 36 ? paley36() : matrixOf(columns);
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) {
        assert.equal(Math.abs(matrix[i][j]), 1);
        assert.equal(matrix[i][j], matrix[j][i]);
        if (columns > 144 && i % 31 > 0) continue;
        const product = matrix[i].reduce((sum, value, k) => sum + value * matrix[j][k], 0);
        assert.equal(product, i === j ? columns : 0, `rows ${i}, ${j} of ${columns}`);
      }
    }
  }
});

Deno.test("orders: 36 where it divides, and the power of two that is left", () => {
  const orders = (columns: number, paley = true) => Object.values(rotationOrders(columns, paley));
  assert.deepEqual(orders(576), [36, 16]);
  assert.deepEqual(orders(576, false), [1, 64]);
  assert.deepEqual(orders(2048), [1, 2048]);
  assert.deepEqual(orders(108), [36, 1]);
  assert.deepEqual(orders(12), [1, 4]);
  assert.deepEqual(orders(7), [1, 1]);
});

for (const { name, load } of ENGINES) {
  Deno.test(`${name}: the residual that an embedding was rotated to comes back`, async () => {
    const random = new Random(5);
    for (const columns of [64, 576]) {
      const codes = Array.from({ length: columns }, () => random.integer(-127, 127));
      const signs = given("i8", [columns], codes.map(() => random.pick([-1, 1])));
      const one = (number: number) => given("i32", [1], [number]);
      const run = async (c: Parameters<typeof prepare>[0]): Promise<number[]> => {
        const prepared = await prepare(c);
        using instance = await load(prepared.file);
        const [{ place, dtype }] = prepared.results;
        return elementsOf(runPrepared(instance, prepared)[0], place, dtype);
      };
      const results = { y: { dtype: "i32", extents: [1, columns] } } as const;
      const rotated = await run({
        name: "there",
        instruction: "embedding_i32",
        attributes: { paley: 1 },
        operands: {
          table: { ...given("i8", [1, columns], codes), layout: "panel_8x4" },
          index: { ...given("i32", [1], [0]), check: "below", limit: 1 },
          // 32 times
          multiplier: one(64),
          shift: one(1),
          limit: one(2 ** 31 - 1),
          signs,
        },
        results,
      });
      assert.notDeepEqual(rotated.map((v) => v / 32), codes);
      const back = await run({
        name: "back",
        instruction: "hadamard_i32",
        attributes: { paley: 1 },
        operands: { x: given("i32", [1, columns], rotated), shift: one(5), signs },
        results,
      });
      assert.deepEqual(back, codes.map((code) => code * columns));
    }
  });
}
