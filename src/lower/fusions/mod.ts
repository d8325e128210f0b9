/**
 * The patterns of nodes that become one instruction, longer ones first.
 *
 * @module
 */
import type { AnyFusion } from "../fusion.ts";
import { codesResidual } from "./codes_residual.ts";
import { dualNorm } from "./dual_norm.ts";
import { floatAttention } from "./float_attention.ts";
import { integerAttention } from "./integer_attention.ts";
import { integerResidual } from "./integer_residual.ts";
import { linearResidual } from "./linear_residual.ts";
import { normQuantize } from "./norm_quantize.ts";
import { requantizedSums } from "./requantized_sums.ts";
import { table } from "./table.ts";
import { ternaryResidual } from "./ternary_residual.ts";

/** All fusions, in the order in which they are looked for. */
export const FUSIONS: readonly AnyFusion[] = [
  integerAttention,
  integerResidual,
  dualNorm,
  requantizedSums,
  table,
  floatAttention,
  linearResidual,
  ternaryResidual,
  codesResidual,
  normQuantize,
];
