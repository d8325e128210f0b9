import { NORMALIZED, normScratch, normStatistics } from "./_layer_norm.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { sumOrCode } from "./_requantized.ts";
import { elementwise } from "./_word_owner.ts";

/** I-ViT's LayerNorm. */
export const layerNormI16: MakeDispatches = (operation) => ({
  stages: [
    normStatistics(),
    elementwise(
      operation,
      `${NORMALIZED}fn element(row: u32, column: u32) -> u32 {
  return u32(${sumOrCode(operation, "z_of(row, column)", "column")});
}`,
    ),
  ],
  scratchWords: normScratch(operation),
});
