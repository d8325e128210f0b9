import assert from "node:assert/strict";
import { cholesky } from "../../src/numeric/cholesky.ts";
import { Random } from "../conformance/_random.ts";

/** `X·Xᵀ + 0.1·I` of random rows. */
function definite(n: number, random: Random): Float64Array {
  const x = Array.from({ length: n * n }, () => random.unit() * 2 - 1);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? 0.1 : 0;
    for (let k = 0; k < n; k++) sum += x[i * n + k] * x[j * n + k];
    return sum;
  });
}

Deno.test("L·Lᵀ is the matrix, whatever is above the diagonal", () => {
  const random = new Random(2);
  for (const n of [1, 2, 3, 4, 5, 8, 11, 37]) {
    const a = definite(n, random);
    const l = a.slice();
    for (let i = 0; i < n; i++) l.fill(NaN, i * n + i + 1, (i + 1) * n);
    assert.ok(cholesky(l, n));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0; k <= j; k++) sum += l[i * n + k] * l[j * n + k];
        assert.ok(Math.abs(sum - a[i * n + j]) < 1e-12 * n, `${n}: ${i}, ${j}`);
      }
      assert.ok(l[i * n + i] > 0);
      assert.ok(l.subarray(i * n + i + 1, (i + 1) * n).every(Number.isNaN));
    }
  }
});

Deno.test("what is not positive definite is said to be so", () => {
  for (const n of [1, 4, 9]) {
    const a = definite(n, new Random(n));
    a[n * n - 1] = -1;
    assert.equal(cholesky(a, n), false);
    assert.equal(cholesky(new Float64Array(n * n), n), false);
    assert.equal(cholesky(new Float64Array(n * n).fill(NaN), n), false);
  }
});
