/**
 * Panels: how matrices of weights `[N, K]` lie in memory. Column n of the product is row n of the matrix;
 * eight of them make a panel, panels follow each other, and a panel is a sequence of blocks of a few k, so
 * that kernels read the weights strictly in order.
 */
import { FewbitError } from "../errors.ts";
import type { DType, TensorData } from "../tensor.ts";

/** Rows of a panel. */
export const PANEL_ROWS = 8;

/** One kind of panels: its bytes, and which are allowed. */
export interface Panels {
  /** Type of the elements in a program. */
  readonly dtype: DType;
  /** Columns (k) of a block of eight rows. */
  readonly columns: number;
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** What the elements are called where people read of them. */
  readonly title: string;
  /** Whether not all bytes are allowed: then only constants, which are checked once, may lie so. */
  readonly constantOnly: boolean;
  /** How a file has them: the bytes of memory, or trits in base 3, row after row. */
  readonly stored: "raw" | "base3";
  /** Whether stored bytes are allowed, where not all are. */
  isValid?(bytes: Uint8Array): boolean;
}

/** Elements of panels, one by one and all together. */
export interface PanelElements {
  /**
   * Packs elements.
   *
   * @param elements Row-major `[rows][columns]`.
   * @returns {@linkcode panelBytes} bytes, padded with what stands for 0.
   * @throws {FewbitError} `invalid_argument` where the count is wrong, or an element has no place in the layout.
   */
  pack(elements: TensorData, rows: number, columns: number): Uint8Array<ArrayBuffer>;
  /** The element of a row and column, from memory seen as `dtype`, with this number of columns. */
  read(memory: ArrayLike<number>, columns: number, row: number, column: number): number;
}

/** Bytes of a matrix in panels: padded to whole blocks. */
export function panelBytes(
  { columns, blockBytes }: Panels,
  n: number,
  k: number,
): number {
  return Math.ceil(n / PANEL_ROWS) * Math.ceil(k / columns) * blockBytes;
}

/** Number of the block of an element, and so of a row's part of it. */
export function blockOf(
  panelColumns: number,
  columns: number,
  row: number,
  column: number,
): number {
  return (row >> 3) * Math.ceil(columns / panelColumns) + Math.floor(column / panelColumns);
}

/** Refuses another number of elements than a matrix has. */
export function expectElements(elements: ArrayLike<number | bigint>, n: number, k: number): void {
  if (elements.length === n * k) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot pack ${elements.length} elements as ${n} rows of ${k}`,
  );
}
