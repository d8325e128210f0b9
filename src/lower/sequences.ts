/** Ops of ragged batches and of text encoders. */
import type { Node, Value } from "../graph/graph.ts";
import type { Index } from "../program/program.ts";
import { float32 } from "./_constants.ts";
import type { Lowering } from "./_lowering.ts";

/** Lowers an op on the sequences of a ragged batch, or a 12-bit table; returns whether the node is one. */
export function lowerSequences(lowering: Lowering, node: Node): boolean {
  const { op, inputs, attributes, output } = node;
  const operands = (): (Index | undefined)[] => inputs.map((input) => lowering.optional(input));
  switch (op) {
    case "AddPositions": {
      const [x, positions, offsets] = operands();
      const y = lowering.result(output);
      lowering.emit(output, "add_positions_f32", { x, positions, offsets, y });
      return true;
    }
    case "PoolRows": {
      const [x, offsets] = operands();
      const y = lowering.result(output);
      const pooling = attributes.pooling === "first" ? 1 : 0;
      lowering.emit(output, "pool_rows", { x, offsets, y }, { pooling });
      return true;
    }
    case "Lookup12": {
      const [x, table] = operands();
      lowering.emit(output, "lookup_i16", { x, table, y: lowering.result(output) });
      return true;
    }
    case "EmbeddingInteger": {
      const [
        table,
        multiplier,
        shift,
        positions,
        positionMultiplier,
        positionShift,
        index,
        offsets,
        factors,
      ] = operands();
      const packed = factors !== undefined;
      lowering.emit(output, packed ? "embedding_i4" : "embedding_i8", {
        table,
        ...(packed && { factors }),
        multiplier,
        shift,
        positions,
        position_multiplier: positionMultiplier,
        position_shift: positionShift,
        index,
        offsets,
        y: lowering.result(output),
      }, packed ? { group: attributes.group as number, codes: 2 } : {});
      return true;
    }
    case "AttentionRagged":
      lowering.emit(output, "attention_ragged_f32", {
        ...attention(lowering, inputs, output),
        scale: float32(lowering, attributes.scale as number),
      }, { heads: attributes.heads as number, precision: lowering.options.fast ? 1 : 0 });
      return true;
    case "AttentionRaggedInteger": {
      const [multiplier, shift, exponentials, valueMultiplier, valueShift] = operands().slice(4);
      lowering.emit(output, "attention_ragged_i8", {
        ...attention(lowering, inputs, output),
        multiplier,
        shift,
        exponentials,
        value_multiplier: valueMultiplier,
        value_shift: valueShift,
      }, { heads: attributes.heads as number });
      return true;
    }
    default:
      return false;
  }
}

/** q, k, v and y as `[1, T, C]`, and the offsets. */
function attention(
  lowering: Lowering,
  [q, k, v, offsets]: readonly (Value | undefined)[],
  output: Value,
): Record<string, Index> {
  const planes = (value: Value): Index => lowering.shaped(value, [1, ...value.shape]);
  return {
    q: planes(q!),
    k: planes(k!),
    v: planes(v!),
    offsets: lowering.operand(offsets!),
    y: lowering.result(output, [1, ...output.shape]),
  };
}
