import { FewbitError } from "../../../errors.ts";
import { flat } from "../wgsl/operation.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { MOST_KEYS, requantizedValues, SCORE, sumsOfValues } from "./_attention.ts";
import { requantized } from "./_requantized.ts";
import { SEQUENCES } from "./_sequences.ts";
import { SOFTMAX_WORKGROUP, softmaxFunctions } from "./_softmax.ts";

/**
 * Integer attention within each sequence: a workgroup a token and head, as `attention_i8`.
 *
 * @throws {FewbitError} `unsupported` for more tokens than a workgroup holds scores of.
 */
export const attentionRaggedI8: MakeDispatches = (operation) => {
  const tokens = operation.most("q").rows;
  if (tokens > MOST_KEYS) {
    throw new FewbitError(
      "unsupported",
      `Cannot run attention_ragged_i8 of ${tokens} tokens on a GPU: at most ${MOST_KEYS}`,
    );
  }
  return {
    stages: [
      {
        body: `var<workgroup> scores: array<i32, ${tokens}>;
var<workgroup> bounds: vec2<u32>;
${SOFTMAX_WORKGROUP}${softmaxFunctions(operation, "16u")}${SEQUENCES}${SCORE}
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let heads = attribute_heads();
  let size = q_columns() / heads;
  let place = group.x + group.y * groups.x;
  if (place >= q_rows() * heads) { return; }
  let h = place % heads;
  let row = place / heads;
  if (lane == 0u) {
    let s = sequence_of(row);
    bounds = vec2<u32>(u32(read_offsets(0u, s)), u32(read_offsets(0u, s + 1u)));
  }
  let ends = workgroupUniformLoad(&bounds);
  let first = ends.x;
  let length = ends.y - first;
  for (var j = lane; j < length; j += 64u) {
    let acc = score(row, first + j, h * size, size);
    scores[j] = ${requantized(operation, "i8", "acc", "0u")};
  }
  ${sumsOfValues("false", "first")}
}`,
        groups: ({ q }, { heads }) => flat(q.rows * heads),
      },
      requantizedValues(operation),
    ],
    scratchWords: operation.most("y").rows * operation.most("y").columns,
  };
};
