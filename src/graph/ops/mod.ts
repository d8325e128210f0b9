/**
 * The ops of the graph, one file each.
 *
 * @module
 */
export { activation } from "./activation.ts";
export { add } from "./add.ts";
export { addPositions } from "./add_positions.ts";
export { attentionRagged } from "./attention_ragged.ts";
export { attentionRaggedInteger } from "./attention_ragged_integer.ts";
export { attentionScores } from "./attention_scores.ts";
export { attentionScoresInteger } from "./attention_scores_integer.ts";
export { attentionValues } from "./attention_values.ts";
export { attentionValuesInteger } from "./attention_values_integer.ts";
export { bitLinear } from "./bit_linear.ts";
export { concatRows } from "./concat_rows.ts";
export { dequantizeLinear } from "./dequantize_linear.ts";
export { embedding } from "./embedding.ts";
export { fusedBitLinear } from "./fused_bit_linear.ts";
export { embeddingInteger } from "./embedding_integer.ts";
export { gatherRows } from "./gather_rows.ts";
export { gelu } from "./gelu.ts";
export { hgrnGate } from "./hgrn_gate.ts";
export { hgrnScan } from "./hgrn_scan.ts";
export { identity } from "./identity.ts";
export { layerNormInteger } from "./layer_norm_integer.ts";
export { layerNormalization } from "./layer_normalization.ts";
export { linear } from "./linear.ts";
export { linearInteger } from "./linear_integer.ts";
export { lookup } from "./lookup.ts";
export { lookup12 } from "./lookup_12.ts";
export { meanRows } from "./mean_rows.ts";
export { patches } from "./patches.ts";
export { poolRows } from "./pool_rows.ts";
export { quantizeLinear } from "./quantize_linear.ts";
export { relativePositionBias } from "./relative_position_bias.ts";
export { requantize } from "./requantize.ts";
export { reshape } from "./reshape.ts";
export { rmsNormalization } from "./rms_normalization.ts";
export { selectRow } from "./select_row.ts";
export { shiftGelu } from "./shift_gelu.ts";
export { shortConv } from "./short_conv.ts";
export { sliceColumns } from "./slice_columns.ts";
export { softmax } from "./softmax.ts";
export { softmaxInteger } from "./softmax_integer.ts";
export { swiglu } from "./swiglu.ts";
