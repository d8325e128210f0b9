/** Operands of integer instructions, for ops alone and for fusions. */
import type { NodeNamed } from "../graph/op_names.ts";
import { requantize } from "../numeric/requantize.ts";
import type { Index } from "../program/program.ts";
import type { Tensor } from "../tensor.ts";
import type { Lowering } from "./lowering.ts";

/** Operands of an instruction by name. */
export type Operands = Record<string, Index | undefined>;

/** An instruction that is not added yet. */
export interface Instruction {
  readonly name: string;
  readonly operands: Operands;
  readonly attributes: Readonly<Record<string, number>>;
}

/** Ops whose results are 32-bit sums, which a requantisation can take up. */
export const ACCUMULATORS = [
  "LinearInteger",
  "LayerNormInteger",
  "ShiftGelu",
  "AttentionScoresInteger",
  "AttentionValuesInteger",
] as const;

/** A node that makes 32-bit sums. */
export type Accumulator = NodeNamed<typeof ACCUMULATORS[number]>;

/** Instruction, operands without y and attributes of an op that makes 32-bit sums. */
export function accumulator(lowering: Lowering, node: Accumulator): Instruction {
  switch (node.op) {
    case "LinearInteger": {
      const { inputs: { x, weight, bias }, attributes: { weightBits } } = node;
      const operands = {
        x: lowering.operand(x),
        weight: lowering.weight(weight, weightBits === 7 ? "panel_8x4_u7" : "panel_8x4"),
        bias: lowering.optional(bias),
      };
      return { name: x.dtype === "i16" ? "linear_i16" : "linear_i8", operands, attributes: {} };
    }
    case "LayerNormInteger": {
      const { x, bias } = node.inputs;
      const operands = { x: lowering.operand(x), bias: lowering.operand(bias) };
      return { name: "layer_norm_i16", operands, attributes: {} };
    }
    case "ShiftGelu": {
      const { x, x0 } = node.inputs;
      const operands = { x: lowering.operand(x), x0: lowering.operand(x0) };
      return { name: "shift_gelu", operands, attributes: {} };
    }
    case "AttentionScoresInteger": {
      const { inputs: { q, k }, attributes: { heads } } = node;
      const operands = { q: lowering.operand(q), k: lowering.operand(k) };
      return { name: "attention_scores_i8", operands, attributes: { heads } };
    }
    case "AttentionValuesInteger": {
      const { p, v } = node.inputs;
      const operands = { p: lowering.operand(p), v: lowering.operand(v) };
      const heads = p.shape[1] as number;
      return { name: "attention_values_i8", operands, attributes: { heads } };
    }
  }
}

/** Multiplier, shift and zero point of a requantisation. */
export function requantization(
  lowering: Lowering,
  { inputs: { multiplier, shift, zeroPoint } }: NodeNamed<"Requantize">,
): Operands {
  return {
    multiplier: lowering.operand(multiplier),
    shift: lowering.operand(shift),
    ...(zeroPoint && { zero_point: lowering.operand(zeroPoint) }),
  };
}

/** The operand that says which exponential a softmax has. */
export function parameterName({ attributes }: NodeNamed<"SoftmaxInteger">): "exponentials" | "x0" {
  return attributes.mode === "table" ? "exponentials" : "x0";
}

/** The second arm of a requantisation, rounded ahead of time. */
export function requantizedArm(codes: Tensor, multiplier: number, shift: number): Tensor {
  return {
    dtype: "i32",
    shape: codes.shape,
    data: Int32Array.from(
      codes.data as Int8Array,
      (code) => Number(requantize(code, multiplier, shift)),
    ),
  };
}
