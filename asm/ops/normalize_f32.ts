// y = ((x − mean)·inverse)·gamma + beta, rows as they are stored.
import { NormalizeF32 } from "../generated/ops/normalize_f32";
import {
  buffer_bytes,
  rows_at_once,
  rows_to,
  store_rows,
  stored_rows,
} from "../kernels/stored_rows_f32";
import { store_words } from "../kernels/tail";

export function scratch_normalize_f32(op: NormalizeF32): usize {
  return 2 * buffer_bytes(op.x.columns) + 64;
}

export function exec_normalize_f32(op: NormalizeF32): void {
  const x = op.x, y = op.y, n = x.columns, width = <usize> n << 2, once = rows_at_once(x, y);
  const mean = op.mean.address, inverse = op.inverse.address;
  const gamma = op.gamma.address, beta = op.beta.address;
  const read = op.scratch + 15 & ~15, written = read + buffer_bytes(n);
  let from = x.address, to = y.address;
  for (let left = x.rows; left > 0; left -= once) {
    const rows = min(once, left), out = rows_to(y, to, written);
    const read_rows = stored_rows(x, from, rows, read);
    for (let i: usize = 0, rest = n; rest > 0; rest -= 4, i += 16) {
      const m = v128.load(mean + i), v = v128.load(inverse + i);
      const g = v128.load(gamma + i), b = v128.load(beta + i);
      let p = read_rows + i, q = out + i;
      for (let k = rows; k > 0; k--, p += width, q += width) {
        const scaled = f32x4.mul(f32x4.mul(f32x4.sub(v128.load(p), m), v), g);
        store_words(q, f32x4.add(scaled, b), rest);
      }
    }
    store_rows(y, to, rows, out);
    from += <usize> rows * x.stride, to += <usize> rows * y.stride;
  }
}
