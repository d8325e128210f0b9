import { FewbitError } from "../errors.ts";
import { pairLengths } from "./_pair_lengths.ts";
import { invalid, isObject } from "./tokenizer_json/json.ts";
import type { Json } from "./tokenizer_json/json.ts";
import { cleanUpSpaces as withoutSpaces } from "./tokenizer_json/decoder.ts";
import type { Frame } from "./tokenizer_json/post_processor.ts";
import type { AddedToken, Marks } from "./tokenizer_json/added_tokens.ts";
import { TextToIds } from "./tokenizer_json/text_to_ids.ts";

/** The longest text, in UTF-16 code units. */
export const MAX_TEXT_LENGTH: number = 2 ** 22;

/** How a text becomes ids. */
export interface TokenizerEncodeOptions {
  /** Add what the post-processor, `add_bos_token` and `add_eos_token` say. Default true. */
  readonly addSpecialTokens?: boolean;
  /**
   * The most ids, special ones included; the end of the text is cut and the special tokens stay.
   * Default: all ids.
   */
  readonly maxTokens?: number;
  /** A second text. Of the two the longer one is cut first. */
  readonly pair?: string;
  /**
   * Where the special tokens are: characters of the text that stand for them, by their ids. What spells a
   * special token is text then. Default: special tokens are wherever the text spells them.
   */
  readonly marks?: ReadonlyMap<string, number>;
}

/** A text as ids. */
export interface TokenizerEncoding {
  /** At most `maxTokens`. */
  readonly ids: Int32Array;
  /** Whether `maxTokens` cut the text. */
  readonly truncated: boolean;
  /** How many ids there are without `maxTokens`. */
  readonly tokens: number;
}

/** How ids become a text. */
export interface TokenizerDecodeOptions {
  /** Leave special tokens out. Default false. */
  readonly skipSpecialTokens?: boolean;
  /** Drop spaces before punctuation. Default: `clean_up_tokenization_spaces` of the config, else false. */
  readonly cleanUpSpaces?: boolean;
  /**
   * Where tokens that stand for bytes are no UTF-8: one U+FFFD for each incomplete character, so that what
   * is complete stays as it is. Default false: a run of bytes becomes U+FFFD as a whole, as in Rust.
   */
  readonly lossyBytes?: boolean;
}

/** What a special token is for. */
export type SpecialToken = "bos" | "eos" | "unk" | "sep" | "pad" | "cls" | "mask";

/** The roles that `tokenizer_config.json` gives to tokens. */
const ROLES: readonly SpecialToken[] = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"];

/**
 * Text to ids and back as `tokenizer.json` says: the ids are those of the Rust tokenizers (0.23.3), the same
 * on every host, whatever version of Unicode it has. What a file has that this does not do is refused when it
 * is read. Besides:
 *
 * - `tokenizer_config.json` may be missing; spaces are cleaned up only if it says so;
 * - the truncation and padding of `tokenizer.json` are ignored; `maxTokens` keeps the special tokens;
 * - bos is added if the post-processor or `add_bos_token` says so, eos likewise.
 *
 * Half of a surrogate pair counts as U+FFFD. Time and memory are bounded by the length of the text: a hostile
 * `tokenizer.json`, whose patterns would take exponential time, ends in `limit_exceeded`.
 *
 * @example
 * ```ts
 * import { Tokenizer } from "@fewbit/fewbit";
 *
 * const vocab = { "[UNK]": 0, "hello": 1, "##s": 2 };
 * const tokenizer = Tokenizer.fromJson({
 *   normalizer: { type: "Lowercase" },
 *   pre_tokenizer: { type: "Whitespace" },
 *   model: { type: "WordPiece", vocab, unk_token: "[UNK]", continuing_subword_prefix: "##" },
 *   decoder: { type: "WordPiece", prefix: "##", cleanup: false },
 * });
 * const { ids } = tokenizer.encode("Hellos");
 * console.log(ids, tokenizer.decode(ids)); // Int32Array [ 1, 2 ] "hellos"
 * ```
 */
export class Tokenizer {
  /** `tokenizer_config.json`, or an empty object. */
  readonly config: Readonly<Record<string, unknown>>;
  /** One more than the largest id. */
  readonly vocabSize: number;
  /** Ids of the special tokens that the config names and the vocabulary has. */
  readonly specialIds: Readonly<Partial<Record<SpecialToken, number>>>;
  /** Ids of all special tokens that are found in a text, by what it has to spell. */
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly #textToIds: TextToIds;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #tokens: ReadonlyMap<number, string>;
  readonly #special: ReadonlySet<number>;
  readonly #single: Frame;
  readonly #pair: Frame | undefined;

  private constructor(textToIds: TextToIds, config: Json) {
    this.config = config;
    this.#textToIds = textToIds;
    const ids = new Map(textToIds.model.vocab);
    for (const { content, id } of textToIds.added.values()) ids.set(content, id);
    this.#ids = ids;
    this.#tokens = new Map([...ids].map(([token, id]) => [id, token]));
    this.vocabSize = [...ids.values()].reduce((most, id) => Math.max(most, id + 1), 0);
    this.specialIds = specialIds(config, ids, textToIds.model.unknown);
    this.#special = specialSet(config, this.specialIds, textToIds, ids);
    this.specialTokens = new Map(
      [...textToIds.added.values()].filter(({ id }) => this.#special.has(id))
        .map(({ content, id }) => [content, id]),
    );
    this.#single = this.#framed(textToIds.frames.single);
    const { pair } = textToIds.frames;
    this.#pair = pair && this.#framed(pair);
  }

  /**
   * Takes the objects of `tokenizer.json` and `tokenizer_config.json`. Throws `invalid_file` if they
   * are not what they should be, and `unsupported` for a section or key that is not known.
   */
  static fromJson(tokenizerJson: unknown, tokenizerConfig: unknown = {}): Tokenizer {
    if (!isObject(tokenizerConfig)) {
      throw new FewbitError("invalid_file", "Cannot read tokenizer_config.json: it is no object");
    }
    try {
      return new Tokenizer(new TextToIds(tokenizerJson), tokenizerConfig);
    } catch (error) {
      if (error instanceof FewbitError) throw error;
      throw invalid(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  /** Ids of the special tokens in front of a text and behind it. */
  get frame(): { readonly before: readonly number[]; readonly after: readonly number[] } {
    return this.#single;
  }

  /**
   * Text to ids. Throws `limit_exceeded` for a text of more than 2^22 UTF-16 code units or one that takes
   * too many steps, `invalid_argument` if the special tokens alone are more than `maxTokens`, and
   * `invalid_file` if the text shows that `tokenizer.json` is incomplete.
   */
  encode(text: string, options: TokenizerEncodeOptions = {}): TokenizerEncoding {
    const { addSpecialTokens = true, maxTokens, pair } = options;
    const marks = options.marks && this.#marks(options.marks);
    const frame = pair === undefined ? this.#single : this.#pair;
    if (frame === undefined) {
      throw new FewbitError(
        "unsupported",
        "Cannot encode a pair: the post-processor of tokenizer.json leaves out a text or swaps them",
      );
    }
    const { before, between, after } = addSpecialTokens ? frame : NOTHING;
    const first = this.#encode(text, marks);
    const second = pair === undefined ? [] : this.#encode(pair, marks);
    const special = before.length + between.length + after.length;
    const tokens = special + first.length + second.length;
    checkMaxTokens(maxTokens, special);
    const room = (maxTokens ?? tokens) - special;
    const [m, n] = pair === undefined
      ? [Math.min(first.length, room), 0]
      : pairLengths(first.length, second.length, room);
    const ids = joined([before, first.slice(0, m), between, second.slice(0, n), after]);
    return { ids, truncated: ids.length < tokens, tokens };
  }

  /**
   * Ids to text. An id without a token, as in the padding of an embedding table, has no text; incomplete
   * UTF-8 becomes U+FFFD. Throws `invalid_argument` for what is no integer of at least 0.
   */
  decode(ids: Iterable<number>, options: TokenizerDecodeOptions = {}): string {
    const { skipSpecialTokens = false, cleanUpSpaces, lossyBytes = false } = options;
    const known: number[] = [];
    for (const id of ids) {
      if (!Number.isInteger(id) || id < 0) {
        throw new FewbitError(
          "invalid_argument",
          `Cannot decode: an id is ${id}, expected an integer of at least 0`,
        );
      }
      if (this.idToToken(id) === undefined || (skipSpecialTokens && this.isSpecial(id))) continue;
      known.push(id);
    }
    const text = this.#textToIds.decode(known, lossyBytes);
    const cleanUp = cleanUpSpaces ?? this.config.clean_up_tokenization_spaces === true;
    return cleanUp ? withoutSpaces(text) : text;
  }

  /** The token of an id as the vocabulary writes it; `undefined` if there is none. */
  idToToken(id: number): string | undefined {
    return this.#tokens.get(id);
  }

  /** The id of a token as the vocabulary writes it; `undefined` if there is none. */
  tokenToId(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** Whether an id is a special token: bos, eos, `[SEP]`, one marked so in `tokenizer.json`. */
  isSpecial(id: number): boolean {
    return this.#special.has(id);
  }

  #encode(text: string, marks: Marks | undefined): readonly number[] {
    if (text.length > MAX_TEXT_LENGTH) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot encode: the text has ${text.length} UTF-16 code units, at most ${MAX_TEXT_LENGTH} are allowed`,
      );
    }
    return this.#textToIds.encode(text.toWellFormed(), marks);
  }

  /** Special tokens by the code units that stand for them. */
  #marks(ids: ReadonlyMap<string, number>): Marks {
    const { added } = this.#textToIds;
    const tokens = new Map([...ids].map(([mark, id]): [number, AddedToken] => {
      const token = added.get(id);
      if (token !== undefined && mark.length === 1) return [mark.charCodeAt(0), token];
      throw new FewbitError(
        "invalid_argument",
        `Cannot encode: ${
          JSON.stringify(mark)
        } for the id ${id} is no mark: expected one code unit for an added token`,
      );
    }));
    // Words that the vocabulary does not have get a special id, too, which says no more than that.
    const isSpecial = (id: number): boolean => this.isSpecial(id);
    const isControl = (id: number): boolean => isSpecial(id) && id !== this.specialIds.unk;
    return { tokens, isSpecial, isControl };
  }

  /** With bos and eos where the config asks for them and the post-processor does not add them. */
  #framed(frame: Frame): Frame {
    const { bos, eos } = this.specialIds;
    const addBos = this.config.add_bos_token === true && bos !== undefined &&
      frame.before[0] !== bos;
    const addEos = this.config.add_eos_token === true && eos !== undefined &&
      frame.after.at(-1) !== eos;
    return {
      before: addBos ? [bos, ...frame.before] : frame.before,
      between: frame.between,
      after: addEos ? [...frame.after, eos] : frame.after,
    };
  }
}

/** Lists one after another; they may be too long to be arguments. */
function joined(lists: readonly (readonly number[])[]): Int32Array<ArrayBuffer> {
  const ids = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    ids.set(list, at);
    at += list.length;
  }
  return ids;
}

const NOTHING: Frame = { before: [], between: [], after: [] };

function checkMaxTokens(maxTokens: number | undefined, special: number): void {
  if (maxTokens === undefined || (Number.isSafeInteger(maxTokens) && maxTokens >= special)) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot encode: maxTokens is ${maxTokens}, expected an integer of at least ${special}, the number of special tokens`,
  );
}

/** By the config's names, which are strings or objects with a content; unk also by the model's. */
function specialIds(
  config: Json,
  vocab: ReadonlyMap<string, number>,
  unknown: number | undefined,
): Partial<Record<SpecialToken, number>> {
  const ids: Partial<Record<SpecialToken, number>> = {};
  for (const role of ROLES) {
    const named = config[`${role}_token`];
    const token = isObject(named) ? named.content : named;
    const id = typeof token === "string" ? vocab.get(token) : undefined;
    if (id !== undefined) ids[role] = id;
  }
  const unk = ids.unk ?? unknown;
  if (unk !== undefined) ids.unk = unk;
  return ids;
}

/** The ids that `skipSpecialTokens` leaves out. */
function specialSet(
  config: Json,
  byRole: Partial<Record<SpecialToken, number>>,
  { added }: TextToIds,
  vocab: ReadonlyMap<string, number>,
): Set<number> {
  const ids = new Set(Object.values(byRole));
  for (const { id, special } of added.values()) if (special) ids.add(id);
  const { additional_special_tokens } = config;
  for (const named of Array.isArray(additional_special_tokens) ? additional_special_tokens : []) {
    const id = vocab.get(isObject(named) ? String(named.content) : String(named));
    if (id !== undefined) ids.add(id);
  }
  return ids;
}
