/** Ops of ragged batches and of text encoders. */
import type { OpName } from "../../graph/op_names.ts";
import type { Value } from "../../graph/graph.ts";
import type { Index } from "../../program/program.ts";
import { float32 } from "../constants.ts";
import type { Lowering } from "../lowering.ts";
import type { RulesOf } from "../rule.ts";

/** Rules of ops on the sequences of a ragged batch, and of 12-bit tables. */
export const SEQUENCE_RULES = {
  AddPositions(lowering, { inputs, outputs: { y } }) {
    lowering.emit(y, "add_positions_f32", {
      x: lowering.operand(inputs.x),
      positions: lowering.operand(inputs.positions),
      offsets: lowering.operand(inputs.offsets),
      y: lowering.result(y),
    });
  },
  AttentionRagged(lowering, { inputs, attributes: { heads, scale }, outputs: { y } }) {
    lowering.emit(y, "attention_ragged_f32", {
      ...attention(lowering, inputs, y),
      scale: float32(lowering, scale),
    }, { heads, precision: lowering.options.fast ? 1 : 0 });
  },
  AttentionRaggedInteger(lowering, { inputs, attributes: { heads }, outputs: { y } }) {
    const constants = {
      multiplier: lowering.operand(inputs.multiplier),
      shift: lowering.operand(inputs.shift),
      exponentials: lowering.operand(inputs.exponentials),
      value_multiplier: lowering.operand(inputs.valueMultiplier),
      value_shift: lowering.operand(inputs.valueShift),
    };
    const operands = attention(lowering, inputs, y);
    lowering.emit(y, "attention_ragged_i8", { ...operands, ...constants }, { heads });
  },
  EmbeddingInteger(lowering, { inputs, attributes: { group }, outputs: { y } }) {
    const common = {
      table: lowering.operand(inputs.table),
      multiplier: lowering.operand(inputs.multiplier),
      shift: lowering.operand(inputs.shift),
      positions: lowering.operand(inputs.positions),
      position_multiplier: lowering.operand(inputs.positionMultiplier),
      position_shift: lowering.operand(inputs.positionShift),
      index: lowering.operand(inputs.ids),
      offsets: lowering.operand(inputs.offsets),
    };
    const factors = lowering.optional(inputs.factors);
    const operands = {
      ...common,
      ...(factors !== undefined && { factors }),
      y: lowering.result(y),
    };
    if (factors === undefined) lowering.emit(y, "embedding_i8", operands);
    else lowering.emit(y, "embedding_i4", operands, { group: group!, codes: 2 });
  },
  Lookup12(lowering, { inputs: { x, table }, outputs: { y } }) {
    lowering.emit(y, "lookup_i16", {
      x: lowering.operand(x),
      table: lowering.operand(table),
      y: lowering.result(y),
    });
  },
  PoolRows(lowering, { inputs: { x, offsets }, attributes, outputs: { y } }) {
    const pooling = attributes.pooling === "first" ? 1 : 0;
    lowering.emit(y, "pool_rows", {
      x: lowering.operand(x),
      offsets: lowering.operand(offsets),
      y: lowering.result(y),
    }, { pooling });
  },
} satisfies Partial<RulesOf<OpName>>;

/** q, k, v and y as `[1, T, C]`, and the offsets. */
function attention(
  lowering: Lowering,
  { q, k, v, offsets }: { readonly [name in "q" | "k" | "v" | "offsets"]: Value },
  y: Value,
): Record<string, Index> {
  const planes = (value: Value): Index => lowering.shaped(value, [1, ...value.shape]);
  return {
    q: planes(q),
    k: planes(k),
    v: planes(v),
    offsets: lowering.operand(offsets),
    y: lowering.result(y, [1, ...y.shape]),
  };
}
