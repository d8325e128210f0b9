/** What stands in the checkpoint of a language model, and the folder of Hugging Face that it becomes. */
import { FewbitError } from "../errors.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import { AVERAGE } from "./_apply_gradients.ts";
import { decodeCheckpoint, LANGUAGE_FACTS, metadataOf } from "./checkpoint.ts";
import { languageGraph } from "./language_model.ts";
import { LANGUAGE_FAMILIES } from "./language_model.ts";
import type { LanguageModel } from "./language_model.ts";
import { HEAD_SIZE } from "./networks/language_sizes.ts";
import type { Tensor } from "../tensor.ts";

/** Keys of the facts in the metadata. */
const MODEL = LANGUAGE_FACTS, TOKENIZER = "fewbit.tokenizer";

/** Sizes that a checkpoint may have. */
const MOST: Readonly<Record<Exclude<keyof LanguageModel, "family">, number>> = {
  vocabulary: 2 ** 20,
  width: 2 ** 14,
  depth: 512,
  hidden: 2 ** 16,
  tokens: 2 ** 16,
  windows: 2 ** 16,
};

/** A language model beside its weights. */
export interface LanguageFacts {
  /** Its family and sizes. */
  readonly model: LanguageModel;
  /** tokenizer.json, parsed. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
}

/** The files of a language model as its library has them. */
export interface LanguageFiles {
  /** config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** tokenizer.json. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** model.safetensors: the latent weights of a ternary model. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/** The facts as metadata of a checkpoint. */
export function encodeLanguageFacts({ model, tokenizer }: LanguageFacts): Record<string, string> {
  return { [MODEL]: JSON.stringify(model), [TOKENIZER]: JSON.stringify(tokenizer) };
}

/** Whether a file is the checkpoint of a language model; one that is damaged, whoever reads it refuses. */
export function isLanguageCheckpoint(bytes: Uint8Array): boolean {
  try {
    readSafetensors(bytes);
  } catch {
    return false;
  }
  return metadataOf(bytes)[MODEL] !== undefined;
}

/**
 * The folder of a checkpoint: `HGRNBitForCausalLM` or `LlamaForCausalLM`. Of weights that have moving averages, these.
 *
 * @throws {FewbitError} `invalid_file` where it is damaged, or not one of a language model.
 */
export function languageFiles(bytes: Uint8Array): LanguageFiles {
  const { tensors, metadata = {} } = decodeCheckpoint(bytes);
  const { model, tokenizer } = decodeLanguageFacts(metadata);
  const weights = new Map<string, Tensor>();
  languageGraph(model, ({ name, shape }) => {
    const found = tensors.get(`${name}${AVERAGE}`) ?? tensors.get(name) ?? boundsOfOne(name, shape);
    if (!(found?.data instanceof Float32Array) || found.shape.join() !== shape.join()) {
      return fail(`it has no ${name} of [${shape}]`);
    }
    weights.set(name, isTurned(name) ? halvesApart(found) : found);
    return found.data;
  });
  return { config: configOf(model, tokenizer), tokenizer, weights };
}

/** Of one layer the bounds are 0 whatever they are made of, so that they are not learned, and no checkpoint has them. */
function boundsOfOne(name: string, shape: readonly number[]): Tensor | undefined {
  if (name !== "model.lower_bounds" || shape[0] !== 1) return undefined;
  return { dtype: "f32", shape, data: new Float32Array(shape[1]) };
}

/** Whether channels of a weight's rows turn together. */
function isTurned(name: string): boolean {
  return /self_attn\.[qk]_proj\.weight$/.test(name);
}

/** Rows that turn together, neighbours in the graph, half a head apart, as Hugging Face has them. */
function halvesApart({ shape, data }: Tensor): Tensor {
  const [rows, columns] = shape;
  const apart = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const place = row % HEAD_SIZE;
    const to = row - place + (place >> 1) + (place & 1) * (HEAD_SIZE / 2);
    apart.set((data as Float32Array).subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return { dtype: "f32", shape, data: apart };
}

function configOf(
  { family, vocabulary, width, depth, hidden, tokens }: LanguageModel,
  tokenizer: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const common = {
    vocab_size: vocabulary,
    hidden_size: width,
    num_hidden_layers: depth,
    intermediate_size: hidden,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: false,
    torch_dtype: "float32",
    ...idOf(tokenizer, "<s>", "bos_token_id"),
    ...idOf(tokenizer, "</s>", "eos_token_id"),
  };
  if (family === "hgrn-bit") {
    return {
      architectures: ["HGRNBitForCausalLM"],
      model_type: "hgrn_bit",
      ...common,
      num_heads: 1,
      expand_ratio: 1,
      hidden_act: "swish",
      use_lower_bound: true,
      use_short_conv: false,
    };
  }
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    ...common,
    num_attention_heads: width / HEAD_SIZE,
    num_key_value_heads: width / HEAD_SIZE,
    head_dim: HEAD_SIZE,
    hidden_act: "silu",
    rope_theta: 10_000,
    max_position_embeddings: tokens,
    attention_bias: false,
    mlp_bias: false,
  };
}

/** The id of a special token, under its key of the config, where the tokenizer has it. */
function idOf(
  { added_tokens: added }: Readonly<Record<string, unknown>>,
  content: string,
  key: string,
): Record<string, number> {
  const tokens = Array.isArray(added) ? added as { content?: unknown; id?: unknown }[] : [];
  const id = tokens.find((token) => token.content === content)?.id;
  return typeof id === "number" ? { [key]: id } : {};
}

/** Reads the facts of a checkpoint. */
function decodeLanguageFacts(metadata: Readonly<Record<string, string>>): LanguageFacts {
  const [model, tokenizer] = [MODEL, TOKENIZER].map((key) => {
    try {
      return JSON.parse(metadata[key] ?? "");
    } catch {
      return fail(`${key} in its metadata is no JSON`);
    }
  });
  const isFamily = LANGUAGE_FAMILIES.includes(model?.family);
  const isSized = Object.entries(MOST).every(([name, most]) => {
    const size = model?.[name];
    return Number.isInteger(size) && size >= 1 && size <= most;
  });
  if (!isFamily || !isSized) fail("its sizes are none of a language model");
  return { model, tokenizer };
}

function fail(why: string): never {
  throw new FewbitError("invalid_file", `Cannot use checkpoint: ${why}`);
}
