import type { Operands } from "./_operands.ts";

/** Pairs of channels turn by the angles of their token. */
export function rotaryF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [x, angles, y] = [op.get("x"), op.get("angles"), op.get("y")];
  const pairs = angles.columns;
  for (let t = 0; t < x.rows; t++) {
    for (let i = 0; i < x.columns; i += 2) {
      const [c, s] = [0, 1].map((row) => angles.get(2 * t + row, (i / 2) % pairs));
      const [a, b] = [x.get(t, i), x.get(t, i + 1)];
      y.set(t, i, round(a * c) + round(b * -s));
      y.set(t, i + 1, round(b * c) + round(a * s));
    }
  }
}
