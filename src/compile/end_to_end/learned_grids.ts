/** From what was learned to grids: all of it constants that the engine has anyway. */
import { roundHalfEven } from "../../numeric/half_even.ts";
import type { LlamaConfig } from "../../models/llama_config.ts";
import type { DecoderGrid, DecoderGrids } from "../../quantize/decoder_grids.ts";
import { LEARNED_STEP } from "../../quantize/decoder_grids.ts";
import { BLOCK_LINEARS } from "../../training/quantization/llama_block.ts";
import { LEARNED_SITES, READS } from "./_student_block.ts";
import { MODULES } from "./_student_constants.ts";
import type { StudentConstants } from "./_student_constants.ts";
import type { Trainables } from "./_trainables.ts";

/**
 * The grids of a student. Factors are rounded to what files keep of them, biases to the grid of the sums that they are
 * added to.
 */
export function learnedGrids(
  { depth }: LlamaConfig,
  grids: DecoderGrids,
  { layers }: StudentConstants,
  learned: Trainables,
): DecoderGrids {
  const own = new Map<string, DecoderGrid>(grids.grids);
  const [rowFactors, gains] = [new Map(grids.rowFactors), new Map(grids.gains)];
  const biases = new Map(grids.biases);
  const kept = (factors: Float32Array, before: Float32Array | undefined): Float32Array =>
    factors.map((factor, i) =>
      roundHalfEven(factor * (before?.[i] ?? 1) / LEARNED_STEP) * LEARNED_STEP
    );
  for (let layer = 0; layer < depth; layer++) {
    const at = `layers.${layer}`;
    for (const site of LEARNED_SITES) {
      const grid = own.get(`${at}.${site}`)!;
      const scales = Float32Array.of(Math.exp(learned.of(`${at}.scale.${site}`)[0]));
      own.set(`${at}.${site}`, { ...grid, scales });
    }
    for (const norm of ["norm1", "norm2"] as const) {
      const site = `${at}.${norm}`;
      gains.set(site, kept(learned.of(`${at}.gain.${norm}`), grids.gains?.get(site)));
    }
    for (const name of BLOCK_LINEARS) {
      const module = `${at}.${MODULES[name]}`;
      const factors = learned.of(`${at}.row.${name}`);
      rowFactors.set(module, kept(factors, grids.rowFactors?.get(module)));
      const unit = layers[layer].inputs[`unit.${name}`];
      const [scale] = own.get(`${at}.${READS[name]}`)!.scales;
      biases.set(
        module,
        Int32Array.from(
          learned.of(`${at}.bias.${name}`),
          (bias, i) => roundHalfEven(bias / (unit[i] * factors[i] * scale)),
        ),
      );
    }
  }
  gains.set("norm", kept(learned.of("gain"), grids.gains?.get("norm")));
  return { ...grids, grids: own, rowFactors, gains, biases };
}
