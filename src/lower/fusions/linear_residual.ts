import { sameShape } from "../../graph/extent.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { expect } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";
import { emitLinear } from "../rules/float.ts";

/** The layer whose result a sum takes. */
interface LinearMatch extends Match {
  readonly linear: NodeNamed<"Linear">;
}

/** A float32 linear layer, and the residual that is added to it. */
export const linearResidual: Fusion<"Add", LinearMatch> = {
  name: "linear layer and residual",
  at: "Add",
  applies: ({ fuse }) => fuse,
  match(lowering, { inputs: { a, b } }) {
    if (lowering.producer(a)?.op !== "Linear") return undefined;
    expect(sameShape(a.shape, b.shape), "the residual repeats");
    const linear = lowering.only(a, "Linear");
    expect(lowering.graph.constants.has(linear.inputs.weight.id), "the weights may change");
    return { nodes: [linear], linear };
  },
  emit(lowering, { inputs: { b }, outputs: { y } }, { linear }) {
    emitLinear(lowering, linear, y, b);
  },
};
