import { sameShape } from "../../graph/extent.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { expect } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";
import { emitLinearTernary } from "../rules/ternary_llama.ts";

/** The layer whose result a sum takes. */
interface LayerMatch extends Match {
  readonly layer: NodeNamed<"LinearTernary">;
}

/** A ternary layer on codes that were made before, and the residual that is added to it. */
export const codesResidual: Fusion<"Add", LayerMatch> = {
  name: "ternary layer on codes and residual",
  at: "Add",
  applies: ({ fuse }) => fuse,
  match(lowering, { inputs: { a, b } }) {
    if (lowering.producer(a)?.op !== "LinearTernary") return undefined;
    expect(sameShape(a.shape, b.shape), "the residual repeats");
    const layer = lowering.only(a, "LinearTernary");
    return { nodes: [layer], layer };
  },
  emit(lowering, { inputs: { b }, outputs: { y } }, { layer }) {
    emitLinearTernary(lowering, layer, y, b);
  },
};
