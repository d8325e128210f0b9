/** Whether grids are those of a model: a list of another length would give codes of nothing, unnoticed. */
import { FewbitError } from "../errors.ts";
import type { LlamaConfig } from "../models/llama_config.ts";
import type { DecoderGrids } from "./decoder_grids.ts";
import { hasPaperSites } from "./paper_sites.ts";

/** Linear layers by name. */
const LAYER = /^layers\.(\d+)\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)$/;

/**
 * Checks how many scales, codes, ids and signs there are.
 *
 * @throws {FewbitError} `invalid_argument`.
 */
export function checkDecoderGrids(
  { depth, width, hidden, heads, kvHeads, headSize, vocabularySize, context }: LlamaConfig,
  { grids, prefix, rotation, biases, rowFactors, gains }: DecoderGrids,
): void {
  const count = (what: string, got: number, expected: number): void => {
    if (got !== expected) fail(`the grids have ${got} ${what}, the model ${expected}`);
  };
  const channels = kvHeads * headSize;
  const scalesOf: Readonly<Record<string, number>> = { q: heads, k: channels, v: kvHeads };
  const zerosOf: Readonly<Record<string, number>> = { k: channels, v: kvHeads };
  const { bits: downBits = 8 } = grids.get("layers.0.down") ?? {};
  const isPaper = hasPaperSites({ grids });
  for (let layer = 0; isPaper && layer < depth; layer++) {
    for (const site of ["q_output", "k_output", "up_output", "silu"]) {
      if (!grids.has(`layers.${layer}.${site}`)) {
        fail(`the grids have no "layers.${layer}.${site}"`);
      }
    }
  }
  for (const [site, { scales, zeros, bits }] of grids) {
    const kind = site.slice(site.lastIndexOf(".") + 1);
    count(`scales of ${site}`, scales.length, scalesOf[kind] ?? 1);
    const wanted = kind === "down" ? downBits : kind === "gate" && !isPaper ? 12 : 8;
    if ((bits ?? (kind === "gate" ? 12 : 8)) !== wanted) {
      fail(`the grids have ${bits ?? 12} bits of ${site}`);
    }
    // Of q those of all heads are the same.
    if (kind !== "q") count(`codes of 0 of ${site}`, zeros.length, zerosOf[kind] ?? 1);
    else if (zeros.length === 0) fail(`the grids have no code of 0 of ${site}`);
  }
  count("logits", prefix.logits.length, vocabularySize);
  if (prefix.ids.length >= context) {
    fail(`the prefix has ${prefix.ids.length} ids, the context ${context}`);
  }
  const wrong = prefix.ids.find((id) => id >= vocabularySize);
  if (wrong !== undefined) fail(`the prefix has the id ${wrong}, the model ${vocabularySize}`);
  for (let layer = 0; prefix.ids.length > 0 && layer < depth; layer++) {
    for (const site of [`layers.${layer}.k`, `layers.${layer}.v`]) {
      const got = prefix.rows.get(site)?.length ?? 0;
      count(`codes of the prefix of ${site}`, got, prefix.ids.length * channels);
    }
  }
  if (rotation !== undefined) count("signs", rotation.signs.length, width);
  for (const name of [...biases?.keys() ?? [], ...rowFactors?.keys() ?? []]) {
    const [, layer] = LAYER.exec(name) ?? [];
    if (layer === undefined || Number(layer) >= depth) fail(`the model has no layer "${name}"`);
  }
  for (const [name, factors] of rowFactors ?? []) {
    const rows = /(gate|up)_proj$/.test(name)
      ? hidden
      : /[kv]_proj$/.test(name)
      ? channels
      : name.endsWith("q_proj")
      ? heads * headSize
      : width;
    count(`row factors of ${name}`, factors.length, rows);
  }
  for (const [site, factors] of gains ?? []) {
    if (!/(^|\.)norm[12]?$/.test(site) || !grids.has(site)) fail(`the model has no norm "${site}"`);
    count(`gains of ${site}`, factors.length, width);
  }
}

function fail(why: string): never {
  throw new FewbitError("invalid_argument", `Cannot quantise: ${why}`);
}
