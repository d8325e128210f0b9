/** The function of every instruction, by its name. */
import { accumulate } from "./accumulate.ts";
import { addF32 } from "./add_f32.ts";
import { appendRows } from "./append_rows.ts";
import { attentionF32 } from "./attention_f32.ts";
import { attentionI8 } from "./attention_i8.ts";
import { attentionScoresI8 } from "./attention_scores_i8.ts";
import { attentionValuesI8 } from "./attention_values_i8.ts";
import { concatRows } from "./concat_rows.ts";
import { copy } from "./copy.ts";
import { dequantizeLinear } from "./dequantize_linear.ts";
import { gatherRows } from "./gather_rows.ts";
import { geluF32 } from "./gelu_f32.ts";
import { layerNormF32 } from "./layer_norm_f32.ts";
import { layerNormI16 } from "./layer_norm_i16.ts";
import { linearF32 } from "./linear_f32.ts";
import { linearI8 } from "./linear_i8.ts";
import { lookup } from "./lookup.ts";
import { meanRows } from "./mean_rows.ts";
import { patches } from "./patches.ts";
import { quantizeLinear } from "./quantize_linear.ts";
import { requantize } from "./requantize.ts";
import { shiftGelu } from "./shift_gelu.ts";
import { softmaxF32 } from "./softmax_f32.ts";
import { softmaxI8 } from "./softmax_i8.ts";
import { embeddingF32 } from "./embedding_f32.ts";
import { hgrnGateF32 } from "./hgrn_gate_f32.ts";
import { hgrnScanF32 } from "./hgrn_scan_f32.ts";
import { linearTernary } from "./linear_ternary.ts";
import { rmsNormF32 } from "./rms_norm_f32.ts";
import { rmsNormQuantizeI8 } from "./rms_norm_quantize_i8.ts";
import { shortConvF32 } from "./short_conv_f32.ts";
import { swigluF32 } from "./swiglu_f32.ts";
import { embeddingI8 } from "./embedding_i8.ts";
import { layerNormDualI16 } from "./layer_norm_dual_i16.ts";
import { linearI16 } from "./linear_i16.ts";
import { lookupI16 } from "./lookup_i16.ts";
import { attentionRaggedI8 } from "./attention_ragged_i8.ts";
import { poolRows } from "./pool_rows.ts";
import { attentionRaggedF32 } from "./attention_ragged_f32.ts";
import { addPositionsF32 } from "./add_positions_f32.ts";
import { embeddingI4 } from "./embedding_i4.ts";
import type { Operands } from "./_operands.ts";

/** What each instruction does. */
export const MEANINGS: Readonly<Record<string, (op: Operands) => void>> = {
  accumulate,
  add_f32: addF32,
  append_rows: appendRows,
  attention_f32: attentionF32,
  attention_i8: attentionI8,
  attention_scores_i8: attentionScoresI8,
  attention_values_i8: attentionValuesI8,
  concat_rows: concatRows,
  copy,
  dequantize_linear: dequantizeLinear,
  gather_rows: gatherRows,
  gelu_f32: geluF32,
  layer_norm_f32: layerNormF32,
  layer_norm_i16: layerNormI16,
  linear_f32: linearF32,
  linear_i8: linearI8,
  lookup,
  mean_rows: meanRows,
  patches,
  quantize_linear: quantizeLinear,
  requantize,
  shift_gelu: shiftGelu,
  softmax_f32: softmaxF32,
  softmax_i8: softmaxI8,
  swiglu_f32: swigluF32,
  short_conv_f32: shortConvF32,
  rms_norm_f32: rmsNormF32,
  rms_norm_quantize_i8: rmsNormQuantizeI8,
  linear_ternary: linearTernary,
  hgrn_scan_f32: hgrnScanF32,
  hgrn_gate_f32: hgrnGateF32,
  embedding_f32: embeddingF32,
  embedding_i8: embeddingI8,
  layer_norm_dual_i16: layerNormDualI16,
  linear_i16: linearI16,
  lookup_i16: lookupI16,
  attention_ragged_i8: attentionRaggedI8,
  pool_rows: poolRows,
  attention_ragged_f32: attentionRaggedF32,
  add_positions_f32: addPositionsF32,
  embedding_i4: embeddingI4,
};
