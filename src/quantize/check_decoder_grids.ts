/** Whether grids are those of a model: a list of another length would give codes of nothing, unnoticed. */
import { FewbitError } from "../errors.ts";
import type { LlamaConfig } from "../models/llama_config.ts";
import type { DecoderGrids } from "./decoder_grids.ts";
import { hasPaperSites } from "./paper_sites.ts";

/** Linear layers of a block. */
const LAYERS = [
  ...["q", "k", "v", "o"].map((name) => `self_attn.${name}_proj`),
  ...["gate", "up", "down"].map((name) => `mlp.${name}_proj`),
];

/** What is on a grid in each layer, and what the paper has beside that. */
const SITES = ["norm1", "norm2", "down", "context", "gate", "up", "k", "v", "q"];
const PAPER_SITES = ["q_output", "k_output", "up_output", "silu"];

/**
 * Checks which there are, and how many scales, codes, ids and signs there are.
 *
 * @throws {FewbitError} `shape_mismatch` for another count of biases, else `invalid_argument`.
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
  const kinds = isPaper ? [...SITES, ...PAPER_SITES] : SITES;
  const sites = layersOf(depth).flatMap((layer) => kinds.map((kind) => `${layer}${kind}`));
  checkNames("the grids have no", grids, [...sites, "norm"], "site");
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
  const stored = layersOf(depth).flatMap((layer) => [`${layer}k`, `${layer}v`]);
  const rows = prefix.ids.length > 0 ? stored : [];
  for (const site of rows) {
    const got = prefix.rows.get(site)?.length ?? 0;
    count(`codes of the prefix of ${site}`, got, prefix.ids.length * channels);
  }
  checkNames("the prefix has no codes of", prefix.rows, rows, "prefix of");
  if (rotation !== undefined) count("signs", rotation.signs.length, width);
  const layers = linearLayers(depth);
  for (const name of [...biases?.keys() ?? [], ...rowFactors?.keys() ?? []]) {
    if (!layers.includes(name)) fail(`the model has no layer "${name}"`);
  }
  const rowsOf = (name: string): number =>
    /(gate|up)_proj$/.test(name)
      ? hidden
      : /[kv]_proj$/.test(name)
      ? channels
      : name.endsWith("q_proj")
      ? heads * headSize
      : width;
  for (const [name, { length }] of rowFactors ?? []) {
    count(`row factors of ${name}`, length, rowsOf(name));
  }
  for (const [name, { length }] of biases ?? []) {
    if (length === rowsOf(name)) continue;
    throw new FewbitError(
      "shape_mismatch",
      `Cannot quantise: the grids have ${length} biases of ${name}, the model ${rowsOf(name)} rows`,
    );
  }
  for (const [site, factors] of gains ?? []) {
    if (!/(^|\.)norm[12]?$/.test(site) || !grids.has(site)) fail(`the model has no norm "${site}"`);
    count(`gains of ${site}`, factors.length, width);
  }
}

/**
 * Checks that range factors are those of the linear layers of the blocks.
 *
 * @throws {FewbitError} `invalid_argument`.
 */
export function checkRangeFactors(
  { depth }: Pick<LlamaConfig, "depth">,
  ranges: ReadonlyMap<string, Uint8Array>,
): void {
  checkNames("there are no range factors of", ranges, linearLayers(depth), "layer");
}

function linearLayers(depth: number): string[] {
  return layersOf(depth).flatMap((layer) => LAYERS.map((name) => layer + name));
}

function layersOf(depth: number): string[] {
  return Array.from({ length: depth }, (_, layer) => `layers.${layer}.`);
}

/** One too many would be read by nobody, unnoticed, and stands for a file of another model. */
function checkNames(
  absent: string,
  got: ReadonlyMap<string, unknown>,
  expected: readonly string[],
  what: string,
): void {
  const missing = expected.find((name) => !got.has(name));
  if (missing !== undefined) fail(`${absent} "${missing}"`);
  const unknown = [...got.keys()].find((name) => !expected.includes(name));
  if (unknown !== undefined) fail(`the model has no ${what} "${unknown}"`);
}

function fail(why: string): never {
  throw new FewbitError("invalid_argument", `Cannot quantise: ${why}`);
}
