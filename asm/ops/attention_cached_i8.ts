// Formulas: src/instructions/attention_cached_i8.ts. For each sequence the addresses of the rows of keys and values are written once, those of
// the prefix first; few queries then read them where they lie (attend_rows_i8.ts), many pack them (attend_blocks_i8.ts).
import { AttentionCachedI8 } from "../generated/ops/attention_cached_i8";
import { attend_blocks_i8, attend_blocks_scratch } from "../kernels/attend_blocks_i8";
import { attend_rows_i8, attend_rows_scratch } from "../kernels/attend_rows_i8";
import { Cached } from "../kernels/cached_i8";
import { Shift } from "../kernels/shift_i64";

/** Tokens that are computed at once, so that there are not many more keys than rows, and queries of a kv head that are few. */
const TOKENS: i32 = 64, FEW: i32 = 8;

/** Most keys, to a multiple of 8. */
// @ts-ignore: decorator
@inline
function most_keys(op: AttentionCachedI8): usize {
  const prefix = op.prefix.address ? op.prefix.extent(1) : 0;
  return <usize> (prefix + op.keys.extent(1) + TOKENS + 7) & ~7;
}

// scratch: Cached, Shift, addresses u32 of the rows of keys and of values, the kernels'
export function scratch_attention_cached_i8(op: AttentionCachedI8): usize {
  const keys = most_keys(op), depth = op.keys.columns / op.kv_heads;
  return offsetof<Shift>() + ((offsetof<Cached>() + 15) & ~15) + (keys << 3) +
    max(attend_rows_scratch(keys, depth), attend_blocks_scratch(keys, depth));
}

export function exec_attention_cached_i8(op: AttentionCachedI8): void {
  const q = op.q, keys = op.keys, prefix = op.prefix, offsets = op.offsets.address, y = op.y;
  const pinned_rows = prefix.address ? prefix.extent(1) : 0, ring = keys.extent(1);
  const shift = changetype<Shift>(op.scratch),
    c = changetype<Cached>(op.scratch + offsetof<Shift>());
  shift.to_even(load<i32>(op.shift.address));
  c.shift = shift;
  c.form = op.dot;
  c.depth = keys.columns / op.kv_heads;
  c.group = op.group;
  c.pinned_rows = pinned_rows;
  c.window = op.window ? min(op.window, ring) : ring;
  c.q_stride = q.stride;
  c.pinned_stride = op.q_pinned.stride;
  c.key_zero = op.key_zero.address;
  c.y_stride = y.stride;
  c.table = op.exponentials.address;
  c.rates = op.rate.address;
  c.rate_stride = op.rate.stride;
  c.multipliers = op.multiplier.address;
  c.multiplier_stride = op.multiplier.stride;
  c.value_zeros = op.value_zero.address;
  c.zero = load<i32>(op.zero_point.address);
  c.key_rows = op.scratch + offsetof<Shift>() + ((offsetof<Cached>() + 15) & ~15);
  c.value_rows = c.key_rows + (most_keys(op) << 2);
  c.temporary = c.value_rows + (most_keys(op) << 2);

  const first = op.partStart, end = first + q.rows;
  for (let s = 0; s < op.slot.columns; s++) {
    const at = <usize> s << 2, begin = load<i32>(offsets + at);
    const until = min(load<i32>(offsets + at, 4), end), slot = load<i32>(op.slot.address + at);
    for (let t = max(begin, first); t < until; t += TOKENS) {
      const row = <usize> (t - first);
      c.tokens = min(TOKENS, until - t);
      c.position = load<i32>(op.past.address + at) + t - begin;
      c.q = q.address + row * q.stride;
      c.pinned = op.q_pinned.address ? op.q_pinned.address + row * c.pinned_stride : 0;
      c.y = y.address + row * y.stride;
      const count = list_rows(op, c, slot * ring);
      for (let kv = 0; kv < op.kv_heads; kv++) {
        if (c.tokens * c.group <= FEW) attend_rows_i8(c, kv);
        else attend_blocks_i8(c, kv, count);
      }
    }
  }
}

/** Writes the addresses of the rows that some of the tokens see, to a multiple of 8; gives how many. */
function list_rows(op: AttentionCachedI8, c: Cached, base: i32): i32 {
  const prefix = op.prefix, keys = op.keys, values = op.values, ring = keys.extent(1);
  const last = c.position + c.tokens - 1;
  const fixed = min(c.pinned_rows, last + 1);
  const lowest = max(c.pinned_rows, c.position - c.window + 1);
  c.fixed = fixed;
  c.lowest = lowest;
  let key = c.key_rows, value = c.value_rows;
  for (let j = 0; j < fixed; j++, key += 4, value += 4) {
    store<u32>(key, <u32> (prefix.address + <usize> j * prefix.stride));
    store<u32>(value, <u32> (prefix.address + <usize> (c.pinned_rows + j) * prefix.stride));
  }
  for (let p = lowest, row = lowest % ring; p <= last; p++, key += 4, value += 4) {
    const at = <usize> (base + row);
    store<u32>(key, <u32> (keys.address + at * keys.stride));
    store<u32>(value, <u32> (values.address + at * values.stride));
    if (++row == ring) row = 0;
  }
  const count = <i32> ((key - c.key_rows) >> 2),
    end = c.key_rows + (<usize> ((count + 7) & ~7) << 2);
  for (const k = load<u32>(key - 4), v = load<u32>(value - 4); key < end; key += 4, value += 4) {
    store<u32>(key, k);
    store<u32>(value, v);
  }
  return (count + 7) & ~7;
}
