/**
 * What of ONNX's node tests fewbit does not do, and why. The test fails where something here passes,
 * and where something that is not here fails.
 */

/** Tests of ops that fewbit has, by the reason for which they do not pass. */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  "float8, float4 and 2-bit codes are outside what fewbit wants to be": [
    "test_dequantizelinear_e4m3fn",
    "test_dequantizelinear_e4m3fn_float16",
    "test_dequantizelinear_e4m3fn_zero_point",
    "test_dequantizelinear_e5m2",
    "test_dequantizelinear_float4e2m1",
    "test_dequantizelinear_int2",
    "test_dequantizelinear_uint2",
    "test_quantizelinear_e4m3fn",
    "test_quantizelinear_e5m2",
    "test_quantizelinear_float4e2m1",
    "test_quantizelinear_int2",
    "test_quantizelinear_uint2",
  ],
  "4-bit codes do not exist yet: neither as a type of tensors, nor in the reader of ONNX": [
    "test_dequantizelinear_int4",
    "test_dequantizelinear_uint4",
    "test_quantizelinear_int4",
    "test_quantizelinear_uint4",
  ],
  "codes of 16 bits are signed": [
    "test_dequantizelinear_uint16",
    "test_quantizelinear_uint16",
  ],
  "no instruction reduces a tensor to its range: scales are static so far": [
    "test_dynamicquantizelinear",
    "test_dynamicquantizelinear_max_adjusted",
    "test_dynamicquantizelinear_min_adjusted",
  ],
  "Gelu is the exact one (erf); there is no tanh": [
    "test_gelu_tanh_1",
    "test_gelu_tanh_2",
  ],
  "scores are not softcapped: there is no tanh": [
    "test_attention_3d_diff_heads_sizes_softcap",
    "test_attention_3d_gqa_softcap",
    "test_attention_3d_softcap",
    "test_attention_3d_with_past_and_present_qk_matmul_softcap",
    "test_attention_4d_diff_heads_sizes_softcap",
    "test_attention_4d_gqa_softcap",
    "test_attention_4d_softcap",
    "test_attention_4d_softcap_neginf_mask",
    "test_attention_4d_softcap_neginf_mask_poison",
    "test_attention_4d_with_qk_matmul_softcap",
  ],
  "float32 attention is one instruction: its scores are never in memory": [
    "test_attention_23_fullymasked_qk_matmul_output_mode3_zero",
    "test_attention_24_fullymasked_qk_matmul_output_mode3_zero",
    "test_attention_3d_with_past_and_present_qk_matmul",
    "test_attention_3d_with_past_and_present_qk_matmul_bias",
    "test_attention_3d_with_past_and_present_qk_matmul_softmax",
    "test_attention_4d_with_past_and_present_qk_matmul",
    "test_attention_4d_with_past_and_present_qk_matmul_bias",
    "test_attention_4d_with_past_and_present_qk_matmul_bias_3d_mask",
    "test_attention_4d_with_past_and_present_qk_matmul_bias_3d_mask_causal",
    "test_attention_4d_with_past_and_present_qk_matmul_bias_4d_mask",
    "test_attention_4d_with_past_and_present_qk_matmul_bias_4d_mask_causal",
    "test_attention_4d_with_qk_matmul",
    "test_attention_4d_with_qk_matmul_bias",
    "test_attention_4d_with_qk_matmul_softmax",
  ],
  "float16 activations do not exist yet": [
    "test_attention_24_qk_matmul_output_mode3_softmax_precision",
    "test_attention_4d_fp16",
    "test_attention_4d_gqa_causal_nonpad_decode_fp16",
    "test_attention_4d_gqa_with_past_and_present_fp16",
  ],
};

/** Name of a test → why it does not pass. */
export const UNSUPPORTED: ReadonlyMap<string, string> = new Map(
  Object.entries(REASONS).flatMap(([reason, names]) => names.map((name) => [name, reason])),
);

/**
 * Ops of which only the first output exists; the tests compare that one. ONNX calls the others
 * optional: they are what a backward pass needs.
 */
export const FIRST_OUTPUT_ONLY: ReadonlyMap<string, string> = new Map([
  ["LayerNormalization", "Mean and InvStdDev never leave the instruction"],
]);

/** Ops of ONNX that have no counterpart in the graph. */
export const OTHER_OPS: ReadonlySet<string> = new Set([
  "Adam",
  "And",
  "ArgMax",
  "Atanh",
  "AveragePool",
  "BatchNormalization",
  "BitCast",
  "BitwiseAnd",
  "BitwiseOr",
  "BitwiseXor",
  "Cast",
  "CastLike",
  "CausalConvWithState",
  "Clip",
  "ConvTranspose",
  "CumSum",
  "DeformConv",
  "Div",
  "Dropout",
  "Einsum",
  "Equal",
  "Erf",
  "Exp",
  "FlexAttention",
  "GatherElements",
  "GatherND",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "Greater",
  "GreaterOrEqual",
  "GroupNormalization",
  "HardSigmoid",
  "HardSwish",
  "LeakyRelu",
  "Less",
  "LessOrEqual",
  "LinearAttention",
  "LogSoftmax",
  "MaxPool",
  "Mod",
  "Momentum",
  "Mul",
  "NegativeLogLikelihoodLoss",
  "Or",
  "PRelu",
  "Pow",
  "RMSNormalization",
  "ReduceLogSumExp",
  "Relu",
  "Resize",
  "RotaryEmbedding",
  "Shape",
  "Sigmoid",
  "SoftmaxCrossEntropyLoss",
  "Sqrt",
  "StringConcat",
  "Sub",
  "Swish",
  "Tanh",
  "ThresholdedRelu",
  "Xor",
]);
