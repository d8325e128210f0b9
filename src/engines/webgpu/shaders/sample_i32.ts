import { flat } from "../wgsl/operation.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";

/** Invocations of a workgroup, one workgroup a row; every adapter has so many. */
const LANES = 256;
/** Words behind the weights of all rows: the largest logit, the lowest id that has it. */
const WORDS = 2;
/** The weight of an id that is not allowed; others are below 2^31. */
const BARRED = "0xffffffffu";

const REDUCE = (variable: string, first: string, second: string): string =>
  `for (var half = ${LANES / 2}u; half >= 1u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) {
      let a = ${variable}[lane];
      let b = ${variable}[lane + half];
      ${variable}[lane] = select(${first}, ${second}, b_wins(a, b));
    }
  }
  workgroupBarrier();`;

const MAIN = `@compute @workgroup_size(${LANES})
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= logits_rows()) { return; }
  let pieces = logits_columns();`;

const PLACES = `fn weight_place(row: u32) -> u32 { return scratch() + row * logits_columns(); }
fn top_place(row: u32) -> u32 {
  return scratch() + logits_rows() * logits_columns() + ${WORDS}u * row;
}
`;

const PHILOX = `fn philox_first(low: u32, high: u32, seed_low: u32, seed_high: u32) -> vec2<u32> {
  var c = vec4<u32>(low, high, 0u, 0u);
  var key = vec2<u32>(seed_low, seed_high);
  for (var i = 0; i < 10; i++) {
    let a = mul_wide(0xd2511f53u, c.x);
    let b = mul_wide(0xcd9e8d57u, c.z);
    c = vec4<u32>(b.y ^ c.y ^ key.x, b.x, a.y ^ c.w ^ key.y, a.x);
    key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c.xy;
}
`;

/**
 * The next token. Weights of all ids first. What top_k and top_p keep is a beginning of the ids by descending logits and
 * ascending ids, (distance from the largest, id) ≤ (D, I): D and then I are searched bit by bit, as is the id that is drawn,
 * each time with a sum over all ids; nothing is sorted.
 */
export const sampleI32: MakeDispatches = (operation) => {
  const isAllowed = operation.has("mask")
    ? `fn is_allowed(row: u32, id: u32) -> bool {
  let word = id >> 5u;
  if (word >= mask_columns()) { return false; }
  return ((u32(read_mask(row, word)) >> (id & 31u)) & 1u) == 1u;
}
`
    : "fn is_allowed(row: u32, id: u32) -> bool { return true; }\n";
  const { rows, columns } = operation.most("logits");
  return {
    stages: [
      {
        body: `${PLACES}${isAllowed}var<workgroup> best: array<vec2<u32>, ${LANES}>;
/* logits above 2^31, so that they order as u32; of equal ones the lower id, none: the largest id */
fn b_wins(a: vec2<u32>, b: vec2<u32>) -> bool {
  return b.y != 0xffffffffu && (a.y == 0xffffffffu || b.x > a.x || (b.x == a.x && b.y < a.y));
}
${MAIN}
  var own = vec2<u32>(0u, 0xffffffffu);
  for (var id = lane; id < pieces; id += ${LANES}u) {
    if (is_allowed(row, id)) {
      let other = vec2<u32>(u32(read_logits(row, id)) ^ 0x80000000u, id);
      if (b_wins(own, other)) { own = other; }
    }
  }
  best[lane] = own;
  ${REDUCE("best", "a", "b")}
  if (lane == 0u) {
    memory[top_place(row)] = best[0].x ^ 0x80000000u;
    memory[top_place(row) + 1u] = best[0].y;
  }
}`,
        groups: ({ logits }) => flat(logits.rows),
      },
      {
        body: `${PLACES}${isAllowed}fn weight_of(below: u32, rate: u32) -> u32 {
  let product = add64(mul_wide(below, rate), vec2<u32>(0x8000u, 0u));
  let u = shr64(product, 16u);
  /* 31 octaves and more */
  if (u.y != 0u || u.x >= 0x1f0000u) { return 0u; }
  let i = (u.x >> 8u) & 255u;
  let here = u32(read_octave(0u, i)) & 0x7fffffffu;
  let next = u32(read_octave(0u, i + 1u)) & 0x7fffffffu;
  let fall = add64(mul_signed(i32(here - next), i32(u.x & 255u)), vec2<u32>(128u, 0u));
  return (here - sar64(fall, 8u).x) >> (u.x >> 16u);
}
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) at: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let i = at.x + at.y * groups.x * 64u;
  let row = i / logits_columns();
  let id = i - row * logits_columns();
  if (row >= logits_rows()) { return; }
  var weight = ${BARRED};
  if (is_allowed(row, id)) {
    let below = memory[top_place(row)] - u32(read_logits(row, id));
    weight = weight_of(below, u32(max(0, read_rate(0u, row))));
  }
  memory[scratch() + i] = weight;
}`,
        groups: ({ logits }) => flat(Math.ceil(logits.rows * logits.columns / 64)),
      },
      {
        body: `${PLACES}${PHILOX}var<workgroup> sums: array<vec2<u32>, ${LANES}>;
var<workgroup> filters: vec3<u32>;
fn less64(a: vec2<u32>, b: vec2<u32>) -> bool { return a.y < b.y || (a.y == b.y && a.x < b.x); }
/* (D, I) of a bound, the largest first */
fn within(below: u32, id: u32, bound: vec2<u32>) -> bool {
  return below < bound.x || (below == bound.x && id <= bound.y);
}
/* ⌈a·share / 2^16⌉, share below 2^16 */
fn part_of(a: vec2<u32>, share: u32) -> vec2<u32> {
  let high = shr64(a, 16u);
  let product = add64(mul_wide(high.x, share), vec2<u32>(0u, high.y * share));
  return add64(product, vec2<u32>(((a.x & 0xffffu) * share + 0xffffu) >> 16u, 0u));
}
/* ⌊(r.y·2^32 + r.x)·a / 2^64⌋ */
fn scaled(r: vec2<u32>, a: vec2<u32>) -> vec2<u32> {
  let low = mul_wide(r.x, a.x);
  let first = mul_wide(r.y, a.x);
  let middle = add64(first, mul_wide(r.x, a.y));
  var carry = select(0u, 1u, less64(middle, first));
  let whole = add64(middle, vec2<u32>(low.y, 0u));
  carry += select(0u, 1u, less64(whole, middle));
  return add64(mul_wide(r.y, a.y), vec2<u32>(whole.y, carry));
}
${MAIN}
  let top = memory[top_place(row)];
  let top_id = memory[top_place(row) + 1u];
  let top_k = read_top_k(0u, row);
  let top_p = u32(clamp(read_top_p(0u, row), 0, 65536));
  let least = u32(clamp(read_min_p(0u, row), 0, 65536)) << 14u;
  if (lane == 0u) {
    filters = vec3<u32>(u32(top_k > 0), u32(top_p > 0u && top_p < 65536u), 1u);
  }
  let wanted = workgroupUniformLoad(&filters);
  /* what was kept so far, and what is tried */
  var kept = vec2<u32>(0xffffffffu);
  var bound = kept;
  var need = vec2<u32>(0u);
  var drawn = 0xffffffffu;
  /* top_k, top_p, then the draw; the first step of each has the whole sum, the others a bit of D or I */
  for (var phase = 0u; phase < 3u; phase++) {
    if (wanted[phase] == 0u) { continue; }
    for (var step = 0u; step < 65u; step++) {
      /* what is drawn is an id */
      if (phase == 2u && step > 0u && step <= 32u) { continue; }
      var tried = kept;
      if (step > 0u) {
        tried = bound;
        let bit = 1u << ((64u - step) & 31u);
        if (step <= 32u) { tried.x &= ~bit; } else { tried.y &= ~bit; }
      }
      var sum = vec2<u32>(0u);
      for (var id = lane; id < pieces; id += ${LANES}u) {
        let weight = memory[weight_place(row) + id];
        let below = top - u32(read_logits(row, id));
        let is_kept = weight != ${BARRED} && within(below, id, kept);
        var counts = is_kept && (step == 0u || within(below, id, tried));
        if (phase == 2u) { counts = is_kept && weight >= least && (step == 0u || id <= tried.y); }
        if (counts) { sum = add64(sum, vec2<u32>(select(weight, 1u, phase == 0u), 0u)); }
      }
      sums[lane] = sum;
      for (var half = ${LANES / 2}u; half >= 1u; half >>= 1u) {
        workgroupBarrier();
        if (lane < half) { sums[lane] = add64(sums[lane], sums[lane + half]); }
      }
      workgroupBarrier();
      let reached = sums[0];
      workgroupBarrier();
      if (step == 0u) {
        bound = vec2<u32>(0xffffffffu);
        if (phase == 0u) { need = vec2<u32>(u32(top_k), 0u); }
        if (phase == 1u) { need = part_of(reached, top_p); }
        if (phase == 2u) {
          let r = philox_first(
            u32(read_random(row, 2u)),
            u32(read_random(row, 3u)),
            u32(read_random(row, 0u)),
            u32(read_random(row, 1u)),
          );
          need = add64(scaled(r.yx, reached), vec2<u32>(1u, 0u));
          drawn = select(0u, 0xffffffffu, less64(reached, need));
        }
      } else if (!less64(reached, need)) { bound = tried; }
    }
    if (phase == 2u && drawn == 0u) { drawn = bound.y; }
    kept = bound;
  }
  if (lane == 0u) {
    if (read_rate(0u, row) <= 0) { drawn = top_id; }
    write_y(0u, row, drawn);
  }
}`,
        groups: ({ logits }) => flat(logits.rows),
      },
    ],
    scratchWords: rows * (columns + WORDS),
  };
};
