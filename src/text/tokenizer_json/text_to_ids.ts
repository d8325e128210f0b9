import { FewbitError } from "../../errors.ts";
import { Budget } from "../budget.ts";
import { AddedTokenFinder, readAddedTokens } from "./added_tokens.ts";
import type { AddedToken, Marks } from "./added_tokens.ts";
import { readDecoder } from "./decoder.ts";
import type { Decoder } from "./decoder.ts";
import { invalid, isObject } from "./json.ts";
import type { Json } from "./json.ts";
import { readModel } from "./models/read_model.ts";
import type { Model } from "./models/model.ts";
import { readNormalizer } from "./normalizer.ts";
import type { Normalizer } from "./normalizer.ts";
import { readPostProcessor, UNFRAMED } from "./post_processor.ts";
import type { Frames } from "./post_processor.ts";
import { readPreTokenizer } from "./pre_tokenizer.ts";
import type { PreTokenizer } from "./_split.ts";
import { SectionReader } from "./section_reader.ts";
import type { Piece } from "./_split.ts";

/** Unless a file has a decoder, tokens are words. */
const JOIN_WORDS: Decoder = (tokens) => [tokens.join(" ")];

/** What a tokenizer.json says, read whole: a text goes through its sections in this order. */
export class TextToIds {
  readonly model: Model;
  readonly frames: Frames;
  /** Added tokens by their ids. */
  readonly added: ReadonlyMap<number, AddedToken>;
  readonly #normalizer: Normalizer | undefined;
  readonly #preTokenizer: PreTokenizer | undefined;
  readonly #decoder: Decoder;
  /** Tokens that are found before normalization, and those that are found after it. */
  readonly #raw: AddedTokenFinder;
  readonly #normalized: AddedTokenFinder;
  readonly #tokens = new Map<number, string>();

  constructor(tokenizer: unknown) {
    const { normalizer, pre_tokenizer, model, post_processor, decoder, added_tokens } = sections(
      tokenizer,
    );
    this.model = readModel(model);
    this.#normalizer = present(normalizer, readNormalizer);
    this.#preTokenizer = present(pre_tokenizer, readPreTokenizer);
    this.frames = present(post_processor, readPostProcessor) ?? UNFRAMED;
    this.#decoder = present(decoder, readDecoder) ?? JOIN_WORDS;
    const added = readAddedTokens(added_tokens ?? [], this.model.vocab);
    this.added = new Map(added.map((token) => [token.id, token]));
    const normalize = (content: string) => this.#normalize(content);
    this.#raw = new AddedTokenFinder(added.filter((token) => !token.normalized));
    this.#normalized = new AddedTokenFinder(added.filter((token) => token.normalized), normalize);
    for (const [token, id] of this.model.vocab) this.#tokens.set(id, token);
    // As it was normalized: that is how the Rust tokenizers write it.
    for (const { id, content, normalized } of added) {
      this.#tokens.set(id, normalized ? normalize(content) : content);
    }
  }

  /** The ids of a text that is well formed, without what frames it. */
  encode(text: string, marks?: Marks): number[] {
    const budget = new Budget(text.length, "encode");
    const ids: number[] = [];
    for (const { start, end, id } of this.#raw.find(text, budget, marks)) {
      if (id !== undefined) ids.push(id);
      else this.#encodePart(text.slice(start, end), start === 0, ids, budget, marks);
    }
    return ids;
  }

  /** The text of ids, those without a token left out. */
  decode(ids: Iterable<number>, lossy: boolean): string {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.#tokens.get(id);
      if (token !== undefined) tokens.push(token);
    }
    return tokens.length === 0 ? "" : this.#decoder(tokens, lossy).join("");
  }

  /** A part of a text between added tokens that are found before normalization. */
  #encodePart(
    text: string,
    isStart: boolean,
    ids: number[],
    budget: Budget,
    marks: Marks | undefined,
  ): void {
    const normalized = this.#normalize(text, budget);
    const lead = isStart ? this.#lead(text, normalized, budget) : 0;
    for (const { start, end, id } of this.#normalized.find(normalized, budget, marks)) {
      if (id !== undefined) {
        ids.push(id);
        continue;
      }
      const piece: Piece = {
        text: normalized.slice(start, end),
        lead: Math.max(0, Math.min(lead, end) - start),
      };
      if (piece.text === "") continue;
      for (const { text } of this.#preTokenizer?.([piece], budget) ?? [piece]) {
        const before = ids.length;
        this.model.encode(text, ids, budget);
        if (marks !== undefined) expectText(text, ids.slice(before), marks);
      }
    }
  }

  /**
   * Code units of the normalized text that come from the first character. Where that vanishes alone, as
   * white space does by a `Strip` on the right, the text without it tells.
   */
  #lead(text: string, normalized: string, budget: Budget): number {
    const first = firstOf(text);
    const alone = this.#normalize(first, budget).length;
    if (alone > 0 || normalized === "") return alone;
    return Math.max(0, normalized.length - this.#normalize(text.slice(first.length)).length);
  }

  #normalize(text: string, budget = new Budget(text.length, "normalize")): string {
    return this.#normalizer?.(text, budget) ?? text;
  }
}

/** Vocabularies may have special tokens among the words that a text is made of. */
function expectText(text: string, ids: readonly number[], { isControl }: Marks): void {
  if (!ids.some(isControl)) return;
  throw new FewbitError(
    "unsupported",
    `Cannot encode ${
      JSON.stringify(text.slice(0, 80))
    } as text: the vocabulary has no other ids for it than a special token`,
  );
}

function firstOf(text: string): string {
  return text === "" ? "" : String.fromCodePoint(text.codePointAt(0)!);
}

function present<T>(section: unknown, read: (section: unknown) => T): T | undefined {
  return section === null || section === undefined ? undefined : read(section);
}

/** The sections; truncation and padding are for batches of one length, which nothing here needs. */
function sections(tokenizer: unknown): Json {
  if (!isObject(tokenizer)) throw invalid("it is not an object");
  const reader = new SectionReader(tokenizer, "file", 0, "tokenizer.json");
  reader.ignore("truncation", "padding");
  const version = reader.value("version") ?? "1.0";
  if (version !== "1.0") throw reader.unsupported(`the version ${JSON.stringify(version)}`);
  const names = [
    "added_tokens",
    "normalizer",
    "pre_tokenizer",
    "model",
    "post_processor",
    "decoder",
  ];
  const found = Object.fromEntries(names.map((name) => [name, reader.value(name)]));
  reader.end();
  return found;
}
