/** Where the taps of convolutions and the places of pooling windows lie. */
import type { Operand, Operands } from "./_operands.ts";

/** Rows and columns of a picture that taps read. */
export interface Taps {
  /** Row that tap p of output row i reads, or −1. */
  row(i: number, p: number): number;
  /** Column that tap q of output column j reads, or −1. */
  column(j: number, q: number): number;
}

/** The taps of an instruction on a picture `[B, H, W, C]`. */
export function tapsOf(op: Operands, picture: Operand, dilated = true): Taps {
  const [, height, width] = picture.extents;
  const along = (axis: "h" | "w", pad: string, extent: number) => {
    const stride = op.attribute(`stride_${axis}`);
    const dilation = dilated ? op.attribute(`dilation_${axis}`) : 1;
    const before = op.attribute(pad);
    return (output: number, tap: number): number => {
      const at = output * stride + tap * dilation - before;
      return at >= 0 && at < extent ? at : -1;
    };
  };
  return { row: along("h", "pad_top", height), column: along("w", "pad_left", width) };
}

/** Row of an operand `[B, H, W, C]` at which the channels of a place begin. */
export function placeOf(
  { extents: [, height, width] }: Operand,
  b: number,
  h: number,
  w: number,
): number {
  return (b * height + h) * width + w;
}
