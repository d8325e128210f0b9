/** Sums: a residual, a bias of scores, and positions with the rows of the class token before them. */
import { tensorOf } from "../../tensor.ts";
import { isNode } from "../../graph/op_names.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { relativePositions } from "../../lower/constants.ts";
import type { Codes } from "../integer_builder.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import { constantCodes } from "./constant_codes.ts";
import { addPrefixed } from "./prefix_rows.ts";

/** `a + b`: both arms are requantised to the grid of the sum, each on its own. */
export function addRule(rewriter: IntegerRewriter, node: NodeNamed<"Add">): void {
  const { a, b } = node.inputs;
  const first = rewriter.producer(a);
  if (isNode(first, "ConcatRows")) return addPrefixed(rewriter, node, first);
  const branch = rewriter.read(node, "a");
  const identity = rewriter.has(b) ? rewriter.read(node, "b") : constantArm(rewriter, node);
  rewriter.settle(node.outputs.y, { ...branch, identity });
}

/** A constant that is added: a site of its own (`qact_pos`, `qact_table`). */
function constantArm(rewriter: IntegerRewriter, node: NodeNamed<"Add">): Codes {
  const { b } = node.inputs;
  const producer = rewriter.producer(b);
  const relative = isNode(producer, "RelativePositionBias") ? producer : undefined;
  const constant = relative?.inputs.table ?? b;
  const site = rewriter.siteAt(node, "b");
  if (site === undefined || !rewriter.source.constants.has(constant.id)) {
    return rewriter.read(node, "b");
  }
  const codes = constantCodes(rewriter, constant, site);
  return relative === undefined ? codes : relativeBias(rewriter, relative, codes);
}

/** Rows of a table of codes `[R, H]`, picked by an index, as `[H, L, L]`. */
function relativeBias(
  rewriter: IntegerRewriter,
  { inputs: { index }, outputs: { y } }: NodeNamed<"RelativePositionBias">,
  codes: Codes,
): Codes {
  const [name] = codes.scale.from;
  const pairs = rewriter.elements(index);
  const { dtype, shape } = codes.value;
  const value = rewriter.builder.constant(
    `relative ${name}`,
    "i8",
    y.shape as number[],
    [name],
    (scales) => {
      const { data } = rewriter.graph.constants.get(codes.value.id)!.tensor(scales);
      return relativePositions(tensorOf(dtype, shape as number[], data), pairs).data;
    },
  );
  return { value, scale: codes.scale };
}
