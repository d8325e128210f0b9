// dbeta = Σ dy, dgamma = Σ dy·n, dx = (gamma·inverse)·((dy − dbeta/B) − n·(dgamma/B)), n = (x − mean)·inverse computed twice: rows as
// they are stored go by twice, and nothing as large as they are is kept.
import { NormalizeGradientF32 } from "../generated/ops/normalize_gradient_f32";
import {
  buffer_bytes,
  rows_at_once,
  rows_to,
  store_rows,
  stored_rows,
} from "../kernels/stored_rows_f32";
import { join, TERM_PLAIN } from "../kernels/sums_f32";
import { store_words } from "../kernels/tail";

// @ts-ignore: decorator
@inline
function row_bytes(n: i32): usize {
  return <usize> (n + 3 & ~3) << 2;
}

export function scratch_normalize_gradient_f32(op: NormalizeGradientF32): usize {
  const n = op.x.columns;
  return row_bytes(n) * (32 + 3) + 3 * buffer_bytes(n) + 64;
}

export function exec_normalize_gradient_f32(op: NormalizeGradientF32): void {
  const x = op.x, dy = op.dy, n = x.columns, row = row_bytes(n), width = <usize> n << 2;
  const mean = op.mean.address, inverse = op.inverse.address, gamma = op.gamma.address;
  const sums = op.scratch + 15 & ~15, products = sums + (row << 4);
  const shift = products + (row << 4), slope = shift + row, factor = slope + row;
  const first = factor + row, second = first + buffer_bytes(n);
  memory.fill(sums, 0, row << 5);
  const rows = x.rows, once = rows_at_once(x, dy);
  let at = x.address, by = dy.address;
  for (let r = 0; r < rows; r += once) {
    const count = min(once, rows - r);
    const read = stored_rows(x, at, count, first), gradients = stored_rows(dy, by, count, second);
    for (let i: usize = 0; i < row; i += 16) {
      const m = v128.load(mean + i), v = v128.load(inverse + i);
      let p = read + i, q = gradients + i;
      for (let k = 0; k < count; k++, p += width, q += width) {
        const sum = sums + <usize> (r + k & 15) * row + i, product = sum + (row << 4);
        const d = v128.load(q), normal = f32x4.mul(f32x4.sub(v128.load(p), m), v);
        v128.store(sum, f32x4.add(v128.load(sum), d));
        v128.store(product, f32x4.add(v128.load(product), f32x4.mul(d, normal)));
      }
    }
    at += <usize> count * x.stride, by += <usize> count * dy.stride;
  }
  join(TERM_PLAIN, sums, row);
  join(TERM_PLAIN, products, row);
  memory.copy(op.dbeta.address, sums, width);
  memory.copy(op.dgamma.address, products, width);
  for (let i: usize = 0; i < width; i += 4) {
    store<f32>(shift + i, load<f32>(sums + i) / <f32> rows);
    store<f32>(slope + i, load<f32>(products + i) / <f32> rows);
    store<f32>(factor + i, load<f32>(gamma + i) * load<f32>(inverse + i));
  }
  writeGradient(op, shift, slope, factor, first);
}

function writeGradient(
  op: NormalizeGradientF32,
  shift: usize,
  slope: usize,
  factor: usize,
  first: usize,
): void {
  const x = op.x, dy = op.dy, dx = op.dx, n = x.columns, width = <usize> n << 2;
  const mean = op.mean.address, inverse = op.inverse.address;
  const second = first + buffer_bytes(n), written = second + buffer_bytes(n);
  const once = min(rows_at_once(x, dy), rows_at_once(dx, dx));
  let at = x.address, by = dy.address, to = dx.address;
  for (let left = x.rows; left > 0; left -= once) {
    const count = min(once, left), out = rows_to(dx, to, written);
    const rows = stored_rows(x, at, count, first), gradients = stored_rows(dy, by, count, second);
    for (let i: usize = 0, rest = n; rest > 0; rest -= 4, i += 16) {
      const m = v128.load(mean + i), v = v128.load(inverse + i);
      const s = v128.load(shift + i), t = v128.load(slope + i), f = v128.load(factor + i);
      let p = rows + i, q = gradients + i, o = out + i;
      for (let k = count; k > 0; k--, p += width, q += width, o += width) {
        const normal = f32x4.mul(f32x4.sub(v128.load(p), m), v);
        const d = f32x4.sub(f32x4.sub(v128.load(q), s), f32x4.mul(normal, t));
        store_words(o, f32x4.mul(f, d), rest);
      }
    }
    store_rows(dx, to, count, out);
    at += <usize> count * x.stride, by += <usize> count * dy.stride;
    to += <usize> count * dx.stride;
  }
}
