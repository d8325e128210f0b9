import { isNode } from "../../graph/op_names.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { expect } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";
import type { Lowering } from "../lowering.ts";
import { emitBitLinear } from "../rules/ternary.ts";

/** The norm before ternary layers. */
interface NormMatch extends Match {
  readonly norm: NodeNamed<"RMSNormalization">;
}

/** RMSNorm, then int8 codes for the ternary layers that read it. */
export const normQuantize: Fusion<"BitLinear", NormMatch> = {
  name: "norm and codes",
  at: "BitLinear",
  applies: ({ fuse }) => fuse,
  match(lowering, layer) {
    const norm = normBefore(lowering, layer);
    return norm && { nodes: [norm], norm };
  },
  emit(lowering, layer, { norm }) {
    emitBitLinear(lowering, layer, layer.outputs.y, { norm });
  },
};

/**
 * The norm before a layer, if there is one.
 *
 * @throws {NotFused} Where anything but ternary layers reads its result.
 */
export function normBefore(
  lowering: Lowering,
  { inputs: { x } }: NodeNamed<"BitLinear">,
): (NormMatch["norm"] & Match["nodes"][number]) | undefined {
  const norm = lowering.producer(x);
  if (!isNode(norm, "RMSNormalization")) return undefined;
  expect(!lowering.isOutput(x), `"${x.name}" is an output`);
  const other = lowering.readers(x).find((reader) => !isNode(reader, "BitLinear"));
  expect(other === undefined, `${other?.op} reads "${x.name}"`);
  // Codes for all layers are made at the first one; a layer that has its own needs the norm where it is.
  for (const reader of lowering.readers(x)) {
    const updated = lowering.updates.between(norm, reader);
    expect(updated === undefined, `"${updated?.name}" is updated in between`);
  }
  return norm;
}
