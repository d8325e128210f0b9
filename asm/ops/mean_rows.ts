// Mean over the N rows of each sequence.
//   integers  round_half_even(Σx / N), exactly
//   f32       fl(((0 + x[0]) + x[1]) + … ) · fl(1/N), rows ascending in one accumulator
// Floats in *: it has a float32 type beside its integer ones.
import { DTYPE_F32, DTYPE_I16 } from "../generated/format";
import { MeanRows } from "../generated/ops/mean_rows";
import { load_integer, mean_half_even, store_integer } from "../kernels/integer";
import { store_words } from "../kernels/tail";

export function scratch_mean_rows(_op: MeanRows): usize {
  return 0;
}

export function exec_mean_rows(op: MeanRows): void {
  const x = op.x, y = op.y;
  const count = x.extent(1), n = x.columns, type = x.dtype, size = x.elementBytes;
  let from = x.address, to = y.address;
  for (let b = x.extent(0); b > 0; b--, from += <usize> count * x.stride, to += y.stride) {
    if (type == DTYPE_F32) {
      const inverse = f32x4.splat(<f32> 1 / <f32> count);
      for (let i = 0; i < n; i += 4) {
        let sum = f32x4.splat(0), at = from + (<usize> i << 2);
        for (let r = 0; r < count; r++, at += x.stride) sum = f32x4.add(sum, v128.load(at));
        store_words(to + (<usize> i << 2), f32x4.mul(sum, inverse), n - i);
      }
      continue;
    }
    for (let i = 0; i < n; i += 8) {
      const columns8 = min(n - i, 8);
      let at = from + <usize> i * size;
      if (count <= 65535) { // 32 bits hold the sums
        let s0 = i32x4.splat(0), s1 = s0;
        for (let r = 0; r < count; r++, at += x.stride) {
          const v = type == DTYPE_I16 ? v128.load(at) : v128.load8x8_s(at);
          s0 = i32x4.add(s0, i32x4.extend_low_i16x8_s(v));
          s1 = i32x4.add(s1, i32x4.extend_high_i16x8_s(v));
        }
        for (let c = 0; c < columns8; c++) {
          store_integer(
            to + <usize> (i + c) * size,
            type,
            <i32> mean_half_even(<i64> i32x4.extract_lane(s0, 0), count),
          );
          s0 = v128.shuffle<i32>(s0, s1, 1, 2, 3, 4);
          s1 = v128.shuffle<i32>(s1, s1, 1, 2, 3, 0);
        }
      } else {
        for (let c = 0; c < columns8; c++) {
          let sum: i64 = 0, p = at + <usize> c * size;
          for (let r = 0; r < count; r++, p += x.stride) sum += <i64> load_integer(p, type);
          store_integer(to + <usize> (i + c) * size, type, <i32> mean_half_even(sum, count));
        }
      }
    }
  }
}
