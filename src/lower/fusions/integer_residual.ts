import type { NodeNamed } from "../../graph/op_names.ts";
import { expect } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";
import { accumulator, requantization } from "../integer_operands.ts";

/** The layer, and its requantisation to 16 bits. */
interface ResidualMatch extends Match {
  readonly inner: NodeNamed<"Requantize">;
  readonly linear: NodeNamed<"LinearInteger">;
}

/** A linear layer requantised to 16 bits, and the residual of the same extents that is added to it. */
export const integerResidual: Fusion<"Requantize", ResidualMatch> = {
  name: "integer layer and residual",
  at: "Requantize",
  applies: ({ fuse, parameters }) => fuse && !parameters,
  match(lowering, { inputs: { x, multiplier, identity, zeroPoint }, attributes: { to } }) {
    if (identity === undefined || lowering.producer(x)?.op !== "Requantize") return undefined;
    expect(to === "i16", `its results are ${to}`);
    expect(zeroPoint === undefined, "it has a zero point");
    expect(multiplier.shape[0] === 1, "channels have scales of their own");
    expect(identity.shape.length === x.shape.length, "the residual repeats");
    expect(identity.dtype !== "i32", "the residual has 32 bits");
    const inner = lowering.only(x, "Requantize");
    expect(inner.inputs.identity === undefined, "two residuals are added");
    expect(inner.attributes.to === "i16", `the layer's results are ${inner.attributes.to}`);
    expect(inner.inputs.zeroPoint === undefined, "the layer has a zero point");
    const linear = lowering.only(inner.inputs.x, "LinearInteger");
    return { nodes: [inner, linear], inner, linear };
  },
  emit(lowering, node, { inner, linear }) {
    const { inputs: { identity, identityMultiplier, identityShift }, outputs: { y } } = node;
    const { name, operands, attributes } = accumulator(lowering, linear);
    const second = requantization(lowering, node);
    lowering.emit(y, name, {
      ...operands,
      ...requantization(lowering, inner),
      multiplier2: second.multiplier,
      shift2: second.shift,
      identity: lowering.operand(identity!),
      identity_multiplier: lowering.operand(identityMultiplier!),
      identity_shift: lowering.operand(identityShift!),
      y: lowering.result(y),
    }, attributes);
  },
};
