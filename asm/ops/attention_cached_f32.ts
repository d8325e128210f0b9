// Token t of sequence s, at p = past[s] + t − offsets[s], sees rows 0 … p of keys[slot[s]] and values[slot[s]]; `group` heads of q read
// each head of the cache. D channels a head, every product and sum rounded to float32:
//
//   s[j] = ((a[0] + a[2]) + (a[1] + a[3]))·scale      a[d mod 4] += q[d]·k[j][d], d ascending, from +0
//   p    = softmax of the row (../kernels/softmax_f32.ts)
//   y[d] = Σ_j p[j]·v[j][d]                           j ascending, one accumulator from +0
//
// The queries of a head of the cache are taken as rows (token, member of the group), two at a time (../kernels/attend_cached_f32.ts): the
// second sees as many keys as the first, or one more. offsets, slot and past are checked where they enter: past[s] + the length of s is at
// most R. A part of the tokens starts at partStart.
import { AttentionCachedF32 } from "../generated/ops/attention_cached_f32";
import { scores_pair_f32, values_pair_f32 } from "../kernels/attend_cached_f32";
import { softmax_row_f32 } from "../kernels/softmax_f32";

/** Bytes of two rows of scores, each. */
// @ts-ignore: decorator
@inline
function rowBytes(keys: i32): usize {
  return <usize> ((keys + 3) & ~3) << 2;
}

// scratch: accumulators f32[2][16], scores f32[2][keys]
export function scratch_attention_cached_f32(op: AttentionCachedF32): usize {
  return 128 + 2 * rowBytes(op.keys.extent(1));
}

export function exec_attention_cached_f32(op: AttentionCachedF32): void {
  const q = op.q, slots = op.slot, y = op.y;
  const begin = op.partStart, end = begin + q.rows;
  for (let s = 0; s < slots.columns; s++) {
    const at = <usize> s << 2, offsets = op.offsets.address + at;
    const first = load<i32>(offsets), from = max(first, begin);
    const count = min(load<i32>(offsets, 4), end) - from;
    if (count <= 0) continue;
    const rows = <usize> (from - begin);
    attend(
      op,
      load<u32>(slots.address + at),
      load<i32>(op.past.address + at) + from - first,
      q.address + rows * q.stride,
      y.address + rows * y.stride,
      count,
    );
  }
}

/** Tokens of one sequence, of which the first is at `past`; q and y are their rows. */
function attend(
  op: AttentionCachedF32,
  slot: usize,
  past: i32,
  q: usize,
  y: usize,
  count: i32,
): void {
  const keys = op.keys, values = op.values;
  const group = op.group, heads = op.kv_heads, depth = keys.columns / heads;
  const bytes = <usize> depth << 2, session = slot * <usize> keys.extent(1);
  const c = op.scratch, scores = c + 128, ld = rowBytes(past + count);
  for (let h = 0; h < heads; h++) {
    const k = keys.address + session * keys.stride + <usize> h * bytes;
    const v = values.address + session * values.stride + <usize> h * bytes;
    for (let row = 0; row < count * group; row += 2) {
      // The last row stands beside itself.
      const other = min(row + 1, count * group - 1);
      const t0 = row / group, t1 = other / group;
      const head0 = <usize> (h * group + row - t0 * group) * bytes;
      const head1 = <usize> (h * group + other - t1 * group) * bytes;
      const seen = past + t0 + 1, more = t1 - t0;
      scores_pair_f32(
        q + <usize> t0 * op.q.stride + head0,
        q + <usize> t1 * op.q.stride + head1,
        depth,
        k,
        keys.stride,
        seen + more,
        load<f32>(op.scale.address),
        scores,
        ld,
      );
      softmax_row_f32(scores, seen, scores);
      softmax_row_f32(scores + ld, seen + more, scores + ld);
      const y0 = y + <usize> t0 * op.y.stride + head0, y1 = y + <usize> t1 * op.y.stride + head1;
      for (let d = 0; d < depth; d += 16) {
        const column = <usize> d << 2, width = <usize> min(depth - d, 16) << 2;
        values_pair_f32(scores, ld, v + column, values.stride, seen, more != 0, c);
        memory.copy(y0 + column, c, width);
        memory.copy(y1 + column, c + 64, width);
      }
    }
  }
}
