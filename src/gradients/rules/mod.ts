/**
 * A rule for each op that differentiation may meet: one that is missing is a type error.
 *
 * @module
 */
import type { DifferentiableOpName } from "../../graph/op_names.ts";
import type { GradientRulesOf } from "../rule.ts";
import { activationGradient } from "./activation.ts";
import { addGradient } from "./add.ts";
import { attentionScoresGradient, attentionValuesGradient } from "./attention.ts";
import { bitLinearGradient } from "./bit_linear.ts";
import { convGradient, convTransposeGradient, convWeightGradientGradient } from "./convolution.ts";
import { divGradient } from "./div.ts";
import { dropoutGradient } from "./dropout.ts";
import { embeddingRule } from "./embedding.ts";
import { maxGradient, minGradient, reduceMaxGradient } from "./extremes.ts";
import { geluGradient } from "./gelu.ts";
import { linearGradient } from "./linear.ts";
import { lowerBoundsGradient } from "./lower_bounds.ts";
import { matMulGradient } from "./mat_mul.ts";
import { mulGradient } from "./mul.ts";
import { cannotDifferentiate, noGradient } from "./none.ts";
import {
  batchNormalizationGradient,
  layerNormalizationGradient,
  meanVarianceRule,
  normalizeBatchRule,
  rmsNormalizationGradient,
} from "./norms.ts";
import { averagePoolGradientRule, averagePoolRule, maxPoolRule } from "./pooling.ts";
import { rotaryGradient } from "./rotary.ts";
import { scanGradient } from "./scan.ts";
import { logSoftmaxGradient, softmaxGradient } from "./softmax.ts";
import { straightThroughGradient } from "./straight_through.ts";
import { subGradient } from "./sub.ts";
import { expandGradient, meanRowsGradient, reduceSumGradient } from "./sums.ts";
import { swigluGradient } from "./swiglu.ts";
import { unaryRule } from "./unary.ts";
import {
  castGradient,
  concatRowsGradient,
  identityGradient,
  padColumnsGradient,
  reshapeGradient,
  selectRowGradient,
  sliceColumnsGradient,
  transposeGradient,
} from "./views.ts";
import { whereGradient } from "./where.ts";

/** What the gradients of a node of each op are. */
export const GRADIENT_RULES: GradientRulesOf<DifferentiableOpName> = {
  Activation: activationGradient,
  Add: addGradient,
  AttentionScores: attentionScoresGradient,
  AttentionValues: attentionValuesGradient,
  AveragePool: averagePoolRule,
  AveragePoolGradient: averagePoolGradientRule,
  ConcatRows: concatRowsGradient,
  BatchNormalization: batchNormalizationGradient,
  Cast: castGradient,
  Conv: convGradient,
  ConvTranspose: convTransposeGradient,
  ConvWeightGradient: convWeightGradientGradient,
  Div: divGradient,
  Dropout: dropoutGradient,
  Embedding: embeddingRule,
  Expand: expandGradient,
  FusedBitLinear: bitLinearGradient,
  Gelu: geluGradient,
  Identity: identityGradient,
  LayerNormalization: layerNormalizationGradient,
  Linear: linearGradient,
  LogSoftmax: logSoftmaxGradient,
  LowerBounds: lowerBoundsGradient,
  MatMul: matMulGradient,
  Max: maxGradient,
  MaxPool: maxPoolRule,
  MeanRows: meanRowsGradient,
  MeanVarianceNormalization: meanVarianceRule,
  Min: minGradient,
  Mul: mulGradient,
  NormalizeBatch: normalizeBatchRule,
  PadColumns: padColumnsGradient,
  ReduceMax: reduceMaxGradient,
  ReduceSum: reduceSumGradient,
  Reshape: reshapeGradient,
  RMSNormalization: rmsNormalizationGradient,
  Rotary: rotaryGradient,
  Scan: scanGradient,
  SelectRow: selectRowGradient,
  SliceColumns: sliceColumnsGradient,
  Softmax: softmaxGradient,
  StraightThrough: straightThroughGradient,
  Sub: subGradient,
  SwiGlu: swigluGradient,
  Transpose: transposeGradient,
  Unary: unaryRule,
  Where: whereGradient,
  // Constants to differentiation: what was cut off, choices, what has no slope.
  AllFinite: noGradient,
  Masked: cannotDifferentiate,
  MaxPoolPlaces: noGradient,
  MaxPoolScatter: cannotDifferentiate,
  SignBits: noGradient,
  BatchMoments: noGradient,
  Detach: noGradient,
  Less: noGradient,
  OneHot: noGradient,
  QuantizeRowsAway: noGradient,
  RotaryAngles: noGradient,
  Ternarize: noGradient,
  // Second derivatives of these are not done.
  EmbeddingGradient: cannotDifferentiate,
  MaxPoolGradient: cannotDifferentiate,
  MeanVarianceGradient: cannotDifferentiate,
  NormalizeBatchGradient: cannotDifferentiate,
  UnaryGradient: cannotDifferentiate,
  // Of networks that are not trained here yet.
  AddPositions: cannotDifferentiate,
  AttentionCached: cannotDifferentiate,
  AttentionRagged: cannotDifferentiate,
  BitLinear: cannotDifferentiate,
  GatherRows: cannotDifferentiate,
  HgrnGate: cannotDifferentiate,
  HgrnScan: cannotDifferentiate,
  Patches: cannotDifferentiate,
  PoolRows: cannotDifferentiate,
  RelativePositionBias: cannotDifferentiate,
  ReluSquaredGlu: cannotDifferentiate,
  ShortConv: cannotDifferentiate,
  // What updates a parameter is no part of a loss.
  Accumulate: cannotDifferentiate,
  Adagrad: cannotDifferentiate,
  Adam: cannotDifferentiate,
  Assign: cannotDifferentiate,
  Lion: cannotDifferentiate,
  Rmsprop: cannotDifferentiate,
  Sgd: cannotDifferentiate,
};
