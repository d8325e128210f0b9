/** DeiT-T and Swin-T 224 with seeded weights and the scales of the golden files: the same network on both sides. */
import { buildDeiT } from "../src/models/deit.ts";
import { buildSwin } from "../src/models/swin.ts";
import { visionConfig } from "../src/models/read_vision_config.ts";
import type { DeiTConfig, SwinConfig } from "../src/models/vision_config.ts";
import type { Graph } from "../src/graph/graph.ts";
import type { Weights } from "../src/models/weights.ts";
import { compile } from "../src/lower/compile.ts";
import type { CompiledProgram } from "../src/program/program.ts";
import { quantizeIVit } from "../src/quantize/i_vit.ts";
import { quantizeParameters } from "../src/quantize/integer_parameters.ts";
import { buildSeeded, layoutDeiT, layoutSwin, Stream } from "../test/golden/seeded.ts";
import { readSharedJson } from "./shared.ts";

/** A network: its name in the golden files, and its float graph. */
export interface SeededNetwork {
  readonly golden: string;
  build(): Graph;
}

/** DeiT-T's sizes and weights. */
export const DEIT_CONFIG = visionConfig({
  architecture: "deit_tiny_patch16_224",
  num_classes: 1000,
}) as DeiTConfig;
export const DEIT_WEIGHTS: Weights = buildSeeded(layoutDeiT(), 7);

export const DEIT_T: SeededNetwork = {
  golden: "deit_t",
  build: () => buildDeiT(DEIT_CONFIG, DEIT_WEIGHTS),
};

export const SWIN_T: SeededNetwork = {
  golden: "swin_t",
  build: () => {
    const config = visionConfig({
      architecture: "swin_tiny_patch4_window7_224",
      num_classes: 1000,
    });
    return buildSwin(config as SwinConfig, buildSeeded(layoutSwin(), 7));
  },
};

/** The image that the scales belong to, already normalised. */
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
export function integerNetwork(
  { golden, build }: SeededNetwork,
  weightBits: 7 | 8,
): GoldenProgram {
  const file = readSharedJson<Golden>(
    `golden/ivit/${golden}_table${weightBits === 7 ? "_w7" : ""}.json`,
  );
  const network = quantizeIVit(build(), {
    nonlinear: "table",
    weightBits,
    parameters: quantizeParameters(),
    pixelTable: new Float32Array(3 * 256),
  });
  return {
    program: compile(network.graph, { scales: scalesOf(file) }),
    logitsHash: file.logits_f32_sha256,
  };
}

/** The float32 network. */
export function floatNetwork({ build }: SeededNetwork, fast: boolean): CompiledProgram {
  return compile(build(), { fast });
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
