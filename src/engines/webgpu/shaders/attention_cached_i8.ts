import { SESSIONS } from "./_cached_rows.ts";
import { reduce } from "./_rows.ts";
import { eachScore, eachScoreRow, headRows } from "./_scores.ts";
import type { ScoreRows } from "./_scores.ts";
import { TABLE_SOFTMAX } from "./_softmax.ts";
import { elementwise } from "./_word_owner.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";

/** What is left of a word of codes of which `size` columns from 4·d on belong to the head. */
const KEPT = "(0xffffffffu >> (8u * (4u - min(size - 4u * d, 4u))))";

/** The product of `size` codes of two operands. */
function dotProduct(name: string, q: string, k: string): string {
  return `fn ${name}(query: u32, from_q: u32, key: u32, from_k: u32, size: u32) -> i32 {
  var acc = 0;
  for (var d = 0u; 4u * d < size; d++) {
    acc += dot4(pack_${q}(query, from_q + 4u * d) & ${KEPT}, pack_${k}(key, from_k + 4u * d));
  }
  return acc;
}
`;
}

/** Causal attention over the rings of sessions, in integers: scores, exponentials, probabilities, sums of values. */
export const attentionCachedI8: MakeDispatches = (operation) => {
  const hasPrefix = operation.has("prefix"), isPinned = operation.has("q_pinned");
  const prefixRows = hasPrefix ? "prefix_extents().y" : "0u";
  // Row r of the scores is that of a token and head; first come rows of the prefix, then positions of the ring.
  const declarations = `${SESSIONS}fn prefix_seen(position: u32) -> u32 {
  return min(${prefixRows}, position + 1u);
}
fn first_seen(position: u32) -> u32 {
  let ring = keys_extents().y;
  let window = min(select(attribute_window(), ring, attribute_window() == 0u), ring);
  return max(${prefixRows}, max(position + 1u, window) - window);
}
fn score_columns() -> u32 { return keys_extents().y + ${prefixRows}; }
fn score_count(row: u32) -> u32 {
  let position = position_in(row / head_count());
  return prefix_seen(position) + max(position + 1u, first_seen(position)) - first_seen(position);
}
/* the row of the cache that entry j of a token is, behind those of the prefix */
fn ring_row(token: u32, position: u32, j: u32) -> u32 {
  let ring = keys_extents().y;
  return session_of(token) * ring + (first_seen(position) + j - prefix_seen(position)) % ring;
}
`;
  const rows: ScoreRows = {
    declarations,
    shape: ({ q, keys, prefix }, { kv_heads, group }) => [
      q.rows * kv_heads * group,
      keys.extents[1] + (prefix?.extents[1] ?? 0),
    ],
  };
  const own = "own_product(token, from_q, j, from_k, size)";
  const fixed = isPinned
    ? `${own.replace("own", "pinned")} + zero_product(token, from_q, from_k, size)`
    : own;
  const zeroProduct = `fn zero_product(token: u32, from_q: u32, from_k: u32, size: u32) -> i32 {
  var sum = 0;
  for (var d = 0u; d < size; d++) {
    let change = read_q(token, from_q + d) - read_q_pinned(token, from_q + d);
    sum += change * read_key_zero(0u, from_k + d);
  }
  return sum;
}
`;
  const head = (row: string): string =>
    `let token = ${row} / head_count();
  let head = ${row} - token * head_count();
  let kv = head / attribute_group();
  let g = head - kv * attribute_group();`;
  return {
    stages: [
      eachScore(
        rows,
        dotProduct("ring_product", "q", "keys") +
          (hasPrefix ? dotProduct("own_product", "q", "prefix") : "") +
          (isPinned ? dotProduct("pinned_product", "q_pinned", "prefix") + zeroProduct : "") +
          `fn score(row: u32, j: u32) -> u32 {
  ${head("row")}
  let size = keys_columns() / attribute_kv_heads();
  let from_q = head * size;
  let from_k = kv * size;
  let position = position_in(token);
  ${hasPrefix ? `if (j < prefix_seen(position)) { return u32(${fixed}); }` : ""}
  return u32(ring_product(token, from_q, ring_row(token, position, j), from_k, size));
}`,
      ),
      eachScoreRow(
        rows,
        "var<workgroup> most: array<i32, 64>;",
        `var m = i32(0x80000000u);
  for (var c = lane; c < count; c += 64u) { m = max(m, i32(memory[first + c])); }
  most[lane] = m;
  ${reduce("most", "max(a, b)")}
  if (lane == 0u) { memory[known(row)] = u32(most[0]); }`,
      ),
      eachScore(
        rows,
        `fn score(row: u32, j: u32) -> u32 {
  ${head("row")}
  let rate = u32(max(1, read_rate(kv, g)));
  /* the difference of two i32 fits u32 */
  let below = memory[known(row)] - memory[scratch() + row * score_columns() + j];
  let d = min(below, 0x40000000u / rate);
  return u32(read_exponentials(0u, min((d * rate + 0x20000u) >> 18u, 4095u)));
}`,
      ),
      eachScoreRow(
        rows,
        `${TABLE_SOFTMAX}var<workgroup> sums: array<vec2<u32>, 64>;`,
        `var sum = vec2<u32>(0u);
  for (var c = lane; c < count; c += 64u) { sum = add64(sum, vec2<u32>(memory[first + c], 0u)); }
  sums[lane] = sum;
  ${reduce("sums", "add64(a, b)")}
  if (lane == 0u) {
    let factor = factor_of(sums[0]);
    memory[known(row)] = factor.x;
    memory[known(row) + 1u] = factor.y;
  }`,
      ),
      eachScore(
        rows,
        `${TABLE_SOFTMAX}fn score(row: u32, j: u32) -> u32 {
  let factor = vec2<u32>(memory[known(row)], memory[known(row) + 1u]);
  return u32(probability(memory[scratch() + row * score_columns() + j], factor));
}`,
      ),
      elementwise(
        operation,
        `${declarations}fn element(token: u32, c: u32) -> u32 {
  let size = keys_columns() / attribute_kv_heads();
  let head = c / size;
  let kv = head / attribute_group();
  let g = head - kv * attribute_group();
  let column = kv * size + c - head * size;
  let position = position_in(token);
  let row = token * head_count() + head;
  let count = score_count(row);
  let zero = read_value_zero(0u, kv);
  var acc = 0;
  for (var j = 0u; j < count; j++) {
    let p = i32(memory[scratch() + row * score_columns() + j]);
    var value = 0;
    ${
          hasPrefix
            ? `if (j < prefix_seen(position)) { value = read_prefix(${prefixRows} + j, column); } else `
            : ""
        }{ value = read_values(ring_row(token, position, j), column); }
    acc += p * (value - zero);
  }
  let r = saturate32(rounded(acc, read_multiplier(kv, g), read_shift(0u, 0u), 0u));
  return u32(clamp(saturate32(add64(wide(r), wide(read_zero_point(0u, 0u)))), -128, 127));
}`,
      ),
    ],
    scratchWords: headRows(
      operation,
      operation.attribute("kv_heads") * operation.attribute("group"),
      operation.most("keys").extents[1] +
        (hasPrefix ? operation.most("prefix").extents[1] : 0),
    ),
  };
};
