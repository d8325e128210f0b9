// What the two kernels of attention over caches share: of one run of tokens of a session, which keys there are, and how a row ends.
import { product4, Shift, sum_saturated } from "./shift_i64";
import { Seen } from "./softmax_q15";
import { mask_first } from "./pack";
import { store_codes } from "./tail";

/** Columns of q, rows of keys, and what is made of them. Memory behind it is scratch. */
// @ts-ignore: decorator
@unmanaged
export class Cached {
  /** The requantisation of the context. */
  shift: Shift;
  form: i32;
  /** Channels of a head, and heads of q for one of the cache. */
  depth: i32;
  group: i32;
  /** Positions before `pinned_rows` are in the prefix; a query sees `window` positions. */
  pinned_rows: i32;
  window: i32;
  /** Tokens of this run, and the position of the first. */
  tokens: i32;
  position: i32;
  /** Keys: so many rows of the prefix, then positions from `lowest` on. */
  fixed: i32;
  lowest: i32;
  /** Addresses of the rows of keys and of values, u32 each, to a multiple of 8. */
  key_rows: usize;
  value_rows: usize;
  /** Rows of the first token. */
  q: usize;
  q_stride: usize;
  /** 0: the prefix is scored with q. */
  pinned: usize;
  pinned_stride: usize;
  key_zero: usize;
  y: usize;
  y_stride: usize;
  table: usize;
  /** Of kv head 0. */
  rates: usize;
  multipliers: usize;
  value_zeros: usize;
  /** Bytes from the rates and multipliers of a kv head to the next. */
  rate_stride: usize;
  multiplier_stride: usize;
  zero: i32;
  /** What the row being computed sees. */
  fixed_seen: i32;
  begin: i32;
  end: i32;
  /** Scratch of the kernels. */
  temporary: usize;

  /** `Seen` of a token. */
  see(token: i32): Seen {
    const position = this.position + token, fixed = min(this.pinned_rows, position + 1);
    const begin = this.fixed + max(0, position - this.window + 1 - this.lowest);
    const end = this.fixed + position + 1 - this.lowest, joined = begin <= fixed;
    const all = position < this.pinned_rows ? fixed : end;
    this.fixed_seen = joined ? all : fixed;
    this.begin = joined ? 0 : begin;
    this.end = all;
    return changetype<Seen>(changetype<usize>(this) + offsetof<Cached>("fixed_seen"));
  }

  /** Columns of head `g` of a kv head, in bytes. */
  // @ts-ignore: decorator
  @inline
  head(kv: i32, g: i32): usize {
    return <usize> ((kv * this.group + g) * this.depth);
  }

  // @ts-ignore: decorator
  @inline
  rate(kv: i32, g: i32): i32 {
    return load<i32>(this.rates + <usize> kv * this.rate_stride + (<usize> g << 2));
  }

  // @ts-ignore: decorator
  @inline
  multiplier(kv: i32, g: i32): i32 {
    return load<i32>(this.multipliers + <usize> kv * this.multiplier_stride + (<usize> g << 2));
  }

  // @ts-ignore: decorator
  @inline
  valueZero(kv: i32): i32 {
    return load<i32>(this.value_zeros + (<usize> kv << 2));
  }
}

/** Σ a·b of n i8. */
function product(a: usize, b: usize, n: i32): i32 {
  let s = i32x4.splat(0);
  for (; n > 0; n -= 8, a += 8, b += 8) {
    let v = v128.load8x8_s(a);
    if (n < 8) v = v128.and(v, mask_first(n << 1));
    s = i32x4.add(s, i32x4.dot_i16x8_s(v, v128.load8x8_s(b)));
  }
  return sum_lanes(s);
}

/** Sum of four lanes. */
// @ts-ignore: decorator
@inline
export function sum_lanes(s: v128): i32 {
  s = i32x4.add(s, v128.shuffle<i64>(s, s, 1, 0));
  return i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1);
}

/** Scores of the prefix with the pinned query, and what the zero points of keys give them more than with q. */
export function score_prefix(
  c: Cached,
  seen: Seen,
  token: i32,
  kv: i32,
  g: i32,
  scores: usize,
  step: usize,
): void {
  const depth = c.depth, head = c.head(kv, g), at = <usize> (kv * depth);
  const q = c.q + <usize> token * c.q_stride + head;
  const pinned = c.pinned + <usize> token * c.pinned_stride + head;
  let more = 0;
  for (let d: usize = 0; d < <usize> depth; d++) {
    const change = <i32> load<i8>(q + d) - <i32> load<i8>(pinned + d);
    more += change * load<i32>(c.key_zero + (at + d << 2));
  }
  for (let j = 0, n = min(c.fixed, seen.end); j < n; j++) {
    const key = load<u32>(c.key_rows + (<usize> j << 2)) + at;
    store<i32>(
      scores + <usize> (j >> 3) * step + (<usize> (j & 7) << 2),
      product(pinned, key, depth) + more,
    );
  }
}

/** Eight sums of a row → codes. `taken`: value_zero·Σ p. */
// @ts-ignore: decorator
@inline
export function finish(
  shift: Shift,
  acc: usize,
  taken: v128,
  m: v128,
  zero: v128,
  to: usize,
  left: i32,
): void {
  const e = shift.e,
    half = shift.addend,
    top = shift.offset,
    odd = shift.odd,
    saturates = shift.saturates;
  const q0 = product4(i32x4.sub(v128.load(acc), taken), m, e, half, top, odd, saturates),
    q1 = product4(i32x4.sub(v128.load(acc, 16), taken), m, e, half, top, odd, saturates);
  const w = i16x8.narrow_i32x4_s(sum_saturated(q0, zero), sum_saturated(q1, zero));
  store_codes(to, w, left, false);
}
