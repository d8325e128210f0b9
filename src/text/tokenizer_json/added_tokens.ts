import { FewbitError } from "../../errors.ts";
import type { Budget } from "../budget.ts";
import { white, word } from "../unicode/properties.ts";
import { invalid } from "./json.ts";
import { checkedId } from "./models/vocab.ts";
import { SectionReader } from "./section_reader.ts";

/** The longest added token, in code units. */
const MAX_LENGTH = 2 ** 12;

/** A token that is found in a text before the model sees it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Not found inside a word. */
  readonly singleWord: boolean;
  /** Takes white space before it. */
  readonly lstrip: boolean;
  /** Takes white space after it. */
  readonly rstrip: boolean;
  /** Found in the normalized text, as it is normalized itself. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** A part of a text, with an id if it is a token. */
export interface AddedPart {
  readonly start: number;
  readonly end: number;
  readonly id: number | undefined;
}

/** How a text says where its special tokens are: by marks, and nowhere else. */
export interface Marks {
  /** Special tokens by the code units that stand for them. */
  readonly tokens: ReadonlyMap<number, AddedToken>;
  /** Whether a token is one that text does not spell, that of unknown words among them. */
  readonly isSpecial: (id: number) => boolean;
  /** Whether an id may come from a mark only. */
  readonly isControl: (id: number) => boolean;
}

/**
 * The section `added_tokens`. As in Rust a token that the vocabulary has keeps its id there; others are
 * numbered on from the end of the vocabulary, and a file that says otherwise is refused.
 */
export function readAddedTokens(
  section: unknown,
  vocab: ReadonlyMap<string, number>,
): AddedToken[] {
  if (!Array.isArray(section)) throw invalid("added_tokens is not an array");
  const tokens = new Map<number, AddedToken>();
  const ids = new Map<string, number>();
  let next = vocab.size;
  for (const entry of section) {
    const token = readToken(entry);
    if (token.content === "") continue;
    const id = ids.get(token.content) ?? vocab.get(token.content) ?? next++;
    if (id !== token.id) {
      throw new FewbitError(
        "unsupported",
        `Cannot read tokenizer.json: the added token ${
          shown(token.content)
        } has the id ${token.id}, ` +
          `where the vocabulary or the order of added tokens gives it ${id}`,
      );
    }
    ids.set(token.content, id);
    tokens.set(id, token);
  }
  return [...tokens.values()];
}

function readToken(entry: unknown): AddedToken {
  const reader = new SectionReader(entry, "added_tokens", 0, "AddedToken");
  const content = reader.value("content");
  if (typeof content !== "string") throw invalid("an added token has no content");
  if (content.length > MAX_LENGTH || !content.isWellFormed()) {
    throw invalid(`an added token has ${content.length} code units, or half of a surrogate pair`);
  }
  const special = reader.flag("special", false);
  const token = {
    id: checkedId(content, reader.value("id")),
    content,
    singleWord: reader.flag("single_word", false),
    lstrip: reader.flag("lstrip", false),
    rstrip: reader.flag("rstrip", false),
    normalized: reader.flag("normalized", !special),
    special,
  };
  reader.end();
  return token;
}

function shown(token: string): string {
  return JSON.stringify(token.slice(0, 100));
}

/** Finds added tokens in a text: of those that begin first the longest. */
export class AddedTokenFinder {
  /** By the first code unit, the longest first. */
  readonly #tokens = new Map<number, (readonly [pattern: string, token: AddedToken])[]>();

  constructor(tokens: readonly AddedToken[], normalize?: (content: string) => string) {
    const seen = new Set<string>();
    for (const token of tokens) {
      const pattern = normalize?.(token.content) ?? token.content;
      if (pattern === "" || seen.has(pattern)) {
        throw new FewbitError(
          "unsupported",
          `Cannot read tokenizer.json: ${
            shown(token.content)
          } is nothing, or another added token, once it is normalized`,
        );
      }
      seen.add(pattern);
      const first = pattern.charCodeAt(0);
      this.#tokens.set(first, [...this.#tokens.get(first) ?? [], [pattern, token]]);
    }
    for (const tokens of this.#tokens.values()) {
      tokens.sort(([a], [b]) => b.length - a.length);
    }
  }

  /** Cuts a text into tokens and what is between them. */
  find(text: string, budget: Budget, marks?: Marks): AddedPart[] {
    if (this.#tokens.size === 0 && marks === undefined) {
      return [{ start: 0, end: text.length, id: undefined }];
    }
    const parts: AddedPart[] = [];
    let from = 0;
    for (let at = 0; at < text.length;) {
      const found = this.#at(text, at, budget, marks);
      if (found === undefined) {
        at++;
        continue;
      }
      const [length, token] = found;
      let [start, end] = [at, at + length];
      at = end;
      if (token.singleWord && !isSingle(text, start, end)) continue;
      if (token.lstrip) {
        while (start > from && white().has(text.charCodeAt(start - 1))) start--;
        // The token before may have taken this one as white space.
        start = Math.max(start, from);
      }
      if (token.rstrip) { while (end < text.length && white().has(text.charCodeAt(end))) end++; }
      if (from < start) parts.push({ start: from, end: start, id: undefined });
      if (start < end) parts.push({ start, end, id: token.id });
      from = end;
    }
    if (from < text.length) parts.push({ start: from, end: text.length, id: undefined });
    return parts;
  }

  /** The token that begins at a place, and its length in the text. */
  #at(
    text: string,
    at: number,
    budget: Budget,
    marks: Marks | undefined,
  ): readonly [length: number, token: AddedToken] | undefined {
    const unit = text.charCodeAt(at);
    const marked = marks?.tokens.get(unit);
    if (marked !== undefined) return [1, marked];
    const found = this.#tokens.get(unit)?.find(([pattern, { id }]) => {
      if (marks?.isSpecial(id)) return false;
      budget.spend(1 + pattern.length / 4);
      return text.startsWith(pattern, at);
    });
    return found && [found[0].length, found[1]];
  }
}

/** Whether no word character is beside a part of a text. */
function isSingle(text: string, start: number, end: number): boolean {
  const words = word();
  const low = start > 0 ? text.charCodeAt(start - 1) : 0;
  const before = start > 0 && (low & 0xfc00) === 0xdc00 ? text.codePointAt(start - 2)! : low;
  const isWordBefore = start > 0 && words.has(before);
  return !isWordBefore && !(end < text.length && words.has(text.codePointAt(end)!));
}
