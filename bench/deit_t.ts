/** DeiT-T 224 with seeded weights and the scales of the golden files: the same network on both sides. */
import { buildDeiT } from "../src/models/deit.ts";
import { visionConfig } from "../src/models/read_vision_config.ts";
import type { DeiTConfig } from "../src/models/vision_config.ts";
import type { Weights } from "../src/models/weights.ts";
import { compile } from "../src/lower/compile.ts";
import type { CompiledProgram } from "../src/program/program.ts";
import { quantizeIVit } from "../src/quantize/i_vit.ts";
import { quantizeParameters } from "../src/quantize/integer_parameters.ts";
import { buildSeeded, layoutDeiT, Stream } from "../test/golden/seeded.ts";
import { readSharedJson } from "./shared.ts";

/** Its sizes. */
export const CONFIG = visionConfig({
  architecture: "deit_tiny_patch16_224",
  num_classes: 1000,
}) as DeiTConfig;

/** Its weights. */
export const WEIGHTS: Weights = buildSeeded(layoutDeiT(), 7);

/** The image that its scales belong to, already normalised. */
export const IMAGE: Float32Array = new Stream(99).take(3 * 224 * 224, 2);

/** What a golden file says. */
interface Golden {
  readonly scales_f32_bits: Readonly<Record<string, number>>;
  readonly logits_f32_sha256: string;
}

/** A program with the hash that its logits must have. */
export interface GoldenProgram {
  readonly program: CompiledProgram;
  readonly logitsHash: string;
}

/** The integer network of mode `table`. */
export function integerDeiT(weightBits: 7 | 8): GoldenProgram {
  const golden = readSharedJson<Golden>(
    `golden/ivit/deit_t_table${weightBits === 7 ? "_w7" : ""}.json`,
  );
  const network = quantizeIVit(buildDeiT(CONFIG, WEIGHTS), {
    nonlinear: "table",
    weightBits,
    parameters: quantizeParameters(),
    pixelTable: new Float32Array(3 * 256),
  });
  return {
    program: compile(network.graph, { scales: scalesOf(golden) }),
    logitsHash: golden.logits_f32_sha256,
  };
}

/** The float32 network. */
export function floatDeiT(fast: boolean): CompiledProgram {
  return compile(buildDeiT(CONFIG, WEIGHTS), { fast });
}

/** float32 scales from their bits. */
function scalesOf({ scales_f32_bits }: Golden): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(scales_f32_bits).map(([name, bits]) => [
      name,
      new Float32Array(Uint32Array.of(bits).buffer)[0],
    ]),
  );
}
