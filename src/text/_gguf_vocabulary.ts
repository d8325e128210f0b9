import { FewbitError } from "../errors.ts";
import type { GgufValue } from "../formats/gguf.ts";

/** Kinds of tokens in `tokenizer.ggml.token_type`. */
export const TOKEN_TYPES = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  byte: 6,
} as const;

/** What Hugging Face keeps in tokenizer.json and tokenizer_config.json. */
export interface GgufTokenizer {
  /** The content of tokenizer.json. */
  readonly tokenizerJson: Readonly<Record<string, unknown>>;
  /** The content of tokenizer_config.json. */
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
}

/** An entry of `added_tokens` in tokenizer.json. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly normalized: false;
}

/** The keys `tokenizer.*` of a GGUF file, checked. */
export class GgufVocabulary {
  /** Kind of tokenizer, such as `llama`. */
  readonly model: string;
  /** Text of each token by id. */
  readonly tokens: readonly string[];
  /** A value of {@linkcode TOKEN_TYPES} for each token. */
  readonly types: readonly number[];
  readonly #metadata: ReadonlyMap<string, GgufValue>;

  constructor(metadata: ReadonlyMap<string, GgufValue>) {
    this.#metadata = metadata;
    this.model = this.text("model") ?? missing("model");
    this.tokens = this.texts("tokens") ?? missing("tokens");
    if (this.tokens.length === 0) throw invalid("it has no tokens");
    this.types = this.numbers("token_type") ??
      new Array<number>(this.tokens.length).fill(TOKEN_TYPES.normal);
  }

  /** The text of `tokenizer.ggml.NAME`; `undefined` where it is not there. */
  text(name: string): string | undefined {
    return this.#value(`tokenizer.ggml.${name}`, "a string", isString);
  }

  flag(name: string, otherwise: boolean): boolean {
    return this.#value(`tokenizer.ggml.${name}`, "a boolean", isBoolean) ?? otherwise;
  }

  texts(name: string): readonly string[] | undefined {
    return this.#value(`tokenizer.ggml.${name}`, "an array of strings", isArrayOf(isString));
  }

  /** One number for each token. */
  numbers(name: string): readonly number[] | undefined {
    const numbers = this.#value(
      `tokenizer.ggml.${name}`,
      "an array of numbers",
      isArrayOf(isNumber),
    );
    if (numbers !== undefined && numbers.length !== this.tokens.length) {
      throw invalid(`${name} has ${numbers.length} numbers for ${this.tokens.length} tokens`);
    }
    return numbers;
  }

  /** The token whose id is in `tokenizer.ggml.NAME`. */
  token(name: string): string | undefined {
    const id = this.#value(`tokenizer.ggml.${name}`, "a number", isNumber);
    if (id === undefined) return undefined;
    const token = this.tokens[id];
    if (token === undefined) {
      throw invalid(`${name} is ${id}, expected an id below ${this.tokens.length}`);
    }
    return token;
  }

  /**
   * Ids by token; of equal tokens the last one counts, as in llama.cpp.
   *
   * @param spelling How the tokenizer spells a normal token.
   */
  ids(spelling: (token: string) => string = (token) => token): Record<string, number> {
    // Defines properties, so that a token may be called `__proto__`.
    return Object.fromEntries(this.tokens.map((token, id) => [
      this.types[id] === TOKEN_TYPES.normal ? spelling(token) : token,
      id,
    ]));
  }

  /** Tokens that are found in text before it is split: special ones, and those of the user. */
  addedTokens(): AddedToken[] {
    return this.tokens.flatMap((content, id) => {
      const type = this.types[id];
      const special = type === TOKEN_TYPES.control || type === TOKEN_TYPES.unknown;
      if (content === "" || !special && type !== TOKEN_TYPES.userDefined) return [];
      return [{ id, content, special, normalized: false }];
    });
  }

  /** What tokenizer_config.json says, whatever the model. */
  config(addBos: boolean, addEos: boolean): Record<string, unknown> {
    const named = {
      bos_token: this.token("bos_token_id"),
      eos_token: this.token("eos_token_id"),
      unk_token: this.token("unknown_token_id"),
      pad_token: this.token("padding_token_id"),
      cls_token: this.token("cls_token_id"),
      mask_token: this.token("mask_token_id"),
      // Writers of GGUF spell the key with this mistake.
      sep_token: this.token("seperator_token_id"),
      chat_template: this.#value("tokenizer.chat_template", "a string", isString),
    };
    return {
      ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
      add_bos_token: addBos,
      add_eos_token: addEos,
      clean_up_tokenization_spaces: false,
    };
  }

  #value<T extends GgufValue>(
    key: string,
    expected: string,
    is: (value: GgufValue) => value is T,
  ): T | undefined {
    const value = this.#metadata.get(key);
    if (value === undefined || is(value)) return value;
    throw invalid(`${key} is not ${expected}`);
  }
}

/** Post-processing that puts special tokens around a text; `undefined` is none. */
export function templateProcessing(
  vocab: Readonly<Record<string, number>>,
  before: string | undefined,
  after: string | undefined,
): Record<string, unknown> | null {
  const tokens = [before, after].filter((token) => token !== undefined);
  if (tokens.length === 0) return null;
  const special = (token: string | undefined, type_id: number) =>
    token === undefined ? [] : [{ SpecialToken: { id: token, type_id } }];
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  return {
    type: "TemplateProcessing",
    single: [...special(before, 0), sequence("A", 0), ...special(after, 0)],
    pair: [
      ...special(before, 0),
      sequence("A", 0),
      ...special(after, 0),
      sequence("B", 1),
      ...special(after, 1),
    ],
    special_tokens: Object.fromEntries(
      tokens.map((token) => [token, { id: token, ids: [vocab[token]], tokens: [token] }]),
    ),
  };
}

/** An error for a vocabulary whose parts do not fit. */
export function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read GGUF vocabulary: ${problem}`);
}

function missing(name: string): never {
  throw new FewbitError(
    "not_found",
    `Cannot read GGUF vocabulary: the metadata has no tokenizer.ggml.${name}`,
  );
}

function isString(value: GgufValue): value is string {
  return typeof value === "string";
}

function isNumber(value: GgufValue): value is number {
  return typeof value === "number";
}

function isBoolean(value: GgufValue): value is boolean {
  return typeof value === "boolean";
}

function isArrayOf<T extends GgufValue>(
  is: (value: GgufValue) => value is T,
): (value: GgufValue) => value is readonly T[] & GgufValue {
  return (value): value is readonly T[] & GgufValue => typeof value === "object" && value.every(is);
}
