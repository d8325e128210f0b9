/** Arithmetic on extents. */
import { FewbitError } from "../errors.ts";
import type { Extent, Value } from "./graph.ts";

/** `extent·factor`. */
export function times(extent: Extent, factor: number): Extent {
  if (typeof extent === "number") return extent * factor;
  return { symbol: extent.symbol, factor: extent.factor * factor, plus: extent.plus * factor };
}

/** `extent + number`. */
export function plus(extent: Extent, number: number): Extent {
  if (typeof extent === "number") return extent + number;
  return { ...extent, plus: extent.plus + number };
}

/** Product of extents, of which one at most is symbolic. */
export function product(extents: readonly Extent[]): Extent {
  const symbolic = extents.filter((extent) => typeof extent !== "number");
  if (symbolic.length > 1) {
    throw new FewbitError("unsupported", `Cannot multiply the extents ${format(extents)}`);
  }
  const factor = extents.reduce<number>((n, e) => typeof e === "number" ? n * e : n, 1);
  return symbolic.length === 0 ? factor : times(symbolic[0], factor);
}

/** Whether two extents are the same in every run. */
export function same(a: Extent | undefined, b: Extent | undefined): boolean {
  // A value that has no such axis.
  if (a === undefined || b === undefined) return false;
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.symbol === b.symbol && a.factor === b.factor && a.plus === b.plus;
}

/** Whether two shapes are the same in every run. */
export function sameShape(a: readonly Extent[], b: readonly Extent[]): boolean {
  return a.length === b.length && a.every((extent, i) => same(extent, b[i]));
}

/** An extent that has to be a number. */
export function fixed(extent: Extent | undefined, what: string): number {
  if (typeof extent === "number") return extent;
  const given = extent === undefined ? "none" : format([extent]);
  throw new FewbitError("shape_mismatch", `${what} must be known, got ${given}`);
}

/** A shape for messages. */
export function format(shape: readonly Extent[]): string {
  return `[${
    shape.map((e) =>
      typeof e === "number"
        ? e
        : `${e.factor === 1 ? "" : `${e.factor}·`}${e.symbol}${e.plus === 0 ? "" : ` + ${e.plus}`}`
    ).join(", ")
  }]`;
}

/** Throws `shape_mismatch` unless `condition` holds. */
export function expectShape(
  condition: boolean,
  op: string,
  inputs: readonly (Value | undefined)[],
): void {
  if (condition) return;
  throw new FewbitError(
    "shape_mismatch",
    `${op}: shapes do not fit: ${
      inputs.map((v) => v === undefined ? "-" : format(v.shape)).join(", ")
    }`,
  );
}

/** Throws `dtype_mismatch` unless the value has one of the types. */
export function expectDtype(
  value: Value | undefined,
  dtypes: readonly string[],
  op: string,
): asserts value is Value {
  if (value !== undefined && dtypes.includes(value.dtype)) return;
  throw new FewbitError(
    "dtype_mismatch",
    `${op}: expected ${dtypes.join(" or ")}, got ${value?.dtype ?? "nothing"}`,
  );
}
