// I-ViT's ShiftGELU of a row, M = max x, E(d) = shift_exp(d, x0, 23) (../kernels/shift_exp.ts), x0 = min(operand, −1):
//
//   S = min(E(x − M) + E(−M), 2^31−1);  g = (E(x − M)·⌊(2^31−1)/S⌋) >> 24
//   y = i32(x·g), wrapping, without a multiplier; else clamp(round(z·m / 2^e)), z = x·g clamped to i32
//
// E·⌊…⌋ does not overflow: it is at most 2^31−1 where E ≤ 2^31−1, and the factor is 1 above. y depends on x and M only, so a table of
// 256 entries is made for each M that occurs.
import { DTYPE_I32 } from "../generated/format";
import { ShiftGelu } from "../generated/ops/shift_gelu";
import { rounded, saturate, store_integer } from "../kernels/integer";
import { row_maximum } from "../kernels/row_maximum";
import { negative, shift_exp } from "../kernels/shift_exp";

// scratch: E(−d) i64[256], made u8[256], tables [256][256]
const MADE: usize = 2048, TABLES: usize = 2304;

export function scratch_shift_gelu(op: ShiftGelu): usize {
  return TABLES + 65536 * op.y.elementBytes;
}

export function exec_shift_gelu(op: ShiftGelu): void {
  const x = op.x, y = op.y;
  const n = x.columns, size = y.elementBytes, at = op.scratch;
  const x0 = negative(load<i32>(op.x0.address));
  for (let d = 0; d < 256; d++) store<i64>(at + (<usize> d << 3), shift_exp(-d, x0, 23));
  memory.fill(at + MADE, 0, 256);
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    const high = row_maximum(from, n);
    const made = at + MADE + <usize> (high + 128);
    const table = at + TABLES + ((<usize> (high + 128) << 8) + 128) * size;
    if (!load<u8>(made)) {
      store<u8>(made, 1);
      make_table(op, high, x0, at, table);
    }
    if (size == 1) {
      for (let i = 0; i < n; i++) {
        store<u8>(to + <usize> i, load<u8>(table + <usize> <i32> load<i8>(from + <usize> i)));
      }
    } else if (size == 2) {
      for (let i = 0; i < n; i++) {
        store<u16>(
          to + (<usize> i << 1),
          load<u16>(table + (<usize> <i32> load<i8>(from + <usize> i) << 1)),
        );
      }
    } else {for (let i = 0; i < n; i++) {
        store<u32>(
          to + (<usize> i << 2),
          load<u32>(table + (<usize> <i32> load<i8>(from + <usize> i) << 2)),
        );
      }}
  }
}

/** Entries −128 … high of the table whose entry 0 is at `table`. */
function make_table(op: ShiftGelu, high: i32, x0: i64, exponentials: usize, table: usize): void {
  const m = op.multiplier.address, e = op.shift.address, y = op.y;
  const other = shift_exp(-high, x0, 23), most: i64 = 2147483647;
  for (let v = -128; v <= high; v++) {
    const E = load<i64>(exponentials + (<usize> (high - v) << 3));
    const g = (E * (most / min(E + other, most))) >> 24;
    const product = <i64> v * g;
    const to = table + <usize> v * y.elementBytes;
    if (!m) store<i32>(to, <i32> product);
    else {store_integer(
        to,
        y.dtype,
        saturate(
          rounded(<i32> saturate(product, DTYPE_I32), load<i32>(m), load<i32>(e), op.rounding),
          y.dtype,
        ),
      );}
  }
}
