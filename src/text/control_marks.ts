import { FewbitError } from "../errors.ts";

/** Characters that Unicode keeps for uses like this one (noncharacters): no text has them to say something. */
const FIRST = 0xfdd0;
const COUNT = 32;
const NONCHARACTERS = /[\ufdd0-\ufdef]/g;

/**
 * Special tokens as single characters, so that a text can hold what a chat template wrote and what users
 * wrote, and only the former has control tokens: those of a template are marks, and what a user types is
 * text, whatever it spells.
 */
export class ControlMarks {
  /** By their text. */
  readonly #ids: ReadonlyMap<string, number>;
  /** By their first code unit, the longest first, as they are found in a text. */
  readonly #contents = new Map<number, string[]>();
  readonly #marks = new Map<string, string>();
  readonly #found = new Map<string, number>();

  /**
   * Begins without any.
   *
   * @param ids Special tokens by their text.
   */
  constructor(ids: ReadonlyMap<string, number>) {
    this.#ids = ids;
    for (const content of [...ids.keys()].sort((a, b) => b.length - a.length)) {
      const first = content.charCodeAt(0);
      this.#contents.set(first, [...this.#contents.get(first) ?? [], content]);
    }
  }

  /** Ids by their marks. */
  get ids(): ReadonlyMap<string, number> {
    return this.#found;
  }

  /** Text of a template, with marks for the special tokens in it. */
  mark(text: string): string {
    const plain = this.plain(text);
    let [marked, from] = ["", 0];
    for (let at = 0; at < plain.length;) {
      const content = this.#contents.get(plain.charCodeAt(at))
        ?.find((content) => plain.startsWith(content, at));
      if (content === undefined) {
        at++;
        continue;
      }
      marked += plain.slice(from, at) + this.#markOf(content);
      from = at += content.length;
    }
    return marked + plain.slice(from);
  }

  /** Text of anybody else, without anything that could be a mark. */
  plain(text: string): string {
    return text.replace(NONCHARACTERS, "\ufffd");
  }

  /** The first special token that a text spells, where there is one. */
  spelled(text: string): string | undefined {
    return [...this.#ids.keys()].find((content) => text.includes(content));
  }

  #markOf(content: string): string {
    const known = this.#marks.get(content);
    if (known !== undefined) return known;
    if (this.#marks.size === COUNT) {
      throw new FewbitError(
        "unsupported",
        `Cannot read chat template: it has more than ${COUNT} different special tokens`,
      );
    }
    const mark = String.fromCharCode(FIRST + this.#marks.size);
    this.#marks.set(content, mark);
    this.#found.set(mark, this.#ids.get(content)!);
    return mark;
  }
}
