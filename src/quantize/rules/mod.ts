/**
 * A rule for each op of the float graph: one that is missing is a type error.
 *
 * @module
 */
import type { FloatOpName } from "../../graph/op_names.ts";
import { activationRule, geluRule } from "./activation.ts";
import { addRule } from "./add.ts";
import { attentionRagged } from "./attention_ragged.ts";
import { attentionScoresRule, attentionValuesRule } from "./attention.ts";
import { addPositionsRule } from "./embedding.ts";
import { layerNormalizationRule, linearRule } from "./layers.ts";
import { MOVE_RULES } from "./moves.ts";
import { identityRule, meanRowsRule, poolRowsRule } from "./pooling.ts";
import { noIntegers, takenUp } from "./rule.ts";
import type { IntegerRulesOf } from "./rule.ts";
import { softmaxRule } from "./softmax.ts";

/** What becomes of a node of each op. */
export const REWRITE_RULES: IntegerRulesOf<FloatOpName> = {
  ...MOVE_RULES,
  Activation: activationRule,
  Add: addRule,
  AddPositions: addPositionsRule,
  AttentionRagged: attentionRagged,
  AttentionScores: attentionScoresRule,
  AttentionValues: attentionValuesRule,
  ConcatRows: takenUp,
  Embedding: takenUp,
  Gelu: geluRule,
  Identity: identityRule,
  LayerNormalization: layerNormalizationRule,
  Linear: linearRule,
  MeanRows: meanRowsRule,
  PoolRows: poolRowsRule,
  RelativePositionBias: takenUp,
  Softmax: softmaxRule,
  // Of language models with attention, whose integers have an engine of their own.
  AttentionCached: noIntegers,
  Rotary: noIntegers,
  RotaryAngles: noIntegers,
  // Of MatMul-free models and Llamas with ternary weights, which have scales for each token at run time.
  BitLinear: noIntegers,
  FusedBitLinear: noIntegers,
  HgrnGate: noIntegers,
  HgrnScan: noIntegers,
  ReluSquaredGlu: noIntegers,
  RMSNormalization: noIntegers,
  ShortConv: noIntegers,
  SwiGlu: noIntegers,
  // Of networks that train.
  AveragePool: noIntegers,
  BatchNormalization: noIntegers,
  Conv: noIntegers,
  ConvTranspose: noIntegers,
  Detach: noIntegers,
  Div: noIntegers,
  Dropout: noIntegers,
  Expand: noIntegers,
  Less: noIntegers,
  LogSoftmax: noIntegers,
  MatMul: noIntegers,
  Max: noIntegers,
  MaxPool: noIntegers,
  MeanVarianceNormalization: noIntegers,
  Min: noIntegers,
  Mul: noIntegers,
  OneHot: noIntegers,
  PadColumns: noIntegers,
  ReduceMax: noIntegers,
  ReduceSum: noIntegers,
  Scan: noIntegers,
  Sub: noIntegers,
  Transpose: noIntegers,
  Unary: noIntegers,
  Where: noIntegers,
};
