import { isNode } from "../../graph/op_names.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { expect } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";
import { accumulator, requantization } from "../integer_operands.ts";

/** The norm, and the first of the two requantisations that read it. */
interface NormMatch extends Match {
  readonly norm: NodeNamed<"LayerNormInteger">;
  readonly first: NodeNamed<"Requantize">;
}

/** A LayerNorm with two requantisations, one for the layers and one for the residual. */
export const dualNorm: Fusion<"Requantize", NormMatch> = {
  name: "norm with two results",
  at: "Requantize",
  applies: ({ fuse, parameters }) => fuse && !parameters,
  match(lowering, node) {
    const { x } = node.inputs;
    const norm = lowering.producer(x);
    if (!isNode(norm, "LayerNormInteger") || lowering.readers(x).length < 2) return undefined;
    expect(lowering.readers(x).length === 2, `${lowering.readers(x).length} nodes read the norm`);
    expect(!lowering.isOutput(x), "the norm is an output");
    const first = lowering.readers(x).find((reader) => reader.outputs.y !== node.outputs.y);
    // Of the two the second one takes up the first.
    if (isNode(first, "Requantize") && first !== lowering.readers(x)[0]) return undefined;
    expect(isNode(first, "Requantize"), `${first?.op} reads the norm as well`);
    expect(lowering.follows(node, first), "other nodes stand between the two requantisations");
    for (const { inputs: { identity, zeroPoint }, attributes: { to } } of [node, first]) {
      expect(identity === undefined, "a residual is added");
      expect(zeroPoint === undefined, "there is a zero point");
      expect(to !== "i32", "results have 32 bits");
    }
    return { nodes: [norm, first], norm, first };
  },
  emit(lowering, node, { norm, first }) {
    const second = requantization(lowering, node);
    lowering.emit([first.outputs.y, node.outputs.y], "layer_norm_dual_i16", {
      ...accumulator(lowering, norm).operands,
      ...requantization(lowering, first),
      multiplier2: second.multiplier,
      shift2: second.shift,
      y: lowering.result(first.outputs.y),
      y2: lowering.result(node.outputs.y),
    });
  },
};
