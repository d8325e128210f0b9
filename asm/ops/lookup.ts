// y[r][c] = table[c mod T][index], index = x + 128 for i8 and x for u8.
import { DTYPE_I8 } from "../generated/format";
import { Lookup } from "../generated/ops/lookup";

/** Rows at once. */
const ROWS: i32 = 32;

export function scratch_lookup(_op: Lookup): usize {
  return 0;
}

export function exec_lookup(op: Lookup): void {
  const x = op.x, table = op.table, y = op.y;
  const n = x.columns, tables = table.rows, size = y.elementBytes;
  const flip: u32 = x.dtype == DTYPE_I8 ? 128 : 0;
  // one table after the other for some rows: with a table for each of many columns, all of it stays in the L1 cache
  for (let first = 0; first < x.rows; first += ROWS) {
    const count = min(ROWS, x.rows - first),
      x0 = x.address + <usize> first * x.stride,
      y0 = y.address + <usize> first * y.stride;
    for (let t = 0; t < tables && t < n; t++) {
      const base = table.address + <usize> t * table.stride, step = size * <usize> tables;
      let from = x0, to = y0 + <usize> t * size;
      for (let r = count; r > 0; r--, from += x.stride, to += y.stride) {
        let p = to;
        if (size == 1) {
          for (let i = t; i < n; i += tables, p += step) {
            store<u8>(p, load<u8>(base + <usize> (<u32> load<u8>(from + <usize> i) ^ flip)));
          }
        } else {
          for (let i = t; i < n; i += tables, p += step) {
            store<u16>(
              p,
              load<u16>(base + (<usize> (<u32> load<u8>(from + <usize> i) ^ flip) << 1)),
            );
          }
        }
      }
    }
  }
}
