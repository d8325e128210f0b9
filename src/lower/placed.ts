/** Where a value lies. */
import { FewbitError } from "../errors.ts";
import { plus, product, same, times } from "../graph/extent.ts";
import type { Extent } from "../graph/graph.ts";
import type { Index } from "../program/program.ts";

/** A value in memory: rows of the last extent, `rowStride` elements apart. */
export interface Placed {
  readonly tensor: Index;
  readonly offset: Extent;
  readonly extents: readonly Extent[];
  readonly rowStride: Extent;
}

/** A whole tensor, row after row. */
export function dense(tensor: Index, shape: readonly Extent[]): Placed {
  const extents = shape.length === 0 ? [1] : shape;
  return { tensor, offset: 0, extents, rowStride: extents[extents.length - 1] };
}

/** The same elements with other extents: dense rows, or the last extent stays. */
export function reshapePlaced(placed: Placed, extents: readonly Extent[]): Placed {
  const last = placed.extents[placed.extents.length - 1];
  const wanted = extents[extents.length - 1];
  if (same(last, wanted)) return { ...placed, extents };
  if (!isDense(placed)) {
    throw new FewbitError("unsupported", "Cannot reshape rows that are apart");
  }
  return { ...placed, extents, rowStride: wanted };
}

/** Whether the same elements can have other extents without being moved. */
export function isReshapable(placed: Placed, extents: readonly Extent[]): boolean {
  const last = placed.extents[placed.extents.length - 1];
  return same(last, extents[extents.length - 1]) || isDense(placed);
}

/** Whether rows follow one another, or there is one. */
function isDense({ extents, rowStride }: Placed): boolean {
  return same(rowStride, extents[extents.length - 1]) ||
    extents.slice(0, -1).every((extent) => extent === 1);
}

/** One row of each sequence. */
export function selectRow(placed: Placed, row: number): Placed {
  const rows = placed.extents[placed.extents.length - 2];
  const rowStride = product([rows, placed.rowStride]);
  const first = typeof placed.rowStride === "number" ? placed.rowStride * row : NaN;
  if (row !== 0 && Number.isNaN(first)) throw new FewbitError("unsupported", "Cannot select row");
  return {
    tensor: placed.tensor,
    offset: plus(placed.offset, row === 0 ? 0 : first),
    extents: placed.extents.map((extent, i) => i === placed.extents.length - 2 ? 1 : extent),
    rowStride: times(rowStride, 1),
  };
}
