// Formulas: src/instructions/attention_cached_i8.ts. Few queries read keys and values where they lie (attend_rows_i8.ts), many pack them
// (attend_blocks_i8.ts).
import { AttentionCachedI8 } from "../generated/ops/attention_cached_i8";
import { attend_blocks_i8, attend_blocks_scratch } from "../kernels/attend_blocks_i8";
import { attend_rows_i8, attend_rows_scratch } from "../kernels/attend_rows_i8";
import { Cached } from "../kernels/cached_i8";
import { prepare_requantize, shift_of, SHIFTED_BYTES } from "../kernels/shifted_plan";

/** Tokens that are computed at once, so that there are not many more keys than rows, and queries of a kv head that are few. */
const TOKENS: i32 = 64, FEW: i32 = 8;
const CACHED_BYTES: usize = (offsetof<Cached>() + 15) & ~15;

// scratch: how sums become the context, Cached, the kernels'
export function scratch_attention_cached_i8(op: AttentionCachedI8): usize {
  const prefix = op.prefix.address ? op.prefix.extent(1) : 0;
  const keys = <usize> (prefix + op.keys.extent(1) + TOKENS + 7) & ~7;
  const depth = op.keys.columns / op.kv_heads;
  return SHIFTED_BYTES + CACHED_BYTES +
    max(attend_rows_scratch(keys, depth), attend_blocks_scratch(keys, depth));
}

export function exec_attention_cached_i8(op: AttentionCachedI8): void {
  const q = op.q, keys = op.keys, values = op.values, prefix = op.prefix, y = op.y;
  const pinned = op.q_pinned, offsets = op.offsets.address, ring = keys.extent(1);
  const c = changetype<Cached>(op.scratch + SHIFTED_BYTES);
  c.context = prepare_requantize(op.scratch, 0, false, op.zero_point.address, false, 8, 1);
  shift_of(op.scratch).to_even(load<i32>(op.shift.address));
  c.temporary = changetype<usize>(c) + CACHED_BYTES;
  c.form = op.dot;
  c.depth = keys.columns / op.kv_heads;
  c.group = op.group;
  c.pinned_rows = prefix.address ? prefix.extent(1) : 0;
  c.ring = ring;
  c.window = op.window ? min(op.window, ring) : ring;
  c.prefix = prefix.address;
  c.prefix_stride = prefix.stride;
  c.key_stride = keys.stride;
  c.value_stride = values.stride;
  c.q_stride = q.stride;
  c.pinned_stride = pinned.stride;
  c.key_zero = op.key_zero.address;
  c.y_stride = y.stride;
  c.table = op.exponentials.address;
  c.rates = op.rate.address;
  c.rate_stride = op.rate.stride;
  c.multipliers = op.multiplier.address;
  c.multiplier_stride = op.multiplier.stride;
  c.value_zeros = op.value_zero.address;

  const first = op.partStart, end = first + q.rows;
  for (let s = 0; s < op.slot.columns; s++) {
    const at = <usize> s << 2, begin = load<i32>(offsets + at);
    const until = min(load<i32>(offsets + at, 4), end);
    const session = <usize> (load<i32>(op.slot.address + at) * ring);
    c.keys = keys.address + session * keys.stride;
    c.values = values.address + session * values.stride;
    for (let t = max(begin, first); t < until; t += TOKENS) {
      const row = <usize> (t - first);
      c.place(min(TOKENS, until - t), load<i32>(op.past.address + at) + t - begin);
      c.q = q.address + row * q.stride;
      c.pinned = pinned.address ? pinned.address + row * pinned.stride : 0;
      c.y = y.address + row * y.stride;
      for (let kv = 0; kv < op.kv_heads; kv++) {
        if (c.tokens * c.group <= FEW) attend_rows_i8(c, kv);
        else attend_blocks_i8(c, kv);
      }
    }
  }
}
