import { FewbitError } from "../../errors.ts";
import { invalid, isObject } from "./json.ts";
import type { Json } from "./json.ts";

/** Sections in each other. */
const MAX_DEPTH = 32;

/**
 * Reads a section of tokenizer.json. What Rust would ignore or read otherwise is refused: every key has to be
 * asked for.
 */
export class SectionReader {
  /** What the section says it is. */
  readonly type: string;
  readonly #section: Json;
  readonly #name: string;
  readonly #depth: number;
  readonly #known = new Set(["type"]);

  constructor(section: unknown, name: string, depth = 0, type?: string) {
    if (!isObject(section)) throw invalid(`${name} is not an object`);
    if (depth > MAX_DEPTH) throw invalid(`${name} is nested more than ${MAX_DEPTH} deep`);
    const said = section.type ?? type;
    if (typeof said !== "string") throw invalid(`${name} has no type`);
    this.type = said;
    this.#section = section;
    this.#name = name;
    this.#depth = depth;
  }

  /** The error for a type that this does not know. */
  unknown(): FewbitError {
    return new FewbitError(
      "unsupported",
      `Cannot read tokenizer.json: the ${this.#name} ${
        JSON.stringify(this.type.slice(0, 80))
      } is not known`,
    );
  }

  /** The error for a value that this does not do. */
  unsupported(what: string): FewbitError {
    return new FewbitError(
      "unsupported",
      `Cannot read tokenizer.json: the ${this.#name} ${this.type} has ${what}`,
    );
  }

  /** The error for a value that is not what it should be. */
  invalid(what: string): FewbitError {
    return invalid(`the ${this.#name} ${this.type}: ${what}`);
  }

  /** Takes keys that change no ids. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#known.add(key);
  }

  /** A value as it is. */
  value(key: string): unknown {
    this.#known.add(key);
    return this.#section[key];
  }

  flag(key: string, otherwise?: boolean): boolean {
    const value = this.value(key) ?? otherwise;
    if (typeof value === "boolean") return value;
    throw this.invalid(`${key} is not true or false`);
  }

  text(key: string, otherwise?: string): string {
    const value = this.value(key) ?? otherwise;
    if (typeof value === "string" && value.isWellFormed()) return value;
    throw this.invalid(`${key} is not a text`);
  }

  /** A text of one code point. */
  character(key: string): string {
    const text = this.text(key);
    if ([...text].length === 1) return text;
    throw this.invalid(`${key} is ${JSON.stringify(text.slice(0, 80))}, expected one character`);
  }

  /** An integer of at least 0. */
  count(key: string, otherwise?: number): number {
    const value = this.value(key) ?? otherwise;
    if (Number.isSafeInteger(value) && value as number >= 0) return value as number;
    throw this.invalid(
      `${key} is ${String(value).slice(0, 80)}, expected an integer of at least 0`,
    );
  }

  /** One of some words. */
  choice<T extends string>(key: string, words: readonly T[], otherwise?: T): T {
    const value = this.value(key) ?? otherwise;
    if (words.includes(value as T)) return value as T;
    throw this.invalid(
      `${key} is ${JSON.stringify(value)?.slice(0, 80)}, expected ${words.join(", ")}`,
    );
  }

  /** The sections of a sequence. */
  sections<T>(key: string, read: (section: unknown, depth: number) => T): T[] {
    const value = this.value(key);
    if (!Array.isArray(value)) throw this.invalid(`${key} is not an array`);
    return value.map((section) => read(section, this.#depth + 1));
  }

  /** Has to be called at the end: a key that nothing asked for is refused. */
  end(): void {
    for (const key of Object.keys(this.#section)) {
      if (!this.#known.has(key)) {
        throw this.unsupported(`the key ${JSON.stringify(key.slice(0, 80))}`);
      }
    }
  }
}
