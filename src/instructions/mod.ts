/**
 * The instruction set of a fewbit program. Opcodes are append-only.
 *
 * @module
 */
import type { InstructionSpec } from "./_define.ts";
import { quantizeLinear } from "./quantize_linear.ts";
import { linearI8 } from "./linear_i8.ts";
import { requantize } from "./requantize.ts";
import { layerNormI16 } from "./layer_norm_i16.ts";
import { shiftGelu } from "./shift_gelu.ts";
import { lookup } from "./lookup.ts";
import { patches } from "./patches.ts";
import { concatRows } from "./concat_rows.ts";
import { attentionScoresI8 } from "./attention_scores_i8.ts";
import { softmaxI8 } from "./softmax_i8.ts";
import { attentionValuesI8 } from "./attention_values_i8.ts";
import { attentionI8 } from "./attention_i8.ts";
import { gatherRows } from "./gather_rows.ts";
import { meanRows } from "./mean_rows.ts";
import { dequantizeLinear } from "./dequantize_linear.ts";
import { linearF32 } from "./linear_f32.ts";
import { layerNormF32 } from "./layer_norm_f32.ts";
import { softmaxF32 } from "./softmax_f32.ts";
import { geluF32 } from "./gelu_f32.ts";
import { addF32 } from "./add_f32.ts";
import { attentionF32 } from "./attention_f32.ts";
import { copy } from "./copy.ts";
import { accumulate } from "./accumulate.ts";
import { appendRows } from "./append_rows.ts";
import { rmsNormQuantizeI8 } from "./rms_norm_quantize_i8.ts";
import { linearTernary } from "./linear_ternary.ts";
import { hgrnScanF32 } from "./hgrn_scan_f32.ts";
import { hgrnGateF32 } from "./hgrn_gate_f32.ts";
import { swigluF32 } from "./swiglu_f32.ts";
import { embeddingF32 } from "./embedding_f32.ts";
import { shortConvF32 } from "./short_conv_f32.ts";
import { embeddingI8 } from "./embedding_i8.ts";
import { layerNormDualI16 } from "./layer_norm_dual_i16.ts";
import { linearI16 } from "./linear_i16.ts";
import { lookupI16 } from "./lookup_i16.ts";
import { attentionRaggedI8 } from "./attention_ragged_i8.ts";
import { poolRows } from "./pool_rows.ts";
import { attentionRaggedF32 } from "./attention_ragged_f32.ts";
import { addPositionsF32 } from "./add_positions_f32.ts";
import { embeddingI4 } from "./embedding_i4.ts";
import { rmsNormF32 } from "./rms_norm_f32.ts";

export * from "./_define.ts";
export * from "./codes.ts";

/** Every instruction, by ascending opcode. */
export const INSTRUCTIONS: readonly InstructionSpec[] = [
  quantizeLinear,
  linearI8,
  requantize,
  layerNormI16,
  shiftGelu,
  lookup,
  patches,
  concatRows,
  attentionScoresI8,
  softmaxI8,
  attentionValuesI8,
  attentionI8,
  gatherRows,
  meanRows,
  dequantizeLinear,
  linearF32,
  layerNormF32,
  softmaxF32,
  geluF32,
  addF32,
  attentionF32,
  copy,
  accumulate,
  appendRows,
  rmsNormQuantizeI8,
  linearTernary,
  hgrnScanF32,
  hgrnGateF32,
  swigluF32,
  embeddingF32,
  shortConvF32,
  embeddingI8,
  layerNormDualI16,
  linearI16,
  lookupI16,
  attentionRaggedI8,
  poolRows,
  attentionRaggedF32,
  addPositionsF32,
  embeddingI4,
  rmsNormF32,
];

const byName = new Map(INSTRUCTIONS.map((spec) => [spec.name, spec]));
const byOpcode = new Map(INSTRUCTIONS.map((spec) => [spec.opcode, spec]));

/** The instruction of that name. */
export function instructionNamed(name: string): InstructionSpec {
  const spec = byName.get(name);
  if (spec === undefined) throw new Error(`no instruction ${name}`);
  return spec;
}

/** The instruction with that opcode, if there is one. */
export function instructionOf(opcode: number): InstructionSpec | undefined {
  return byOpcode.get(opcode);
}
