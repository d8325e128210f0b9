import type { Value } from "../../graph/graph.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { expect } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";
import { parameterName, requantization, requantizedArm } from "../integer_operands.ts";
import type { Operands } from "../integer_operands.ts";
import type { Lowering } from "../lowering.ts";

/** The nodes of an attention before the requantisation of its result. */
interface AttentionMatch extends Match {
  readonly scores: NodeNamed<"AttentionScoresInteger">;
  readonly first: NodeNamed<"Requantize">;
  /** The requantisation that adds a bias. */
  readonly second: NodeNamed<"Requantize"> | undefined;
  readonly softmax: NodeNamed<"SoftmaxInteger">;
  readonly values: NodeNamed<"AttentionValuesInteger">;
}

/** Integer attention: scores, maybe a constant bias, softmax, values and three requantisations. */
export const integerAttention: Fusion<"Requantize", AttentionMatch> = {
  name: "integer attention",
  at: "Requantize",
  applies: ({ fuse, parameters }) => fuse && !parameters,
  match(lowering, node) {
    const { x, multiplier, identity } = node.inputs;
    if (lowering.producer(x)?.op !== "AttentionValuesInteger") return undefined;
    expect(identity === undefined, "a residual is added");
    expect(node.attributes.to === "i8", `its results are ${node.attributes.to}`);
    expect(multiplier.shape[0] === 1, "channels have scales of their own");
    const values = lowering.only(x, "AttentionValuesInteger");
    const softmax = lowering.only(values.inputs.p, "SoftmaxInteger");
    const last = lowering.only(softmax.inputs.x, "Requantize");
    const second = last.inputs.identity === undefined ? undefined : last;
    if (second !== undefined) expectConstantBias(lowering, second);
    const first = second === undefined ? last : lowering.only(second.inputs.x, "Requantize");
    expect(first.inputs.identity === undefined, "two biases are added");
    const scores = lowering.only(first.inputs.x, "AttentionScoresInteger");
    expect(first.attributes.to === "i8", `the scores are ${first.attributes.to}`);
    expect(first.inputs.multiplier.shape[0] === 1, "scores have scales of their own");
    const zeroPoints = [node, first, second].some((stage) => stage?.inputs.zeroPoint !== undefined);
    expect(!zeroPoints, "there is a zero point");
    const nodes = [values, softmax, first, scores, ...second === undefined ? [] : [second]];
    return { nodes, scores, first, second, softmax, values };
  },
  emit(lowering, node, { scores, first, second, softmax, values }) {
    const value = requantization(lowering, node);
    const bias = second === undefined ? {} : biasOperands(lowering, second);
    lowering.emit(node.outputs.y, "attention_i8", {
      q: lowering.operand(scores.inputs.q),
      k: lowering.operand(scores.inputs.k),
      v: lowering.operand(values.inputs.v),
      ...requantization(lowering, first),
      ...bias,
      mask: lowering.optional(softmax.inputs.mask),
      [parameterName(softmax)]: lowering.operand(softmax.inputs.parameter),
      value_multiplier: value.multiplier,
      value_shift: value.shift,
      y: lowering.result(node.outputs.y),
    }, { heads: scores.attributes.heads, bits: softmax.attributes.bits === 8 ? 1 : 0 });
  },
};

/** The bias with its multiplier and shift. */
function biasArm({ inputs }: NodeNamed<"Requantize">): [Value, Value, Value] {
  return [inputs.identity!, inputs.identityMultiplier!, inputs.identityShift!];
}

/** The bias is rounded ahead of time, so it has to be known and the same for all images. */
function expectConstantBias(lowering: Lowering, second: NodeNamed<"Requantize">): void {
  const arm = biasArm(second);
  expect(arm.every((value) => lowering.isKnown(value)), "the bias is not constant");
  expect(arm[0].shape.length === 3, "the bias is not [heads, queries, keys]");
  expect(second.inputs.multiplier.shape[0] === 1, "biased scores have scales of their own");
}

function biasOperands(lowering: Lowering, second: NodeNamed<"Requantize">): Operands {
  const [codes, multiplier, shift] = biasArm(second).map((value) => lowering.elements(value));
  return {
    bias: lowering.literal(
      `arm ${second.outputs.y.id}`,
      () => requantizedArm(codes, multiplier.data[0] as number, shift.data[0] as number),
    ),
    multiplier2: lowering.operand(second.inputs.multiplier),
    shift2: lowering.operand(second.inputs.shift),
  };
}
