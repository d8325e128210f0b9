import { FewbitError } from "../../../errors.ts";
import { flat } from "../wgsl/operation.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { requantized, saturated } from "./_requantized.ts";
import { SOFTMAX_WORKGROUP, softmaxFunctions, softmaxStatistics } from "./_softmax.ts";
import { elementwise } from "./_word_owner.ts";

/** Most scores of a row: with the other variables they fit the 16 KiB of a workgroup that every adapter has. */
const MOST_KEYS = 2944;

/**
 * Scores, their bias, softmax and the product with the values: a workgroup a member, head and query, whose scores and then
 * probabilities stay in its memory. Sums of values go through the scratch memory, as heads may share words.
 *
 * @throws {FewbitError} `unsupported` for rows of more keys than a workgroup holds.
 */
export const attentionI8: MakeDispatches = (operation) => {
  const keys = operation.most("k").extents[1];
  if (keys > MOST_KEYS) {
    throw new FewbitError(
      "unsupported",
      `Cannot run attention_i8 of ${keys} keys on a GPU: at most ${MOST_KEYS}`,
    );
  }
  const hasBias = operation.has("bias"), hasMask = operation.has("mask");
  const code = requantized(operation, "i8", "acc", "0u");
  const second = `rounded(s, read_multiplier2(0u, 0u), read_shift2(0u, 0u), attribute_rounding())`;
  const biased = saturated("i8", `add64(${second}, wide(read_bias(h * queries + i, j)))`);
  const isHidden = hasMask ? "read_mask((b % mask_extents().x) * queries + i, j) != 0u" : "false";
  const bits = "select(16u, 8u, attribute_bits() == 1u)";
  const value = requantized(operation, "i8", "acc", "0u", "value_");
  return {
    stages: [
      {
        body: `var<workgroup> scores: array<i32, ${keys}>;
${SOFTMAX_WORKGROUP}${softmaxFunctions(operation, bits)}
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let heads = attribute_heads();
  let queries = q_extents().y;
  let length = k_extents().y;
  let size = q_columns() / heads;
  let place = group.x + group.y * groups.x;
  if (place >= q_rows() * heads) { return; }
  let h = place % heads;
  let row = place / heads;
  let b = row / queries;
  let i = row - b * queries;
  let words = (size + 3u) >> 2u;
  /* what is behind the head in its last word */
  let rest = (4u - (size & 3u)) & 3u;
  for (var j = lane; j < length; j += 64u) {
    var acc = 0;
    for (var d = 0u; d < words; d++) {
      var codes = pack_q(row, h * size + 4u * d);
      if (d + 1u == words) { codes &= 0xffffffffu >> (8u * rest); }
      acc += dot4I8Packed(codes, pack_k(b * length + j, h * size + 4u * d));
    }
    let s = ${code};
    scores[j] = ${hasBias ? biased : "s"};
  }
  workgroupBarrier();
  ${softmaxStatistics("scores[j]", isHidden)}
  for (var j = lane; j < length; j += 64u) {
    scores[j] = probability(exponential(scores[j], ${isHidden}, most), factor);
  }
  workgroupBarrier();
  for (var d = lane; d < size; d += 64u) {
    var acc = 0;
    for (var j = 0u; j < length; j++) { acc += scores[j] * read_v(b * length + j, h * size + d); }
    memory[scratch() + row * q_columns() + h * size + d] = u32(acc);
  }
}`,
        groups: ({ q }, { heads }) => flat(q.rows * heads),
      },
      elementwise(
        operation,
        `fn element(row: u32, column: u32) -> u32 {
  let acc = i32(memory[scratch() + row * y_columns() + column]);
  return u32(${value});
}`,
      ),
    ],
    scratchWords: operation.most("y").rows * operation.most("y").columns,
  };
};
