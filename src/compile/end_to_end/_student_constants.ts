/** What an integer Llama is made of, as the numbers that its student reads: codes as float32, grids, gains, rows of the prefix. */
import { FewbitError } from "../../errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { isNode } from "../../graph/op_names.ts";
import { buildLlama } from "../../models/llama.ts";
import type { LlamaConfig } from "../../models/llama_config.ts";
import type { LazyWeights } from "../../models/language_weights.ts";
import { rotateReals } from "../../numeric/hadamard.ts";
import { cosineAndSine, rotaryFrequencies } from "../../numeric/phase.ts";
import type { DecoderGrid, DecoderGrids, DownBits } from "../../quantize/decoder_grids.ts";
import { DecoderSettings } from "../../quantize/decoder_settings.ts";
import { rotateLayers } from "../../quantize/rotate_llama.ts";
import type { RoundedWeight } from "../../quantize/rounded_weights.ts";
import { largestInputOf } from "../../quantize/shifted_weights.ts";
import type { LanguageBits, ShiftedWeight } from "../../quantize/shifted_weights.ts";
import { multiplyColumns } from "../../quantize/smooth.ts";
import { BLOCK_LINEARS } from "../../training/quantization/llama_block.ts";
import type { BlockLinear } from "../../training/quantization/llama_block.ts";
import { LEARNED_SITES, READS } from "./_student_block.ts";
import type { HeadConstants } from "./_student_head.ts";

/** Names of the layers of a block in the model. */
export const MODULES: Readonly<Record<BlockLinear, string>> = {
  q: "self_attn.q_proj",
  k: "self_attn.k_proj",
  v: "self_attn.v_proj",
  o: "self_attn.o_proj",
  gate: "mlp.gate_proj",
  up: "mlp.up_proj",
  down: "mlp.down_proj",
};

/** A model that is made integer. */
export interface StudentSource {
  readonly config: LlamaConfig;
  readonly weights: LazyWeights;
  readonly grids: DecoderGrids;
  readonly bits: LanguageBits;
  /** Weights of 4 bits that were rounded before. */
  readonly rounded?: ReadonlyMap<string, RoundedWeight>;
}

/** A block: inputs of its program that stay as they are. */
export interface StudentLayer {
  /** Weights of its layers. */
  readonly weights: Readonly<Record<BlockLinear, ShiftedWeight>>;
  /** All other inputs by name. */
  readonly inputs: Readonly<Record<string, Float32Array>>;
}

/** The constants of a student, numbers throughout: another thread gets them as they are. */
export interface StudentParts {
  readonly config: LlamaConfig;
  /** Ids of the prefix. */
  readonly prefix: number;
  readonly downBits: DownBits;
  readonly layers: readonly StudentLayer[];
  readonly head: HeadConstants;
  /** Of the embedding. */
  readonly table: Pick<HeadConstants, "codes" | "scales">;
  /** Of the rotation. */
  readonly signs?: Int8Array;
}

/** The constants of a student. */
export class StudentConstants {
  constructor(readonly parts: StudentParts) {}

  /** Those of a model. */
  static of({ config, weights, grids, bits, rounded }: StudentSource): StudentConstants {
    const { rotation } = grids;
    const settings = new DecoderSettings(bits, config, grids, rounded);
    const graph = buildLlama(
      config,
      rotation === undefined ? weights : rotateLayers(config, weights, rotation),
    );
    const layers = Array.from(
      { length: config.depth },
      (_, layer) => layerOf(graph, settings, grids, config, layer),
    );
    const table = tableOf(graph, settings, "embed_tokens.weight", config);
    return new StudentConstants({
      config,
      prefix: grids.prefix.ids.length,
      downBits: grids.grids.get("layers.0.down")?.bits ?? 8,
      layers,
      head: headOf(graph, settings, config, table),
      table,
      ...rotation && { signs: rotation.signs },
    });
  }

  get layers(): readonly StudentLayer[] {
    return this.parts.layers;
  }

  /** The residual before the first block, `[T, width]`. */
  embed(ids: ArrayLike<number>): Float32Array<ArrayBuffer> {
    const { config: { width }, table: { codes, scales }, signs } = this.parts;
    const rows = new Float32Array(ids.length * width);
    const row = new Float64Array(width);
    for (let t = 0; t < ids.length; t++) {
      const id = ids[t];
      for (let c = 0; c < width; c++) {
        row[c] = codes[id * width + c] * scales[id] * (signs?.[c] ?? 1);
      }
      if (signs !== undefined) rotateReals(row);
      rows.set(row, t * width);
    }
    return rows;
  }

  /** Cosines and sines of so many tokens behind the prefix, `[T, 2, size / 2]`. */
  angles(tokens: number): Float32Array {
    const { config: { theta, headSize }, prefix } = this.parts;
    const frequencies = rotaryFrequencies(theta, headSize);
    const pairs = headSize / 2;
    const angles = new Float32Array(tokens * headSize);
    for (let t = 0; t < tokens; t++) {
      for (let i = 0; i < pairs; i++) {
        const phase = Math.imul(t + prefix, frequencies[i]);
        const [cosine, sine] = cosineAndSine(phase);
        angles[t * headSize + i] = cosine;
        angles[t * headSize + pairs + i] = sine;
      }
    }
    return angles;
  }
}

/** A constant of the float graph. */
function floats(graph: Graph, name: string): Float32Array {
  const found = [...graph.constants.values()].find(({ value }) => value.name === name);
  if (found === undefined) throw new FewbitError("internal", `No constant ${name}`);
  return found.tensor(new Map()).data as Float32Array;
}

function layerOf(
  graph: Graph,
  settings: DecoderSettings,
  grids: DecoderGrids,
  config: LlamaConfig,
  layer: number,
): StudentLayer {
  const at = `layers.${layer}`;
  const grid = (site: string): DecoderGrid => settings.grid(`${at}.${site}`);
  const inputs: Record<string, Float32Array> = {};
  const weights = {} as Record<BlockLinear, ShiftedWeight>;
  for (const name of BLOCK_LINEARS) {
    const read = grid(READS[name]);
    const module = `${at}.${MODULES[name]}`;
    const node = graph.nodes.find((node) => node.name === module);
    if (!isNode(node, "Linear")) throw new FewbitError("internal", `No layer ${module}`);
    const [n] = node.inputs.weight.shape as number[];
    const zero = read.zeros[0];
    const rows = (): Float32Array => {
      const tensor = graph.constants.get(node.inputs.weight.id)!.tensor(new Map());
      const { divisors } = read;
      return (divisors === undefined ? tensor : multiplyColumns(tensor, divisors))
        .data as Float32Array;
    };
    const weight = settings.weight(
      module,
      n,
      largestInputOf(zero, read.bits ?? 8, settings.bits),
      rows,
    );
    weights[name] = weight;
    // What up gives is divided by what the layer behind it has in its columns.
    const divisors = name === "up" ? grid("down").divisors : undefined;
    const factors = grids.rowFactors?.get(module);
    inputs[`unit.${name}`] = weight.scales.map((scale, i) =>
      scale * (factors?.[i] ?? 1) / (divisors?.[i] ?? 1)
    );
  }
  for (const name of ["norm1", "norm2"] as const) {
    const module = name === "norm1" ? "input_layernorm" : "post_attention_layernorm";
    const { divisors } = grid(name);
    const gains = grids.gains?.get(`${at}.${name}`);
    inputs[`gamma.${name}`] = floats(graph, `${at}.${module}.weight`)
      .map((gamma, c) => gamma * (gains?.[c] ?? 1) / (divisors?.[c] ?? 1));
  }
  for (const site of LEARNED_SITES) inputs[`zero.${site}`] = Float32Array.from(grid(site).zeros);
  const [keys, values] = [grid("k"), grid("v")];
  inputs["q.scale"] = grid("q").scales;
  inputs["k.scale"] = keys.scales;
  inputs["k.zero"] = Float32Array.from(keys.zeros);
  inputs["v.scale"] = values.scales;
  inputs["v.zero"] = Float32Array.from(values.zeros);
  inputs["gate.scale"] = grid("gate").scales;
  inputs["gate.zero"] = Float32Array.from(grid("gate").zeros);
  const { ids, rows } = grids.prefix;
  if (ids.length > 0) {
    const { kvHeads, headSize } = config;
    const columns = kvHeads * headSize;
    inputs["prefix.keys"] = Float32Array.from(
      rows.get(`${at}.k`)!,
      (code, i) => code - keys.zeros[i % columns],
    );
    inputs["prefix.values"] = Float32Array.from(rows.get(`${at}.v`)!, (code, i) => {
      const head = Math.floor(i % columns / headSize);
      return (code - values.zeros[head]) * values.scales[head];
    });
  }
  return { weights, inputs };
}

/** A table of 8 bits. */
function tableOf(
  graph: Graph,
  settings: DecoderSettings,
  name: string,
  { vocabularySize }: LlamaConfig,
): Pick<HeadConstants, "codes" | "scales"> {
  const { codes, scales } = settings.table(name, vocabularySize, () => floats(graph, name));
  return { codes: codes as Int8Array, scales };
}

function headOf(
  graph: Graph,
  settings: DecoderSettings,
  config: LlamaConfig,
  embedding: Pick<HeadConstants, "codes" | "scales">,
): HeadConstants {
  const { width } = config;
  const own = config.tied ? embedding : tableOf(graph, settings, "lm_head.weight", config);
  const { rotation, gains } = settings.all;
  const factors = gains?.get("norm");
  const gamma = floats(graph, "norm.weight").map((g, c) => g * (factors?.[c] ?? 1));
  const head = { ...own, gamma, scale: settings.grid("norm").scales[0] };
  if (rotation === undefined) return head;
  const back = new Float32Array(width * width);
  const column = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    column.fill(0);
    column[j] = 1;
    rotateReals(column);
    for (let c = 0; c < width; c++) back[c * width + j] = column[c] * rotation.signs[c];
  }
  return { ...head, back };
}

/** Codes of a weight without their zeros, times the factors of their groups. */
export function weightCodes(
  { codes, zero, factor, group }: ShiftedWeight,
  n: number,
): Float32Array {
  const k = codes.length / n;
  const values = new Float32Array(codes.length);
  if (zero === undefined) {
    values.set(codes);
    return values;
  }
  const groups = Math.ceil(k / group);
  for (let row = 0; row < n; row++) {
    for (let g = 0; g < groups; g++) {
      const at = row * groups + g;
      const [z, f] = [zero[at], factor?.[at] ?? 1];
      const end = Math.min((row + 1) * k, row * k + (g + 1) * group);
      for (let i = row * k + g * group; i < end; i++) values[i] = (codes[i] - z) * f;
    }
  }
  return values;
}
