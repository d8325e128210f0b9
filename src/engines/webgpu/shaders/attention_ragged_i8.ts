import { FewbitError } from "../../../errors.ts";
import { flat } from "../wgsl/operation.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { MOST_KEYS, SCORE } from "./_attention.ts";
import { requantized } from "./_requantized.ts";
import { SEQUENCES } from "./_sequences.ts";
import { SOFTMAX_WORKGROUP, softmaxFunctions, softmaxStatistics } from "./_softmax.ts";
import { elementwise } from "./_word_owner.ts";

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
  const value = requantized(operation, "i8", "acc", "0u", "value_");
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
  workgroupBarrier();
  ${softmaxStatistics("scores[j]", "false")}
  for (var j = lane; j < length; j += 64u) {
    scores[j] = probability(exponential(scores[j], false, most), factor);
  }
  workgroupBarrier();
  for (var d = lane; d < size; d += 64u) {
    var acc = 0;
    for (var j = 0u; j < length; j++) { acc += scores[j] * read_v(first + j, h * size + d); }
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
