// How the integer GEMMs cut rows into blocks and tiles.
import { Epilogue, OUT_I32 } from "./epilogue";

/** Rows of the tiles of the dot product; 4 elsewhere. */
export const TALL: i32 = 6;
/** L2 bytes given to A panels. */
const A_BYTES: i32 = 1 << 19;

/** Rows of a block: as equal as possible, a multiple of the height of a tile, with A panels of about A_BYTES (`unit` bytes per element). */
// @ts-ignore: decorator
@inline
export function block_rows(m: i32, k: i32, unit: i32, height: i32): i32 {
  const most = min(max(A_BYTES / (unit * k), 64), 256);
  const blocks = (m + most - 1) / most;
  const rows = (m + blocks - 1) / blocks + height - 1;
  return rows - rows % height;
}

// @ts-ignore: decorator
@inline
export function align(p: usize): usize {
  return (p + 63) & ~63;
}

/** Rows of whole tiles whose accumulators are the output of panel j: the microkernel stores them in y and not in the strip. */
// @ts-ignore: decorator
@inline
export function direct_rows(ep: Epilogue, rows: i32, j: i32, n: i32, height: i32): i32 {
  return ep.out == OUT_I32 && ep.bias == 0 && (j << 3) + 8 <= n ? rows - rows % height : 0;
}
