/** Programs with ternary weights. */
import { packBase3 } from "../../src/numeric/base3.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { random } from "./_mutate.ts";

/** Random trits of a matrix. */
export function trits(rows: number, columns: number, seed = 1): Int8Array {
  const next = random(seed);
  return Int8Array.from({ length: rows * columns }, () => next(3) - 1);
}

/** A matrix of trits, row-major. */
export interface TernaryMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly trits: Int8Array;
}

/** Matrices of these shapes. */
export function matrices(...shapes: readonly (readonly [number, number])[]): TernaryMatrix[] {
  return shapes.map(([rows, columns], i) => ({ rows, columns, trits: trits(rows, columns, i) }));
}

/**
 * `y_i = W_i·x_i`, one instruction each. Between the ternary constants lie raw ones, and a state of
 * which no instruction knows.
 */
export function ternaryProgram(weights: readonly TernaryMatrix[]): CompiledProgram {
  const b = new ProgramBuilder();
  weights.forEach(({ rows, columns, trits }, i) => {
    const [one, n, k] = [b.expression(1), b.expression(rows), b.expression(columns)];
    const x = b.tensor({ name: `x${i}`, region: "input", dtype: "i8", extents: [one, k] });
    const sums = b.tensor({ region: "arena", dtype: "i32", extents: [one, n] });
    const y = b.tensor({ name: `y${i}`, region: "output", dtype: "i32", extents: [one, n] });
    const weight = b.tensor({
      name: `w${i}`,
      region: "constant",
      dtype: "i8",
      layout: "panel_8x16_t2",
      encoding: "base3",
      extents: [n, k],
      data: packBase3(trits),
    });
    const bias = b.tensor({
      region: "constant",
      dtype: "i32",
      extents: [one, n],
      data: new Uint8Array(Int32Array.from({ length: rows }, (_, j) => 100 * i + j).buffer),
    });
    b.instruction("linear_ternary", {
      x: b.whole(x),
      weight: b.whole(weight),
      y: b.whole(sums),
    });
    b.instruction("accumulate", { x: b.whole(bias), y: b.whole(sums) });
    b.instruction("copy", { x: b.whole(sums), y: b.whole(y) });
  });
  const [one, four] = [b.expression(1), b.expression(4)];
  b.tensor({
    name: "kept",
    region: "state",
    dtype: "i32",
    extents: [one, four],
    data: new Uint8Array(Int32Array.of(1, 2, 3, 4).buffer),
  });
  b.entry("main");
  return b.finish({ name: "ternary" });
}
