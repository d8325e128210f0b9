/** Sizes of BERT encoders, from config.json and the files of sentence-transformers beside it. */
import { FewbitError } from "../errors.ts";
import { activationName } from "./activation_names.ts";
import { refuseForeign } from "./_huggingface_common.ts";
import { checkpointKind } from "./model_kind.ts";
import { sentenceConfig } from "./sentence_config.ts";
import type { SentenceConfig, SentenceFiles } from "./sentence_config.ts";

type Json = Readonly<Record<string, unknown>>;

/** A BERT encoder: post-norm, with biases, learned positions and token types. */
export interface BertConfig extends Omit<SentenceConfig, "maxTokens"> {
  /** Rows of the token table. */
  readonly vocabulary: number;
  /** Numbers of a token, and of an embedding. */
  readonly width: number;
  /** Layers. */
  readonly depth: number;
  /** Heads of an attention; they divide the width. */
  readonly heads: number;
  /** Width between the two linear layers of a block. */
  readonly hidden: number;
  /** Rows of the position table. */
  readonly positions: number;
  /** Rows of the token type table; the first is used. */
  readonly tokenTypes: number;
  /** Added to the variance in float32. */
  readonly epsilon: number;
  /** Between the two linear layers of a block: `gelu`, or one of `ACTIVATIONS`. */
  readonly activation: string;
  /** Tokens of a text, special ones included; more are cut. */
  readonly maxTokens: number;
}

/** The files of a sentence encoder besides its weights, parsed. */
export interface EncoderFiles extends SentenceFiles {
  /** config.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Most of any size: keeps products of two of them exact. */
const MOST = 2 ** 24;

/**
 * Reads the sizes of an encoder.
 *
 * @throws {FewbitError} `unsupported` for another family or pooling, `invalid_file` for a missing or
 * bad number.
 */
export function bertConfig(files: EncoderFiles): BertConfig {
  const { config } = files;
  expectBert(config);
  const size = (name: string): number => count(config, name, "config.json");
  const width = size("hidden_size");
  const heads = size("num_attention_heads");
  if (width % heads !== 0) {
    throw new FewbitError(
      "invalid_file",
      `Cannot read config.json: ${heads} heads do not divide hidden_size ${width}`,
    );
  }
  const epsilon = config.layer_norm_eps ?? 1e-12;
  if (typeof epsilon !== "number" || !(epsilon > 0 && epsilon < 1)) {
    throw new FewbitError(
      "invalid_file",
      `Cannot read config.json: expected layer_norm_eps between 0 and 1, got ${epsilon}`,
    );
  }
  const positions = size("max_position_embeddings");
  const { maxTokens = positions, ...sentence } = sentenceConfig(files, width);
  return {
    ...sentence,
    vocabulary: size("vocab_size"),
    width,
    depth: size("num_hidden_layers"),
    heads,
    hidden: size("intermediate_size"),
    positions,
    tokenTypes: size("type_vocab_size"),
    epsilon,
    activation: activationName("huggingFace", "hidden_act", config.hidden_act ?? "gelu"),
    maxTokens: Math.min(maxTokens, positions),
  };
}

/** Refuses what is not a plain BERT encoder, by name. */
function expectBert(config: Json): void {
  const family = config.model_type;
  if (family !== "bert") {
    throw new FewbitError(
      "unsupported",
      `Cannot build encoder: model_type is ${JSON.stringify(family)}, supported is "bert"; ` +
        checkpointKind(config),
    );
  }
  refuseForeign(config);
  const fixed: readonly (readonly [name: string, wanted: unknown])[] = [
    ["position_embedding_type", "absolute"],
    ["embedding_size", config.hidden_size],
  ];
  for (const [name, wanted] of fixed) {
    const value = config[name] ?? wanted;
    if (value !== wanted) {
      throw new FewbitError(
        "unsupported",
        `Cannot build encoder: ${name} is ${JSON.stringify(value)}, supported is ${
          JSON.stringify(wanted)
        }`,
      );
    }
  }
}

function count(file: Json, name: string, path: string): number {
  const value = file[name];
  if (Number.isInteger(value) && Number(value) > 0 && Number(value) <= MOST) return Number(value);
  throw new FewbitError(
    "invalid_file",
    `Cannot read ${path}: expected ${name} from 1 to ${MOST}, got ${JSON.stringify(value)}`,
  );
}
