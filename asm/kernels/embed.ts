// Sums of a token's and a position's row, from tables of integers.
//
//   y[t] = clamp16(round(row·m[i] / 2^e[i]) + round(positions[p]·m' / 2^e')), i = index[t], p = min(t − offsets[s], P − 1); half to even
//
// index and offsets are checked where they enter: 0 ≤ i < V, and every token belongs to one sequence.
// Floats in embed: multipliers for residual_row.
import { Operand } from "../generated/operand";
import { real_multiplier } from "./integer";
import { residual_row } from "./residual";

/** Where the rows of tokens come from. */
// @ts-ignore: decorator
@unmanaged
export class TokenRows {
  table: Operand;
  /** u8[V][columns / group], or 0: then `table` holds i8, else 4-bit codes, each to be multiplied by the factor of its group. */
  factors: Operand;
  group: i32;
  /** i16[columns], for a row of codes times factors. */
  row: usize;
}

/** `m` and `e` of positions are single numbers. */
export function embed(
  tokens: TokenRows,
  m: usize,
  shifts: Operand,
  positions: Operand,
  m2: f64,
  index: usize,
  offsets: Operand,
  y: Operand,
): void {
  const table = tokens.table, packed = changetype<usize>(tokens.factors) != 0;
  const e = shifts.address, e_step: usize = shifts.columns == 1 ? 0 : 4;
  let to = y.address;
  for (let s = 1; s < offsets.columns; s++) {
    const bound = offsets.address + (<usize> s << 2),
      start = load<i32>(bound - 4),
      end = load<i32>(bound);
    for (let t = start; t < end; t++, to += y.stride) {
      const i = <usize> load<u32>(index + (<usize> t << 2)),
        p = <usize> min(t - start, positions.rows - 1);
      residual_row(
        packed ? unpack_row(tokens, i, y.columns) : table.address + i * table.stride,
        packed,
        real_multiplier(load<i32>(m + (i << 2)), load<i32>(e + i * e_step)),
        positions.address + p * positions.stride,
        true,
        m2,
        0,
        y.columns,
        to,
        true,
      );
    }
  }
}

/** Row i as i16; returns its address. Byte h of a row holds the codes of columns 2h (low) and 2h + 1. |code·factor| ≤ 8·255. */
function unpack_row(tokens: TokenRows, i: usize, columns: i32): usize {
  const codes = tokens.table.address + i * tokens.table.stride, group = tokens.group;
  let factor = tokens.factors.address + i * tokens.factors.stride, left = group;
  for (let c = 0; c < columns; c++, left--) {
    if (left == 0) left = group, factor++;
    // the code moves to the top of a 32-bit word, and back with its sign
    const code = <i32> (load<u8>(codes + <usize> (c >> 1)) << (28 - ((c & 1) << 2))) >> 28;
    store<i16>(tokens.row + (<usize> c << 1), <i16> (code * <i32> load<u8>(factor)));
  }
  return tokens.row;
}
