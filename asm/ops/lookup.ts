// y[r][c] = table[c mod T][index], index = x + 128 for i8 and x for u8.
import { address, columns, dtype, elementBytes, I8, operand, rows, stride } from "../operand";

/** Rows at once. */
const ROWS: i32 = 32;

export function scratch_lookup(_context: usize): usize {
  return 0;
}

export function exec_lookup(context: usize): void {
  const x = operand(context, 0), table = operand(context, 1), y = operand(context, 2);
  const n = columns(x), tables = rows(table), size = elementBytes(y);
  const flip: u32 = dtype(x) == I8 ? 128 : 0;
  // one table after the other for some rows: with a table for each of many columns, all of it stays in the L1 cache
  for (let first = 0; first < rows(x); first += ROWS) {
    const count = min(ROWS, rows(x) - first), x0 = address(x) + <usize> first * stride(x), y0 = address(y) + <usize> first * stride(y);
    for (let t = 0; t < tables && t < n; t++) {
      const base = address(table) + <usize> t * stride(table), step = size * <usize> tables;
      let from = x0, to = y0 + <usize> t * size;
      for (let r = count; r > 0; r--, from += stride(x), to += stride(y)) {
        let p = to;
        if (size == 1) {
          for (let i = t; i < n; i += tables, p += step) store<u8>(p, load<u8>(base + <usize> (<u32> load<u8>(from + <usize> i) ^ flip)));
        } else {
          for (let i = t; i < n; i += tables, p += step) {
            store<u16>(p, load<u16>(base + (<usize> (<u32> load<u8>(from + <usize> i) ^ flip) << 1)));
          }
        }
      }
    }
  }
}
