import { NORMALIZED, normScratch, normStatistics } from "./_layer_norm.ts";
import type { MakeDispatches, Operation, Stage } from "../wgsl/operation.ts";
import { requantized } from "./_requantized.ts";
import { elementwise } from "./_word_owner.ts";

/** I-ViT's LayerNorm with two requantised results. */
export const layerNormDualI16: MakeDispatches = (operation) => ({
  stages: [
    normStatistics(),
    result(operation, "y", ""),
    result(operation, "y2", "2"),
  ],
  scratchWords: normScratch(operation),
});

function result(operation: Operation, name: string, suffix: string): Stage {
  const code = requantized(
    operation,
    operation.dtype(name),
    "z_of(row, column)",
    "column",
    "",
    suffix,
  );
  return elementwise(
    operation,
    `${NORMALIZED}fn element(row: u32, column: u32) -> u32 { return u32(${code}); }`,
    name,
  );
}
