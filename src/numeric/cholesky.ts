/** Cholesky's decomposition. */

/**
 * `L` with `A = L·Lᵀ`, in place in the lower triangle of `a` `[n, n]`; what is above the diagonal is neither read nor
 * written. In float64, sums with k ascending, products and sums rounded separately: the same bits on every host.
 *
 * @returns Whether A is positive definite, to the precision of float64.
 */
export function cholesky(a: Float64Array, n: number): boolean {
  for (let first = 0; first < n; first += 4) {
    // Four rows at once read each row above them once.
    const whole = first + 4 <= n;
    if (whole) fourRows(a, n, first);
    for (let i = first; i < Math.min(first + 4, n); i++) {
      for (let j = whole ? first : 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0; k < j; k++) sum += a[i * n + k] * a[j * n + k];
        const rest = a[i * n + j] - sum;
        if (i === j && !(rest > 0)) return false;
        a[i * n + j] = i === j ? Math.sqrt(rest) : rest / a[j * n + j];
      }
    }
  }
  return true;
}

/** Columns before `first` of the four rows from there on. */
function fourRows(a: Float64Array, n: number, first: number): void {
  const [r0, r1, r2, r3] = [first * n, (first + 1) * n, (first + 2) * n, (first + 3) * n];
  for (let j = 0; j < first; j++) {
    const above = j * n;
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let k = 0; k < j; k++) {
      const x = a[above + k];
      s0 += a[r0 + k] * x;
      s1 += a[r1 + k] * x;
      s2 += a[r2 + k] * x;
      s3 += a[r3 + k] * x;
    }
    const diagonal = a[above + j];
    a[r0 + j] = (a[r0 + j] - s0) / diagonal;
    a[r1 + j] = (a[r1 + j] - s1) / diagonal;
    a[r2 + j] = (a[r2 + j] - s2) / diagonal;
    a[r3 + j] = (a[r3 + j] - s3) / diagonal;
  }
}
