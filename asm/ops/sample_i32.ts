// The next token of each row of logits: src/instructions/sample_i32.ts has the steps.
//
// What may be drawn is a list of ids, logits and weights, by ascending ids. A filter by descending logits is a least logit and how many of
// those that equal it stay, found by bisection: no list is sorted, and as all sums are exact, their order does not matter.
// Bounds: d·rate + 2^15 < 2^63; weights have 31 bits, sums of 2^24 of them 55.
import { SampleI32 } from "../generated/ops/sample_i32";
import { between } from "../kernels/between";
import { philox } from "../kernels/philox";

/** A list. Behind it ids, logits and weights, 32 bits each, `capacity` of them. */
// @ts-ignore: decorator
@unmanaged
class List {
  count: i32;
  ids: usize;
  logits: usize;
  weights: usize;
}

// @ts-ignore: decorator
@inline
function bytes_of(columns: i32): usize {
  return (<usize> ((columns + 3) & ~3)) << 2;
}

export function scratch_sample_i32(op: SampleI32): usize {
  return offsetof<List>() + 3 * bytes_of(op.logits.columns);
}

export function exec_sample_i32(op: SampleI32): void {
  const logits = op.logits, mask = op.mask, random = op.random, list = changetype<List>(op.scratch);
  const size = bytes_of(logits.columns);
  list.ids = op.scratch + offsetof<List>();
  list.logits = list.ids + size;
  list.weights = list.logits + size;
  let row = logits.address, words = mask.address, numbers = random.address;
  for (
    let i: usize = 0;
    i < <usize> logits.rows;
    i++, row += logits.stride, words += mask.stride, numbers += random.stride
  ) {
    const at = i << 2;
    const id = sample(
      list,
      row,
      logits.columns,
      mask.address ? words : 0,
      mask.columns,
      op.octave.address,
      load<i32>(op.rate.address + at),
      load<i32>(op.top_k.address + at),
      load<i32>(op.top_p.address + at),
      load<i32>(op.min_p.address + at),
      numbers,
    );
    store<i32>(op.y.address + at, id);
  }
}

// @ts-ignore: decorator
@inline
function is_allowed(words: usize, count: i32, id: i32): bool {
  if (!words) return true;
  const at = id >> 5;
  return at < count && ((load<i32>(words + (<usize> at << 2)) >> (id & 31)) & 1) != 0;
}

function sample(
  list: List,
  logits: usize,
  n: i32,
  mask: usize,
  mask_words: i32,
  octave: usize,
  rate: i32,
  top_k: i32,
  top_p: i32,
  min_p: i32,
  random: usize,
): i32 {
  let best = -1, top = 0;
  for (let id = 0; id < n; id++) {
    const z = load<i32>(logits + (<usize> id << 2));
    if ((best < 0 || z > top) && is_allowed(mask, mask_words, id)) best = id, top = z;
  }
  if (best < 0 || rate <= 0) return best;
  list.count = 0;
  let least = top;
  for (let id = 0; id < n; id++) {
    const z = load<i32>(logits + (<usize> id << 2));
    const d = <u64> <u32> (top - z) * <u64> rate + 0x8000;
    // 31 octaves down nothing weighs anything
    if (d >> 32 >= 31 || !is_allowed(mask, mask_words, id)) continue;
    append(list, id, z, weight(octave, <u32> (d >> 16)));
    least = min(least, z);
  }
  pad(list);
  if (top_k > 0 && list.count > top_k) keep(list, least, top, <u64> top_k, true);
  if (top_p > 0 && top_p < 65536) {
    const total = sum_from(list, least, false), p = <u64> top_p;
    keep(list, least, top, (total >> 16) * p + (((total & 65535) * p + 65535) >> 16), false);
  }
  return draw(list, <u32> between(0, min_p, 65536) << 14, random);
}

/** Weight of what is u/65536 octaves below the largest, u < 31·65536. */
function weight(octave: usize, u: u32): u32 {
  const at = octave + (((u >> 8) & 255) << 2);
  const here = <i64> (load<i32>(at) & 0x7fffffff), next = <i64> (load<i32>(at, 4) & 0x7fffffff);
  return <u32> ((here - (((here - next) * <i64> (u & 255) + 128) >> 8)) >> (u >> 16));
}

// @ts-ignore: decorator
@inline
function append(list: List, id: i32, logit: i32, weight: u32): void {
  const at = <usize> list.count << 2;
  list.count++;
  store<i32>(list.ids + at, id);
  store<i32>(list.logits + at, logit);
  store<u32>(list.weights + at, weight);
}

/** What is behind the last to a multiple of four weighs nothing and has the least logit. */
function pad(list: List): void {
  for (let i = list.count; i & 3; i++) {
    store<i32>(list.logits + (<usize> i << 2), -2147483648);
    store<u32>(list.weights + (<usize> i << 2), 0);
  }
}

/** Σ of the weights of logits that are at least `least`, or with `counting` how many (those behind the last have the least i32). */
function sum_from(list: List, least: i32, counting: bool): u64 {
  const t = i32x4.splat(least), apart = list.weights - list.logits;
  const one = i32x4.splat(i32(counting)), keep = i32x4.splat(i32(counting) - 1);
  let sum = i64x2.splat(0);
  for (let p = list.logits, end = p + (<usize> list.count << 2); p < end; p += 16) {
    const w = v128.and(
      v128.or(v128.and(v128.load(p + apart), keep), one),
      i32x4.ge_s(v128.load(p), t),
    );
    sum = i64x2.add(sum, i64x2.add(i64x2.extend_low_i32x4_u(w), i64x2.extend_high_i32x4_u(w)));
  }
  return <u64> (i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1));
}

/** Keeps the fewest, by descending logits and ascending ids, that weigh (or with `counting` are) at least `need`. */
function keep(list: List, least: i32, top: i32, need: u64, counting: bool): void {
  let low = least, high = top;
  while (low < high) {
    const middle = high - <i32> (<u32> (high - low) >> 1);
    if (sum_from(list, middle, counting) >= need) low = middle;
    else high = middle - 1;
  }
  // all that is above, and the first of those that are equal
  let reached = low < top ? sum_from(list, low + 1, counting) : 0;
  const count = list.count;
  list.count = 0;
  for (let i = 0; i < count; i++) {
    const at = <usize> i << 2, z = load<i32>(list.logits + at), w = load<u32>(list.weights + at);
    if (z < low || (z == low && reached >= need)) continue;
    if (z == low) reached += counting ? 1 : <u64> w;
    append(list, load<i32>(list.ids + at), z, w);
  }
  pad(list);
}

/** The first id at which the sum of weights of at least `least` is above ⌊R·total / 2^64⌋; −1 where there is none. */
function draw(list: List, least: u32, random: usize): i32 {
  let total: u64 = 0;
  for (let i = 0; i < list.count; i++) {
    const w = load<u32>(list.weights + (<usize> i << 2));
    if (w >= least) total += <u64> w;
  }
  const r = philox(load<u64>(random, 8), load<u64>(random));
  const a = r >> 32, b = r & 0xffffffff, h = total >> 32, l = total & 0xffffffff;
  const middle = (b * l >> 32) + (a * l & 0xffffffff) + b * h;
  const target = a * h + (a * l >> 32) + (middle >> 32);
  let reached: u64 = 0;
  for (let i = 0; i < list.count; i++) {
    const w = load<u32>(list.weights + (<usize> i << 2));
    if (w < least) continue;
    reached += <u64> w;
    if (reached > target) return load<i32>(list.ids + (<usize> i << 2));
  }
  return -1;
}
