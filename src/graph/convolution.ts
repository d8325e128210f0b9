import { FewbitError } from "../errors.ts";
import { expectInteger } from "./attribute.ts";
import { fixed } from "./extent.ts";
import type { Extent } from "./graph.ts";

/** Taps of a convolution; pads are top, left, bottom, right as in ONNX. Defaults: 1, 0, 1, 1. */
export interface ConvolutionAttributes {
  /** Rows and columns from one output to the next. */
  strides?: readonly number[];
  /** Rows and columns of zeros: top, left, bottom, right. */
  pads?: readonly number[];
  /** Rows and columns from one tap to the next. */
  dilations?: readonly number[];
  /** Groups of channels that know nothing of one another. */
  group?: number;
}

/** The same, nothing left out. */
export interface Taps {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
}

/**
 * Attributes with their defaults.
 *
 * @throws {FewbitError} `invalid_argument` where one is no integer of its range, or there are too few.
 */
export function tapsOf(
  { strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], group = 1 }: ConvolutionAttributes,
  op: string,
): Taps {
  expectIntegers(strides, 2, 1, `${op}: strides`);
  expectIntegers(pads, 4, 0, `${op}: pads`);
  expectIntegers(dilations, 2, 1, `${op}: dilations`);
  expectInteger(group, 1, `${op}: group`);
  return { strides, pads, dilations, group };
}

/** Throws unless there are so many integers of at least `least`. */
export function expectIntegers(
  values: readonly number[],
  count: number,
  least: number,
  what: string,
): void {
  if (!Array.isArray(values) || values.length !== count) {
    throw new FewbitError("invalid_argument", `${what}: ${count} expected, got ${String(values)}`);
  }
  for (const value of values) expectInteger(value, least, what);
}

/** Outputs along an axis: places of the first tap at which the last one is within the padded extent. */
export function outputExtent(
  extent: Extent | undefined,
  kernel: number,
  { strides, pads, dilations }: Omit<Taps, "group">,
  axis: 0 | 1,
  op: string,
): number {
  const room = fixed(extent, `${op}: extents of a picture`) + pads[axis] + pads[axis + 2] -
    dilations[axis] * (kernel - 1) - 1;
  if (room >= 0) return Math.floor(room / strides[axis]) + 1;
  throw new FewbitError("shape_mismatch", `${op}: its kernel is larger than the picture`);
}
