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
};
