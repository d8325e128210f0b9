import { FewbitError } from "../../../errors.ts";
import { flat } from "../wgsl/operation.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { MOST_KEYS, requantizedValues, SCORE, sumsOfValues } from "./_attention.ts";
import { requantized, saturated } from "./_requantized.ts";
import { SOFTMAX_WORKGROUP, softmaxFunctions } from "./_softmax.ts";

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
  return {
    stages: [
      {
        body: `var<workgroup> scores: array<i32, ${keys}>;
${SOFTMAX_WORKGROUP}${softmaxFunctions(operation, bits)}${SCORE}
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
  for (var j = lane; j < length; j += 64u) {
    let acc = score(row, b * length + j, h * size, size);
    let s = ${code};
    scores[j] = ${hasBias ? biased : "s"};
  }
  ${sumsOfValues(isHidden, "b * length")}
}`,
        groups: ({ q }, { heads }) => flat(q.rows * heads),
      },
      requantizedValues(operation),
    ],
    scratchWords: operation.most("y").rows * operation.most("y").columns,
  };
};
