/** Sizes of BERT encoders, from config.json and the files of sentence-transformers beside it. */
import { FewbitError } from "../errors.ts";
import { activationName } from "./activation_names.ts";

/** A parsed JSON object. */
type Json = Readonly<Record<string, unknown>>;

/** What becomes of the rows of the tokens: their mean, or the first one. */
export type Pooling = "mean" | "cls";

/** A BERT encoder: post-norm, with biases, learned positions and token types. */
export interface BertConfig {
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
  /** What becomes of the rows of the tokens. */
  readonly pooling: Pooling;
  /** Tokens of a text, special ones included; more are cut. */
  readonly maxTokens: number;
}

/** The files of a sentence encoder besides its weights, parsed. */
export interface EncoderFiles {
  /** config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** 1_Pooling/config.json; without it pooling is the mean. */
  readonly pooling?: Readonly<Record<string, unknown>>;
  /** sentence_bert_config.json; without it texts are as long as the position table. */
  readonly sentence?: Readonly<Record<string, unknown>>;
}

/** Most of any size: keeps products of two of them exact. */
const MOST = 2 ** 24;

/**
 * Reads the sizes of an encoder.
 *
 * @throws {FewbitError} `unsupported` for another family or pooling, `invalid_file` for a missing or
 * bad number.
 */
export function bertConfig({ config, pooling, sentence }: EncoderFiles): BertConfig {
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
  const longest = sentence?.max_seq_length === undefined || sentence.max_seq_length === null
    ? positions
    : count(sentence, "max_seq_length", "sentence_bert_config.json");
  return {
    vocabulary: size("vocab_size"),
    width,
    depth: size("num_hidden_layers"),
    heads,
    hidden: size("intermediate_size"),
    positions,
    tokenTypes: size("type_vocab_size"),
    epsilon,
    activation: activationName("huggingFace", "hidden_act", config.hidden_act ?? "gelu"),
    pooling: poolingOf(pooling, width),
    maxTokens: Math.min(longest, positions),
  };
}

/** Refuses what is not a plain BERT encoder, by name. */
function expectBert(config: Json): void {
  const family = config.model_type;
  if (family !== "bert") {
    throw new FewbitError(
      "unsupported",
      `Cannot build encoder: model_type is ${JSON.stringify(family)}, supported is "bert"`,
    );
  }
  const fixed: readonly (readonly [name: string, wanted: unknown])[] = [
    ["position_embedding_type", "absolute"],
    ["is_decoder", false],
    ["add_cross_attention", false],
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

function poolingOf(file: Json | undefined, width: number): Pooling {
  if (file === undefined) return "mean";
  const modes = Object.keys(file).filter((name) =>
    name.startsWith("pooling_mode_") && file[name] === true
  );
  const dimension = file.word_embedding_dimension ?? width;
  if (dimension !== width) {
    throw new FewbitError(
      "invalid_file",
      `Cannot read 1_Pooling/config.json: word_embedding_dimension is ${dimension}, hidden_size ${width}`,
    );
  }
  if (modes.length === 1 && modes[0] === "pooling_mode_mean_tokens") return "mean";
  if (modes.length === 1 && modes[0] === "pooling_mode_cls_token") return "cls";
  throw new FewbitError(
    "unsupported",
    `Cannot build encoder: pooling by ${
      modes.join(" and ") || "nothing"
    }, supported are pooling_mode_mean_tokens or pooling_mode_cls_token`,
  );
}

function count(file: Json, name: string, path: string): number {
  const value = file[name];
  if (Number.isInteger(value) && Number(value) > 0 && Number(value) <= MOST) return Number(value);
  throw new FewbitError(
    "invalid_file",
    `Cannot read ${path}: expected ${name} from 1 to ${MOST}, got ${JSON.stringify(value)}`,
  );
}
