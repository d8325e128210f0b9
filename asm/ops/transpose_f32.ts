// y[a][c][b] = x[a][b][c], each a row of D elements. Single elements go four by four.
import { TransposeF32 } from "../generated/ops/transpose_f32";

export function scratch_transpose_f32(_op: TransposeF32): usize {
  return 0;
}

/** Four rows of four elements to four columns. */
// @ts-ignore: decorator
@inline
function turn(from: usize, ldf: usize, to: usize, ldt: usize): void {
  const r0 = v128.load(from), r1 = v128.load(from + ldf);
  const r2 = v128.load(from + 2 * ldf), r3 = v128.load(from + 3 * ldf);
  const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(a, b, 0, 2));
  v128.store(to + ldt, v128.shuffle<i64>(a, b, 1, 3));
  v128.store(to + 2 * ldt, v128.shuffle<i64>(c, d, 0, 2));
  v128.store(to + 3 * ldt, v128.shuffle<i64>(c, d, 1, 3));
}

export function exec_transpose_f32(op: TransposeF32): void {
  const x = op.x, y = op.y;
  const rows = x.extent1, columns = x.extent2, size = x.columns, bytes = <usize> size << 2;
  const plane = <usize> (rows * columns);
  const single = size == 1 && x.stride == 4 && y.stride == 4;
  for (let a: usize = 0; a < <usize> x.extent0; a++) {
    const from = x.address + a * plane * x.stride, to = y.address + a * plane * y.stride;
    let b = 0;
    if (single) {
      const ldf = <usize> columns << 2, ldt = <usize> rows << 2;
      for (; b + 4 <= rows; b += 4) {
        const p = from + <usize> b * ldf, q = to + (<usize> b << 2);
        let c = 0;
        for (; c + 4 <= columns; c += 4) {
          turn(p + (<usize> c << 2), ldf, q + <usize> c * ldt, ldt);
        }
        for (; c < columns; c++) {
          for (let i: usize = 0; i < 4; i++) {
            store<u32>(q + <usize> c * ldt + (i << 2), load<u32>(p + i * ldf + (<usize> c << 2)));
          }
        }
      }
    }
    for (; b < rows; b++) {
      for (let c = 0; c < columns; c++) {
        const p = from + <usize> (b * columns + c) * x.stride;
        const q = to + <usize> (c * rows + b) * y.stride;
        if (size == 1) store<u32>(q, load<u32>(p));
        else memory.copy(q, p, bytes);
      }
    }
  }
}
