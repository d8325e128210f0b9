import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Value } from "../graph.ts";
import type { ValueType } from "../op.ts";

/** Type of an updated parameter; states and gradient are as large as it is. */
export function updatedType(
  op: string,
  p: Value,
  others: readonly (Value | undefined)[],
): ValueType {
  const values = [p, ...others.filter((other) => other !== undefined)];
  for (const value of values) expectDtype(value, ["f32"], op);
  expectShape(values.every(({ shape }) => sameShape(shape, p.shape)), op, values);
  return { dtype: "f32", shape: p.shape };
}

/** Throws unless each value has so many elements. */
export function expectScalars(op: string, values: readonly Value[], count: number): void {
  for (const value of values) expectDtype(value, ["f32"], op);
  expectShape(values.every(({ shape }) => sameShape(shape, [count])), op, values);
}
