/** Sizes of a MatMul-free language model from its config.json (`HGRNBitForCausalLM`). */
import { FewbitError } from "../errors.ts";
import { refuseForeign } from "./_huggingface_common.ts";
import { checkpointKind } from "./model_kind.ts";

/** A MatMul-free language model. */
export interface HgrnBitConfig {
  /** Pieces of the vocabulary. */
  readonly vocabularySize: number;
  /** Channels. */
  readonly width: number;
  /** Layers. */
  readonly depth: number;
  /** Channels between the two linear layers of an MLP. */
  readonly hidden: number;
  /** Epsilon of the norms of blocks and gates; that of ternary layers is fixed. */
  readonly epsilon: number;
  /** Whether forget gates of all layers but the first have a lower bound. */
  readonly lowerBound: boolean;
  /** Whether the head has the weights of the embedding. */
  readonly tied: boolean;
  /** Short convolutions, where there are some: one before the projections, or one after i and f each. */
  readonly shortConv: { readonly taps: number; readonly shared: boolean } | undefined;
}

/** Largest sizes that a config may ask for; the largest published model has 32 layers of 2560. */
const MOST = { vocabulary: 2 ** 20, width: 2 ** 16, depth: 512, hidden: 2 ** 18, taps: 64 };

/** The MLP's size is a multiple of this. */
const HIDDEN_MULTIPLE = 256;

/** Whether a config.json is that of a MatMul-free language model. */
function isHgrnBitConfig(config: Readonly<Record<string, unknown>>): boolean {
  const { architectures, model_type: type } = config;
  return type === "hgrn_bit" ||
    (Array.isArray(architectures) && architectures.includes("HGRNBitForCausalLM"));
}

/**
 * Reads a config.json. What the authors' code ignores (heads, which only reshape; positions; the
 * initialiser) is ignored here; what would change results and is not done is refused by name.
 *
 * @param config The parsed file.
 * @throws {FewbitError} `unsupported` for a setting that is not done, `invalid_file` for a missing or
 * bad value.
 */
export function hgrnBitConfig(config: Readonly<Record<string, unknown>>): HgrnBitConfig {
  if (!isHgrnBitConfig(config)) {
    throw new FewbitError(
      "unsupported",
      `Config: architectures is ${quoted(config.architectures)}, expected HGRNBitForCausalLM, ` +
        `LlamaForCausalLM or BitNetForCausalLM; ` +
        checkpointKind(config),
    );
  }
  refuseForeign({ ...config, auto_map: null });
  const expand = config.expand_ratio ?? 1;
  if (expand !== 1) {
    throw new FewbitError(
      "unsupported",
      `Config: expand_ratio is ${quoted(expand)}; lower bounds fit the ratio 1 only`,
    );
  }
  const activation = config.hidden_act ?? "swish";
  if (activation !== "swish" && activation !== "silu") {
    throw new FewbitError(
      "unsupported",
      `Config: hidden_act is ${quoted(activation)}; the MLP is a SwiGLU ("swish")`,
    );
  }
  const width = integer(config, "hidden_size", MOST.width);
  return {
    vocabularySize: integer(config, "vocab_size", MOST.vocabulary),
    width,
    depth: integer(config, "num_hidden_layers", MOST.depth),
    hidden: hiddenSize(config, width),
    epsilon: positive(config, "rms_norm_eps", 1, 1e-6),
    lowerBound: flag(config, "use_lower_bound", true),
    tied: flag(config, "tie_word_embeddings", false),
    shortConv: flag(config, "use_short_conv", false)
      ? {
        taps: integer(config, "conv_size", MOST.taps, 4),
        shared: flag(config, "share_conv_kernel", true),
      }
      : undefined,
  };
}

/** `intermediate_size`, else two thirds of `hidden_ratio` widths, truncated, up to a whole multiple. */
function hiddenSize(config: Readonly<Record<string, unknown>>, width: number): number {
  if ((config.intermediate_size ?? null) !== null) {
    return integer(config, "intermediate_size", MOST.hidden);
  }
  const ratio = positive(config, "hidden_ratio", 64, 4);
  const hidden = HIDDEN_MULTIPLE * Math.ceil(Math.trunc(width * ratio * 2 / 3) / HIDDEN_MULTIPLE);
  if (hidden < 1 || hidden > MOST.hidden) {
    throw new FewbitError(
      "invalid_file",
      `Config: hidden_ratio ${ratio} of ${width} channels gives an MLP of ${hidden} channels`,
    );
  }
  return hidden;
}

function positive(
  config: Readonly<Record<string, unknown>>,
  name: string,
  most: number,
  fallback?: number,
): number {
  const value = config[name] ?? fallback;
  if (typeof value === "number" && value > 0 && value <= most) return value;
  throw new FewbitError(
    "invalid_file",
    `Config: ${name} is ${quoted(value)}, expected a positive number up to ${most}`,
  );
}

function integer(
  config: Readonly<Record<string, unknown>>,
  name: string,
  most: number,
  fallback?: number,
): number {
  const value = positive(config, name, most, fallback);
  if (Number.isInteger(value)) return value;
  throw new FewbitError("invalid_file", `Config: ${name} is ${value}, expected an integer`);
}

function flag(
  config: Readonly<Record<string, unknown>>,
  name: string,
  fallback: boolean,
): boolean {
  const value = config[name] ?? fallback;
  if (typeof value === "boolean") return value;
  throw new FewbitError("invalid_file", `Config: ${name} is ${quoted(value)}, expected a boolean`);
}

/** What a config holds, for a message; not `String`, which an object may have redefined. */
function quoted(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 100);
}
