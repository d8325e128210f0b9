/** Bytes of a tensor in memory. */
import type { Layout } from "../instructions/codes.ts";
import { DTYPE_BYTES } from "../tensor.ts";
import type { DType } from "../tensor.ts";

/** Bytes of a tensor with these extents; panels are padded to 8 rows (and 4 columns of bytes). */
export function layoutBytes(layout: Layout, dtype: DType, extents: readonly number[]): number {
  const size = DTYPE_BYTES[dtype];
  if (layout === "rows") return extents.reduce((product, extent) => product * extent, size);
  const [n, k] = extents;
  if (layout === "panel_8x16_t2") return Math.ceil(n / 8) * Math.ceil(k / 16) * 32;
  const columns = layout === "panel_8" ? k : Math.ceil(k / 4) * 4;
  return Math.ceil(n / 8) * 8 * columns * size;
}
