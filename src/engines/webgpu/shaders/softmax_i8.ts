import type { MakeDispatches } from "../wgsl/operation.ts";
import { rowwise } from "./_rows.ts";
import { SOFTMAX_WORKGROUP, softmaxFunctions, softmaxStatistics } from "./_softmax.ts";
import { elementwise } from "./_word_owner.ts";

/** Words of scratch memory of a row: its largest score and its factor. */
const WORDS = 3;

/** Integer softmax over the last extent. */
export const softmaxI8: MakeDispatches = (operation) => {
  const bits = operation.dtype("y") === "i8" ? "8u" : "16u";
  const functions = softmaxFunctions(operation, bits) + hiddenFunction(operation.has("mask"));
  const score = "read_x(row, j)", isHidden = "is_hidden(row, j)";
  return {
    stages: [
      rowwise(
        "x",
        SOFTMAX_WORKGROUP + functions,
        `let length = x_columns();
  ${softmaxStatistics(score, isHidden)}
  if (lane == 0u) {
    let at = scratch() + ${WORDS}u * row;
    memory[at] = u32(most);
    memory[at + 1u] = factor.x;
    memory[at + 2u] = factor.y;
  }`,
      ),
      elementwise(
        operation,
        `${functions}fn element(row: u32, j: u32) -> u32 {
  let at = scratch() + ${WORDS}u * row;
  let most = i32(memory[at]);
  let factor = vec2<u32>(memory[at + 1u], memory[at + 2u]);
  return u32(probability(exponential(${score}, ${isHidden}, most), factor));
}`,
      ),
    ],
    scratchWords: WORDS * operation.most("x").rows,
  };
};

/** `is_hidden(row, j)`: the mask of the member's window. */
function hiddenFunction(hasMask: boolean): string {
  if (!hasMask) return "fn is_hidden(row: u32, j: u32) -> bool { return false; }\n";
  return `fn is_hidden(row: u32, j: u32) -> bool {
  let queries = x_extents().z;
  let member = row / (x_extents().y * queries);
  return read_mask((member % mask_extents().x) * queries + row % queries, j) != 0u;
}
`;
}
