import { sameShape } from "../../graph/extent.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { expect, NotFused } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";
import type { Lowering } from "../lowering.ts";
import { emitBitLinear } from "../rules/ternary.ts";
import { normBefore } from "./norm_quantize.ts";

/** A ternary layer whose result is added to something, and maybe the norm before it. */
interface ResidualMatch extends Match {
  readonly layer: NodeNamed<"BitLinear">;
  readonly norm: NodeNamed<"RMSNormalization"> | undefined;
}

/** A ternary layer, and the residual that is added to it. */
export const ternaryResidual: Fusion<"Add", ResidualMatch> = {
  name: "ternary layer and residual",
  at: "Add",
  applies: ({ fuse }) => fuse,
  match(lowering, { inputs: { a, b } }) {
    if (lowering.producer(a)?.op !== "BitLinear") return undefined;
    expect(sameShape(a.shape, b.shape), "the residual repeats");
    const layer = lowering.only(a, "BitLinear");
    const norm = normOf(lowering, layer);
    return { nodes: [layer, ...norm === undefined ? [] : [norm]], layer, norm };
  },
  emit(lowering, { inputs: { b }, outputs: { y } }, { layer, norm }) {
    emitBitLinear(lowering, layer, y, { norm, identity: b });
  },
};

/** The norm, if it can be taken up too. */
function normOf(
  lowering: Lowering,
  layer: NodeNamed<"BitLinear">,
): ReturnType<typeof normBefore> {
  try {
    return normBefore(lowering, layer);
  } catch (error) {
    if (error instanceof NotFused) return undefined;
    throw error;
  }
}
