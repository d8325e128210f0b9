// What the two kernels of attention over caches share: of one run of tokens of a session, which keys there are and where, and how a row ends.
import { Epilogue } from "./epilogue";
import { mask_first } from "./pack";
import { Seen } from "./softmax_q15";

/** A run of tokens. Memory behind it is scratch. */
// @ts-ignore: decorator
@unmanaged
export class Cached {
  /** What the row being computed sees: `Seen`. */
  fixed_seen: i32;
  begin: i32;
  end: i32;
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
  /** Keys: so many rows of the prefix, then positions from `lowest` on, the first of which is row `first_row`. */
  fixed: i32;
  lowest: i32;
  first_row: i32;
  ring: i32;
  /** Keys of the prefix, behind them its values, and of the session. */
  prefix: usize;
  prefix_stride: usize;
  keys: usize;
  key_stride: usize;
  values: usize;
  value_stride: usize;
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
  rate_stride: usize;
  multipliers: usize;
  multiplier_stride: usize;
  value_zeros: usize;
  /** The requantisation of the context. */
  context: Epilogue;
  /** Scratch of the kernels. */
  temporary: usize;

  /** Where the tokens are: sets which keys some of them see. */
  place(tokens: i32, position: i32): void {
    this.tokens = tokens;
    this.position = position;
    this.fixed = min(this.pinned_rows, position + tokens);
    this.lowest = max(this.pinned_rows, position - this.window + 1);
    this.first_row = this.lowest % this.ring;
  }

  /** All keys, those of the prefix first. */
  // @ts-ignore: decorator
  @inline
  get count(): i32 {
    return this.fixed + max(0, this.position + this.tokens - this.lowest);
  }

  /** `Seen` of a token. */
  see(token: i32): Seen {
    const position = this.position + token, fixed = min(this.pinned_rows, position + 1);
    const begin = this.fixed + max(0, position - this.window + 1 - this.lowest);
    const end = this.fixed + position + 1 - this.lowest, joined = begin <= fixed;
    const all = position < this.pinned_rows ? fixed : end;
    this.fixed_seen = joined ? all : fixed;
    this.begin = joined ? 0 : begin;
    this.end = all;
    return changetype<Seen>(this);
  }

  /** Row of the ring of key j, which is none of the prefix. */
  // @ts-ignore: decorator
  @inline
  private row(j: i32): usize {
    return <usize> ((this.first_row + j - this.fixed) % this.ring);
  }

  /** Keys from j on that lie `stride` bytes apart. */
  run(j: i32): i32 {
    return j < this.fixed ? this.fixed - j : this.ring - <i32> this.row(j);
  }

  /** Address of key j. */
  key(j: i32): usize {
    return j < this.fixed
      ? this.prefix + <usize> j * this.prefix_stride
      : this.keys + this.row(j) * this.key_stride;
  }

  /** Address of value j. */
  value(j: i32): usize {
    return j < this.fixed
      ? this.prefix + <usize> (this.pinned_rows + j) * this.prefix_stride
      : this.values + this.row(j) * this.value_stride;
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

  /** Makes `context` that of a head. */
  // @ts-ignore: decorator
  @inline
  take_multiplier(kv: i32, g: i32): void {
    this.context.m = this.multipliers + <usize> kv * this.multiplier_stride + (<usize> g << 2);
  }

  // @ts-ignore: decorator
  @inline
  value_zero(kv: i32): i32 {
    return <i32> load<i8>(this.value_zeros + <usize> kv);
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
    more += change * load<i32>(c.key_zero + ((at + d) << 2));
  }
  for (let j = 0, n = min(c.fixed, c.end); j < n; j++) {
    store<i32>(
      scores + <usize> (j >> 3) * step + (<usize> (j & 7) << 2),
      product(pinned, c.key(j) + at, depth) + more,
    );
  }
}
