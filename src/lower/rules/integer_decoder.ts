/** Ops of integer language models to instructions. */
import type { OpName } from "../../graph/op_names.ts";
import { GROUPS } from "../../graph/ops/linear_shifted.ts";
import type { RulesOf } from "../rule.ts";
import { appendToCaches } from "../sessions.ts";

/** Rules of the layers of integer language models. */
export const INTEGER_DECODER_RULES = {
  AttentionCachedInteger(lowering, { inputs, attributes: { kvHeads, window }, outputs: { y } }) {
    const caches = appendToCaches(lowering, inputs);
    lowering.emit(y, "attention_cached_i8", {
      q: lowering.operand(inputs.q),
      ...caches,
      prefix: lowering.optional(inputs.prefix),
      q_pinned: lowering.optional(inputs.qPinned),
      key_zero: lowering.optional(inputs.keyZero),
      exponentials: lowering.operand(inputs.exponentials),
      rate: lowering.operand(inputs.rate),
      value_zero: lowering.operand(inputs.valueZero),
      multiplier: lowering.operand(inputs.multiplier),
      shift: lowering.operand(inputs.shift),
      zero_point: lowering.operand(inputs.zeroPoint),
      y: lowering.result(y),
    }, {
      kv_heads: kvHeads,
      group: (inputs.q.shape[1] as number) / (inputs.k.shape[1] as number),
      window,
    });
  },
  SampleInteger(lowering, { inputs, outputs: { y } }) {
    lowering.emit(y, "sample_i32", {
      logits: lowering.operand(inputs.logits),
      octave: lowering.operand(inputs.octave),
      rate: lowering.operand(inputs.rate),
      top_k: lowering.operand(inputs.topK),
      top_p: lowering.operand(inputs.topP),
      min_p: lowering.operand(inputs.minP),
      random: lowering.operand(inputs.random),
      mask: lowering.optional(inputs.mask),
      y: lowering.result(y),
    });
  },
  HadamardInteger(lowering, { inputs: { x, shift, signs }, attributes, outputs: { y } }) {
    lowering.emit(y, "hadamard_i32", {
      x: lowering.operand(x),
      shift: lowering.operand(shift),
      signs: lowering.operand(signs),
      y: lowering.result(y),
    }, { paley: Number(attributes.paley ?? false) });
  },
  LinearShifted(lowering, { inputs, attributes: { bits, group = 64 }, outputs: { y } }) {
    const { x, weight, zero, factor } = inputs;
    const operands = {
      x: lowering.operand(x),
      bias: lowering.optional(inputs.bias),
      multiplier: lowering.operand(inputs.multiplier),
      shift: lowering.operand(inputs.shift),
      zero_point: lowering.optional(inputs.zeroPoint),
      identity: lowering.optional(inputs.identity),
      limit: lowering.optional(inputs.limit),
    };
    if (zero === undefined) {
      return lowering.emit(y, "linear_w8", {
        ...operands,
        weight: lowering.weight(weight, "panel_8x4"),
        y: lowering.result(y),
      }, { bits });
    }
    lowering.emit(y, "linear_w4", {
      ...operands,
      weight: lowering.weight(weight, "panel_8x16_u4"),
      zero: lowering.weight(zero, "panel_8_u8"),
      factor: factor && lowering.weight(factor, "panel_8_u8"),
      y: lowering.result(y),
    }, { bits, group: GROUPS.indexOf(group) });
  },
  ResidualEmbedding(lowering, { inputs, attributes, outputs: { y } }) {
    lowering.emit(y, "embedding_i32", {
      table: lowering.weight(inputs.table, "panel_8x4"),
      index: lowering.operand(inputs.index),
      multiplier: lowering.operand(inputs.multiplier),
      shift: lowering.operand(inputs.shift),
      limit: lowering.operand(inputs.limit),
      signs: lowering.optional(inputs.signs),
      y: lowering.result(y),
    }, { paley: Number(attributes.paley ?? false) });
  },
  RmsNormInteger(lowering, { inputs, attributes: { bits }, outputs: { y } }) {
    lowering.emit(y, "rms_norm_i32", {
      x: lowering.operand(inputs.x),
      epsilon: lowering.operand(inputs.epsilon),
      gain: lowering.operand(inputs.gain),
      shift: lowering.operand(inputs.shift),
      zero_point: lowering.operand(inputs.zeroPoint),
      y: lowering.result(y),
    }, { bits });
  },
  RotaryAnglesInteger(lowering, { inputs, attributes: { last }, outputs: { y } }) {
    lowering.emit(y, "rotary_angles_i16", {
      frequency: lowering.operand(inputs.frequency),
      turn: lowering.operand(inputs.turn),
      offsets: lowering.operand(inputs.offsets),
      past: lowering.operand(inputs.past),
      y: lowering.result(y),
    }, { last });
  },
  RotaryInteger(lowering, { inputs: { x, angles, zeroPoint }, outputs: { y } }) {
    lowering.emit(y, "rotary_i16", {
      x: lowering.operand(x),
      angles: lowering.operand(angles),
      zero_point: lowering.optional(zeroPoint),
      y: lowering.result(y),
    }, { pair: 2 });
  },
  SwiGluInteger(lowering, { inputs, outputs: { y } }) {
    lowering.emit(y, "swiglu_i16", {
      gate: lowering.operand(inputs.gate),
      up: lowering.operand(inputs.up),
      table: lowering.operand(inputs.table),
      shift: lowering.operand(inputs.shift),
      zero_point: lowering.operand(inputs.zeroPoint),
      y: lowering.result(y),
    });
  },
} satisfies Partial<RulesOf<OpName>>;
