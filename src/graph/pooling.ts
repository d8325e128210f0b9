import { expectDtype, expectShape, fixed } from "./extent.ts";
import type { Extent, Value } from "./graph.ts";
import { expectIntegers, outputExtent, tapsOf } from "./convolution.ts";

/** Windows of a picture; pads are top, left, bottom, right as in ONNX. Default strides: the kernel. */
export interface PoolingAttributes {
  /** Rows and columns of a window. */
  kernel: readonly number[];
  /** Rows and columns from one window to the next. */
  strides?: readonly number[];
  /** Rows and columns around the picture that windows may reach: top, left, bottom, right. */
  pads?: readonly number[];
  /** Whether there is a last window that reaches further, if it begins in the picture or before. */
  ceilMode?: boolean;
}

/** Windows with nothing left out, and how many there are. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  /** Rows and columns of windows. */
  readonly outputs: readonly [number, number];
}

/** The windows of a picture `[B, H, W, C]`. */
export function windowsOf(
  x: Value,
  attributes: PoolingAttributes & { dilations?: readonly number[] },
  op: string,
): Windows {
  expectDtype(x, ["f32"], op);
  expectShape(x.shape.length === 4, op, [x]);
  const { kernel, ceilMode = false, strides = kernel } = attributes;
  expectIntegers(kernel, 2, 1, `${op}: kernel`);
  const { pads, dilations } = tapsOf({ ...attributes, strides, group: 1 }, op);
  const count = (axis: 0 | 1): number => {
    const extent = fixed(x.shape[axis + 1], `${op}: extents of a picture`);
    const extra = ceilMode ? strides[axis] - 1 : 0;
    const wide = { strides, dilations, pads: pads.map((p, i) => i === axis + 2 ? p + extra : p) };
    const outputs = outputExtent(extent, kernel[axis], wide, axis, op);
    // PyTorch: the last window begins in the picture or in the padding before it.
    return ceilMode && (outputs - 1) * strides[axis] >= extent + pads[axis] ? outputs - 1 : outputs;
  };
  return { kernel, strides, pads, dilations, outputs: [count(0), count(1)] };
}

/** Shape of what has an element for each window and channel. */
export function pooledShape(x: Value, { outputs }: Windows): Extent[] {
  return [x.shape[0], ...outputs, x.shape[3]];
}
