/** A tiny Llama for stages that learn, and windows of ids for it. */
import { buildLlama } from "../../src/models/llama.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import type { Random } from "../conformance/_random.ts";
import { configOf, weightsOf } from "../models/_llama.ts";
import type { Sizes } from "../models/_llama.ts";

/** Sizes with so many blocks. */
export function tinySizes(depth: number): Sizes & { readonly width: number } {
  return {
    vocabulary: 30,
    depth,
    heads: 4,
    kvHeads: 2,
    headSize: 4,
    hidden: 20,
    width: 12,
    tied: true,
    context: 32,
  };
}

/** Its tensors by their names in files, and float weights by those in graphs. */
export function tinyLlama(sizes: Sizes) {
  const config = llamaConfig(configOf(sizes));
  const tensors = weightsOf(sizes, 5);
  const weights = new Map(
    [...buildLlama(config, lazyWeights(tensors)).constants.values()]
      .filter(({ value }) => value.dtype === "f32")
      .map((c) => [c.value.name, c.tensor(new Map()).data as Float32Array]),
  );
  return { config, tensors, weights };
}

/** So many windows of 16 ids. */
export function windowsOf(random: Random, count: number): number[][] {
  return Array.from(
    { length: count },
    () => Array.from({ length: 16 }, () => random.integer(0, 29)),
  );
}
