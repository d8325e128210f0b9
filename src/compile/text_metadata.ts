/** What a compiled language model says of itself, so that a generator needs nothing but the one file. */
import type { TextFiles } from "../checkpoints/text_checkpoint.ts";
import { FewbitError } from "../errors.ts";
import type { Metadata } from "../program/program.ts";

/** Defaults of generation. What the checkpoint does not say is absent. */
export interface GenerationDefaults {
  /** Id that begins a text. */
  readonly bosTokenId?: number;
  /** Ids that end a text. */
  readonly eosTokenIds: readonly number[];
  /** Id that fills batches up; programs need none. */
  readonly padTokenId?: number;
  /** Whether to draw, instead of taking the best. */
  readonly doSample?: boolean;
  /** Divisor of logits. */
  readonly temperature?: number;
  /** How many of the best tokens may be drawn. */
  readonly topK?: number;
  /** Probability that the tokens which may be drawn reach together. */
  readonly topP?: number;
  /** Divisor of the positive logits of tokens that came before. */
  readonly repetitionPenalty?: number;
  /** Most tokens to add to a prompt. */
  readonly maxNewTokens?: number;
}

/** Metadata of the program of a language model. */
export interface TextMetadata extends Metadata {
  /** Always this. */
  readonly task: "text-generation";
  /** The class of the checkpoint (`HGRNBitForCausalLM`, `LlamaForCausalLM`, `BitNetForCausalLM`). */
  readonly architecture: string;
  /** Number of logits; ids are below. */
  readonly vocabularySize: number;
  /** How weights and activations are kept. */
  readonly quantization: Metadata;
  /** Defaults of generation. */
  readonly generation: GenerationDefaults;
  /** Ids before all texts that belong to the network: they are read when a text begins. */
  readonly prefix?: readonly number[];
  /** The whole of tokenizer.json, where the checkpoint has one. */
  readonly tokenizer?: Readonly<Record<string, unknown>>;
  /** The whole of tokenizer_config.json, where there is one, with the chat template. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
}

/** Metadata of a language model from the files beside its weights. */
export function textMetadata(
  files: TextFiles,
  architecture: string,
  vocabularySize: number,
  quantization: Metadata,
): TextMetadata {
  const { tokenizer, tokenizerConfig } = files;
  return {
    task: "text-generation",
    architecture,
    vocabularySize,
    quantization,
    generation: generationDefaults(files, vocabularySize),
    ...tokenizer && { tokenizer },
    ...tokenizerConfig && { tokenizerConfig },
  };
}

/** generation_config.json, and config.json where that is silent. */
function generationDefaults(
  { config, generationConfig = {} }: TextFiles,
  vocabularySize: number,
): GenerationDefaults {
  const given = (key: string): unknown => generationConfig[key] ?? config[key] ?? undefined;
  const ids = (key: string): number[] => {
    const value = given(key);
    const list = value === undefined ? [] : Array.isArray(value) ? value : [value];
    const bad = list.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
    if (bad === undefined) return list;
    throw new FewbitError(
      "invalid_file",
      `Config: ${key} is ${JSON.stringify(bad)}, expected ids below ${vocabularySize}`,
    );
  };
  const number = (key: string, least: number, most: number): number | undefined => {
    const value = given(key);
    if (value === undefined) return undefined;
    if (typeof value === "number" && value >= least && value <= most) return value;
    throw new FewbitError(
      "invalid_file",
      `Config: ${key} is ${JSON.stringify(value)}, expected ${least} to ${most}`,
    );
  };
  const sample = given("do_sample");
  const defaults = {
    bosTokenId: ids("bos_token_id")[0],
    eosTokenIds: ids("eos_token_id"),
    padTokenId: ids("pad_token_id")[0],
    doSample: typeof sample === "boolean" ? sample : undefined,
    temperature: number("temperature", 0, 100),
    topK: number("top_k", 0, 2 ** 31 - 1),
    topP: number("top_p", 0, 1),
    repetitionPenalty: number("repetition_penalty", 1e-3, 100),
    maxNewTokens: number("max_new_tokens", 1, 2 ** 31 - 1),
  };
  const known = Object.entries(defaults).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as unknown as GenerationDefaults;
}
