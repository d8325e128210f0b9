/**
 * The cases of every instruction. A new instruction needs its row here and nothing else in this
 * suite.
 */
import type { Case } from "./_case.ts";
import * as attention from "./_cases_attention.ts";
import * as encoder from "./_cases_encoder.ts";
import * as float from "./_cases_float.ts";
import * as hgrn from "./_cases_hgrn.ts";
import * as integer from "./_cases_integer.ts";
import * as move from "./_cases_move.ts";
import * as ternary from "./_cases_ternary.ts";
import type { Random } from "./_random.ts";

/** Makes the cases of one instruction from random numbers. */
export type MakeCases = (random: Random) => Iterable<Case>;

/** Generators by the name of the instruction. */
export const CASES: Readonly<Record<string, MakeCases>> = {
  quantize_linear: integer.quantizeLinear,
  linear_i8: integer.linearI8,
  requantize: integer.requantize,
  layer_norm_i16: integer.layerNormI16,
  shift_gelu: integer.shiftGelu,
  lookup: integer.lookup,
  patches: move.patches,
  concat_rows: move.concatRows,
  attention_scores_i8: attention.attentionScoresI8,
  softmax_i8: attention.softmaxI8,
  attention_values_i8: attention.attentionValuesI8,
  attention_i8: attention.attentionI8,
  gather_rows: move.gatherRows,
  mean_rows: move.meanRows,
  dequantize_linear: integer.dequantizeLinear,
  linear_f32: float.linearF32,
  layer_norm_f32: float.layerNormF32,
  softmax_f32: float.softmaxF32,
  gelu_f32: float.geluF32,
  add_f32: float.addF32,
  attention_f32: float.attentionF32,
  copy: move.copy,
  accumulate: move.accumulate,
  append_rows: move.appendRows,
  rms_norm_quantize_i8: ternary.rmsNormQuantizeI8,
  linear_ternary: ternary.linearTernary,
  hgrn_scan_f32: hgrn.hgrnScanF32,
  hgrn_gate_f32: hgrn.hgrnGateF32,
  swiglu_f32: hgrn.swigluF32,
  embedding_f32: hgrn.embeddingF32,
  short_conv_f32: hgrn.shortConvF32,
  embedding_i8: encoder.embeddingI8,
  layer_norm_dual_i16: encoder.layerNormDualI16,
  linear_i16: encoder.linearI16,
  lookup_i16: encoder.lookupI16,
  attention_ragged_i8: encoder.attentionRaggedI8,
  pool_rows: encoder.poolRows,
  attention_ragged_f32: encoder.attentionRaggedF32,
  add_positions_f32: encoder.addPositionsF32,
  embedding_i4: encoder.embeddingI4,
  rms_norm_f32: hgrn.rmsNormF32,
};
