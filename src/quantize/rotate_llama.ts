/**
 * Rotations of a Llama's residual and of its heads' values, which the weights take up: the network computes
 * the same, and no channel is much larger than others (QuaRot, Ashkboos et al., 2024).
 */
import { FewbitError } from "../errors.ts";
import { skippedOf } from "../models/checkpoint_weights.ts";
import type { LazyWeights } from "../models/language_weights.ts";
import type { LlamaConfig } from "../models/llama_config.ts";
import { float32 } from "../models/weights.ts";
import { hasRotation, rotateReals } from "../numeric/hadamard.ts";
import { philox4x32 } from "../numeric/philox.ts";
import type { LazyTensor } from "../tensor.ts";
import type { DecoderRotation } from "./decoder_grids.ts";

/** Key of the signs: they are the same for all models. */
const KEY = [0, 0] as const;

/**
 * The rotation of a model.
 *
 * @throws {FewbitError} `unsupported` where its width has none.
 */
export function rotationOf({ width }: LlamaConfig): DecoderRotation {
  if (!hasRotation(width)) {
    throw new FewbitError(
      "unsupported",
      `Cannot rotate: the width ${width} is no power of two, and not 36 times one`,
    );
  }
  const signs = Int8Array.from({ length: width }, (_, c) => {
    const words = philox4x32([c >> 5, 0, 0, 0], KEY);
    return (words[0] >>> (c & 31) & 1) * 2 - 1;
  });
  return { signs };
}

/** Weights of which the layers work on the rotated residual; embedding, last norm and head stay. */
export function rotateLayers(
  config: LlamaConfig,
  weights: LazyWeights,
  rotation: DecoderRotation,
): LazyWeights {
  return rotated(config, weights, rotation, false);
}

/** Weights that are rotated throughout, the head without the norm's gains, and the way back behind it. */
export function rotateWhole(
  config: LlamaConfig,
  weights: LazyWeights,
  rotation: DecoderRotation,
): { readonly weights: LazyWeights; readonly turnBack: (row: Float32Array) => Float32Array } {
  const [norm] = [...weights].filter(([name]) => /^(.*\.)?norm\.weight$/.test(name));
  let gains: Float32Array | undefined;
  return {
    weights: rotated(config, weights, rotation, true),
    turnBack: (row) => {
      gains ??= floats(norm[0], norm[1]);
      const x = Float64Array.from(row);
      rotateReals(x);
      return Float32Array.from(x, (v, c) => v * rotation.signs[c] * gains![c]);
    },
  };
}

/** What becomes of a tensor `[rows, columns]`: of its columns, which read, and of its rows, which are added. */
interface Turn {
  /** The norm whose gains the columns take up, and whose channels are rotated. */
  readonly reads?: string;
  /** Whether the rows go to the residual. */
  readonly adds?: true;
  /** Whether rows, or columns, are heads of values. */
  readonly heads?: "rows" | "columns";
}

const LAYER: Readonly<Record<string, Turn>> = {
  "self_attn.q_proj": { reads: "input_layernorm" },
  "self_attn.k_proj": { reads: "input_layernorm" },
  "self_attn.v_proj": { reads: "input_layernorm", heads: "rows" },
  "self_attn.o_proj": { adds: true, heads: "columns" },
  "mlp.gate_proj": { reads: "post_attention_layernorm" },
  "mlp.up_proj": { reads: "post_attention_layernorm" },
  "mlp.down_proj": { adds: true },
};

function rotated(
  config: LlamaConfig,
  weights: LazyWeights,
  rotation: DecoderRotation,
  whole: boolean,
): LazyWeights {
  const all = new Map<string, LazyTensor>();
  for (const [name, tensor] of weights) {
    const [, at = "", module = ""] = /^((?:.*\.)?layers\.\d+\.)?(.*)\.weight$/.exec(name) ?? [];
    if (at !== "" && module.endsWith("layernorm")) all.set(name, ones(tensor));
    else if (at !== "" && Object.hasOwn(LAYER, module)) {
      const turn = LAYER[module];
      const gains = turn.reads && weights.get(`${at}${turn.reads}.weight`);
      all.set(name, turned(config, name, tensor, turn, gains || undefined, rotation));
    } else if (!whole) all.set(name, tensor);
    else if (/^(.*\.)?norm$/.test(module)) all.set(name, ones(tensor));
    else if (module.endsWith("embed_tokens")) {
      all.set(name, turned(config, name, tensor, { reads: "" }, undefined, rotation));
      if (!config.tied) continue;
      const [, before] = /^(.*?)(?:model\.)?embed_tokens\.weight$/.exec(name)!;
      const gains = weights.get(name.replace("embed_tokens", "norm"));
      const head = turned(config, name, tensor, { reads: "" }, gains, rotation);
      all.set(`${before}lm_head.weight`, head);
    } else if (module.endsWith("lm_head")) {
      if (config.tied) continue;
      const gains = [...weights].find(([other]) => /^(.*\.)?norm\.weight$/.test(other))?.[1];
      all.set(name, turned(config, name, tensor, { reads: "" }, gains, rotation));
    } else all.set(name, tensor);
  }
  return Object.assign(all, { skipped: skippedOf(weights) });
}

function ones({ shape }: LazyTensor): LazyTensor {
  const data = (): Float32Array => new Float32Array(shape[0]).fill(1);
  return { dtype: "f32", shape, read: () => ({ dtype: "f32", shape, data: data() }) };
}

function floats(name: string, tensor: LazyTensor): Float32Array {
  return float32(tensor.read(), name);
}

/** A matrix on the rotated residual. */
function turned(
  { headSize }: LlamaConfig,
  name: string,
  tensor: LazyTensor,
  { reads, adds, heads }: Turn,
  gains: LazyTensor | undefined,
  { signs }: DecoderRotation,
): LazyTensor {
  const { shape } = tensor;
  const [rows, columns] = shape;
  const turnsHeads = heads !== undefined && (headSize & (headSize - 1)) === 0;
  const read = (): Float32Array => {
    const data = floats(name, tensor).slice();
    if (reads !== undefined) {
      const gamma = gains && floats("norm", gains);
      eachVector(data, rows, columns, columns, 1, columns, (x) => {
        for (let c = 0; c < x.length; c++) x[c] *= signs[c] * (gamma === undefined ? 1 : gamma[c]);
        rotateReals(x);
      });
    }
    if (adds) {
      eachVector(data, columns, 1, rows, columns, rows, (x) => {
        for (let c = 0; c < x.length; c++) x[c] *= signs[c];
        rotateReals(x);
      });
    }
    if (turnsHeads && heads === "rows") {
      eachVector(data, columns, 1, rows, columns, headSize, rotateReals);
    }
    if (turnsHeads && heads === "columns") {
      eachVector(data, rows, columns, columns, 1, headSize, rotateReals);
    }
    return data;
  };
  return { dtype: "f32", shape, read: () => ({ dtype: "f32", shape, data: read() }) };
}

/**
 * Changes vectors of a matrix.
 *
 * @param count Lines, `apart` elements from one another.
 * @param length Elements of a line, `step` from one another, in vectors of `size`.
 */
function eachVector(
  data: Float32Array,
  count: number,
  apart: number,
  length: number,
  step: number,
  size: number,
  change: (x: Float64Array) => void,
): void {
  const x = new Float64Array(size);
  for (let line = 0; line < count; line++) {
    for (let first = 0; first < length; first += size) {
      const at = line * apart + first * step;
      for (let i = 0; i < size; i++) x[i] = data[at + i * step];
      change(x);
      for (let i = 0; i < size; i++) data[at + i * step] = x[i];
    }
  }
}
