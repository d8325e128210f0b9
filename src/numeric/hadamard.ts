/** Matrices of ±1 with orthogonal rows. */

/** Elements of the field of Paley's construction. */
const FIELD = 17;

/** The square of an element: 1 for one that is not 0, 0 for 0, −1 else. */
export function quadraticCharacter(element: number): number {
  const x = (element % FIELD + FIELD) % FIELD;
  if (x === 0) return 0;
  for (let root = 1; root < FIELD; root++) if (root * root % FIELD === x) return 1;
  return -1;
}

/**
 * Rows of the symmetric matrix of order 36 of Paley's second construction over 17 elements (R. Paley, "On
 * orthogonal matrices", 1933): `C ⊗ [[1, 1], [1, −1]] + I ⊗ [[1, −1], [−1, −1]]`, where C is 0 on its diagonal, 1
 * along row and column 0, and the quadratic character of i − j at (i + 1, j + 1).
 */
export function paley36(): number[][] {
  const conference = (i: number, j: number): number =>
    i === 0 || j === 0 ? 1 : quadraticCharacter(i - j);
  return Array.from({ length: 36 }, (_, row) =>
    Array.from({ length: 36 }, (_, column) => {
      const [i, j, u, v] = [row >> 1, column >> 1, row & 1, column & 1];
      if (i === j) return u + v === 0 ? 1 : -1;
      return conference(i, j) * (u === 1 && v === 1 ? -1 : 1);
    }));
}

/** The order p of P and that of S, and how often they stand in the matrix of `rotateByAdditions`. */
export function rotationOrders(columns: number, paley: boolean): { p: number; power: number } {
  const p = paley && columns % 36 === 0 ? 36 : 1;
  const rest = columns / p;
  return { p, power: rest & -rest };
}

/**
 * `H·x` with `H = I ⊗ S ⊗ P` in 32-bit integers that wrap: S the Sylvester matrix of the largest power of
 * two in what p leaves, P of order p, 36 with `paley` where that divides the length, else 1.
 */
export function rotateByAdditions(x: readonly number[], paley: boolean): number[] {
  const { p, power } = rotationOrders(x.length, paley);
  const matrix = p === 36 ? paley36() : [[1]];
  const y = x.map((_, i) => {
    const [block, row] = [i - i % p, i % p];
    return matrix[row].reduce((sum, sign, k) => sum + sign * x[block + k] | 0, 0);
  });
  for (let step = p; step < p * power; step *= 2) {
    for (let i = 0; i < y.length; i++) {
      if (Math.floor(i / step) % 2 === 1) continue;
      const [a, b] = [y[i], y[i + step]];
      y[i] = a + b | 0;
      y[i + step] = a - b | 0;
    }
  }
  return y;
}

/** Whether `H·H = C·I` for `H` of {@linkcode rotateReals}: C is a power of two, or 36 times one. */
export function hasRotation(columns: number): boolean {
  const { p, power } = rotationOrders(columns, true);
  return p * power === columns;
}

/** The matrix of order 36, which is the same for all. */
const PALEY_36: readonly (readonly number[])[] = paley36();

/**
 * `H·x / √C` of real numbers, in place, in float64: H as in {@linkcode rotateByAdditions}, of order 36 where that
 * divides C.
 */
export function rotateReals(x: Float64Array): void {
  const { p, power } = rotationOrders(x.length, true);
  if (p === 36) {
    const block = new Float64Array(p);
    for (let start = 0; start < x.length; start += p) {
      block.set(x.subarray(start, start + p));
      for (let row = 0; row < p; row++) {
        const signs = PALEY_36[row];
        let sum = 0;
        for (let k = 0; k < p; k++) sum += signs[k] * block[k];
        x[start + row] = sum;
      }
    }
  }
  for (let step = p; step < p * power; step *= 2) {
    for (let first = 0; first < x.length; first += 2 * step) {
      for (let i = first; i < first + step; i++) {
        const [a, b] = [x[i], x[i + step]];
        x[i] = a + b;
        x[i + step] = a - b;
      }
    }
  }
  const root = Math.sqrt(x.length);
  for (let i = 0; i < x.length; i++) x[i] /= root;
}
