/** Ops of language models with attention to instructions. */
import { FewbitError } from "../../errors.ts";
import { isNode } from "../../graph/op_names.ts";
import type { OpName } from "../../graph/op_names.ts";
import { float32 } from "../constants.ts";
import type { RulesOf } from "../rule.ts";
import { appendToCaches } from "../sessions.ts";

/** Rules of rotary embeddings, and of attention with a cache. */
export const DECODER_RULES = {
  AttentionCached(
    lowering,
    { inputs, attributes: { kvHeads, scale, window = 0 }, outputs: { y } },
  ) {
    if (window > 0) {
      throw new FewbitError(
        "unsupported",
        "Cannot compile: attention in float32 has no window, only that of integers has",
      );
    }
    const caches = appendToCaches(lowering, inputs);
    lowering.emit(y, "attention_cached_f32", {
      q: lowering.operand(inputs.q),
      ...caches,
      scale: float32(lowering, scale),
      y: lowering.result(y),
    }, {
      kv_heads: kvHeads,
      group: (inputs.q.shape[1] as number) / (inputs.k.shape[1] as number),
    });
  },
  Embedding(lowering, { inputs: { table, index }, outputs: { y } }) {
    // A head with the same weights has them in panels: one copy is enough.
    const isShared = table.dtype === "f32" &&
      lowering.readers(table).some((node) =>
        isNode(node, "Linear") && node.inputs.weight === table
      );
    lowering.emit(y, "embedding_f32", {
      table: isShared ? lowering.weight(table, "panel_8") : lowering.operand(table),
      index: lowering.operand(index),
      y: lowering.result(y),
    });
  },
  Rotary(lowering, { inputs: { x, angles }, outputs: { y } }) {
    lowering.emit(y, "rotary_f32", {
      x: lowering.operand(x),
      angles: lowering.operand(angles),
      y: lowering.result(y),
    }, { pair: 2 });
  },
  RotaryAngles(lowering, { inputs: { frequency, offsets, past }, outputs: { y } }) {
    lowering.emit(y, "rotary_angles_f32", {
      frequency: lowering.operand(frequency),
      offsets: lowering.operand(offsets),
      past: lowering.operand(past),
      y: lowering.result(y),
    });
  },
} satisfies Partial<RulesOf<OpName>>;
