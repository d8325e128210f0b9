import assert from "node:assert/strict";
import { atOnce } from "../../src/event_loop.ts";
import { elementOf, GROUP, quantizeRows, quantizeRows4 } from "../../src/quantize/token_table.ts";
import { Random } from "../conformance/_random.ts";

const [ROWS, WIDTH] = [5, 2 * GROUP];
const random = new Random(41);
/** Rows of very different sizes, one of zeros. */
const table = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => {
  const row = Math.floor(i / WIDTH);
  // The second group is smaller than the first.
  const size = i % WIDTH < GROUP ? 1 : 0.07;
  return row === 4 ? 0 : (random.unit() * 2 - 1) * size * 10 ** (row - 2);
});

Deno.test("8 bits: each element within half a step of its row's scale", () => {
  const { codes, scales } = atOnce(quantizeRows(table, ROWS));
  for (let row = 0; row < ROWS; row++) {
    const values = table.subarray(row * WIDTH, (row + 1) * WIDTH);
    const most = values.reduce((max, w) => Math.max(max, Math.abs(w)), 0);
    assert.equal(scales[row], Math.max(Math.fround(most / 127), 2 ** -23));
    values.forEach((w, c) => {
      const code = codes[row * WIDTH + c];
      assert.ok(Math.abs(code) <= 127);
      assert.ok(Math.abs(code * scales[row] - w) <= 0.5001 * scales[row], `${row}, ${c}`);
    });
  }
});

/** Squared error of a group with a factor, its codes the nearest of −8 … 7. */
function errorWith(group: Float32Array, step: number): number {
  return group.reduce((sum, w) => {
    const best = Array.from({ length: 16 }, (_, i) => (i - 8) * step)
      .reduce((a, b) => Math.abs(b - w) < Math.abs(a - w) ? b : a);
    return sum + (best - w) ** 2;
  }, 0);
}

Deno.test("4 bits: of the factors looked at, each group has that with the least squared error", () => {
  const packed = atOnce(quantizeRows4(table, ROWS));
  for (let row = 0; row < ROWS - 1; row++) {
    for (const g of [0, 1]) {
      const at = row * WIDTH + g * GROUP;
      const group = table.subarray(at, at + GROUP);
      const scale = packed.scales[row];
      const largest = group.reduce((max, w) => Math.max(max, Math.abs(w)), 0);
      const most = Math.min(255, Math.ceil(largest / (7 * scale)));
      const factors = Array.from({ length: most }, (_, i) => i + 1)
        .filter((factor) => factor >= Math.floor(most * 3 / 4))
        .filter((factor) => (most - factor) % Math.max(1, Math.floor(most / 32)) === 0);
      const least = Math.min(...factors.map((factor) => errorWith(group, factor * scale)));
      const chosen = errorWith(group, packed.factors[row * 2 + g] * scale);
      assert.ok(
        Math.abs(chosen - least) <= least * 1e-9,
        `row ${row}, group ${g}: ${chosen}, ${least}`,
      );
      // What the elements stand for has that error, too.
      const stored = group.reduce(
        (sum, w, i) => sum + (elementOf(packed, row, g * GROUP + i) - w) ** 2,
        0,
      );
      assert.ok(Math.abs(stored - chosen) <= chosen * 1e-6, `${stored}, ${chosen}`);
    }
  }
});

Deno.test("4 bits: a factor that cuts the largest element is taken where it suits the others", () => {
  // All are multiples of 199 but the largest, 7·255; of factor 199 only that one is off.
  const group = Float32Array.from({ length: GROUP }, (_, i) => 199 * (i % 15 - 7));
  group[3] = -7 * 255;
  const { factors, scales } = atOnce(quantizeRows4(group, 1));
  assert.deepEqual([[...factors], [...scales]], [[199], [1]]);
});

Deno.test("4 bits: the largest group of a row has a factor of at most 255, smaller ones a smaller", () => {
  const { factors, scales } = atOnce(quantizeRows4(table, ROWS));
  for (let row = 0; row < ROWS - 1; row++) {
    const most = table.subarray(row * WIDTH, (row + 1) * WIDTH)
      .reduce((max, w) => Math.max(max, Math.abs(w)), 0);
    assert.equal(scales[row], Math.max(Math.fround(most / (7 * 255)), 2 ** -23));
    assert.ok(factors[2 * row] >= 190 && factors[2 * row + 1] < 20, `${factors}`);
  }
});

Deno.test("4 bits: even columns are low halves; a row of zeros is one", () => {
  // Codes 7, −7, 1, −8 …: the largest is 7 steps of factor 255.
  const row = new Float32Array(GROUP);
  row.set([7, -7, 1, -1]);
  const { codes, scales } = atOnce(quantizeRows4(row, 1));
  const step = scales[0] * 255;
  assert.ok(Math.abs(step - 1) < 1e-6);
  assert.deepEqual([...codes.subarray(0, 3)], [0x97, 0xF1, 0]);
  assert.ok(atOnce(quantizeRows4(new Float32Array(GROUP), 1)).codes.every((code) => code === 0));
});
