import { expect } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";
import { accumulator, ACCUMULATORS, requantization } from "../integer_operands.ts";
import type { Accumulator } from "../integer_operands.ts";

/** The op that makes the sums. */
interface SumsMatch extends Match {
  readonly source: Accumulator;
}

/** 32-bit sums, requantised by the instruction that makes them. */
export const requantizedSums: Fusion<"Requantize", SumsMatch> = {
  name: "requantised sums",
  at: "Requantize",
  // Also where nodes are shown singly: the sums of some ops do not fit memory.
  applies: ({ parameters }) => !parameters,
  match(lowering, { inputs: { x, multiplier, identity, zeroPoint }, attributes: { to } }) {
    const op = ACCUMULATORS.find((name) => name === lowering.producer(x)?.op);
    if (op === undefined) return undefined;
    expect(identity === undefined, "it adds a residual");
    expect(to !== "i32", "its results have 32 bits");
    const source = lowering.only(x, op) as Accumulator;
    expect(zeroPoint === undefined || op === "LinearInteger", `${op} takes no zero point`);
    expect(to === "i8" || !op.startsWith("Attention"), "its results have 16 bits");
    expect(
      multiplier.shape[0] === 1 || op === "LinearInteger" || op === "LayerNormInteger",
      "channels have scales of their own",
    );
    return { nodes: [source], source };
  },
  emit(lowering, node, { source }) {
    const { name, operands, attributes } = accumulator(lowering, source);
    const { y } = node.outputs;
    lowering.emit(y, name, {
      ...operands,
      ...requantization(lowering, node),
      y: lowering.result(y),
    }, attributes);
  },
};
