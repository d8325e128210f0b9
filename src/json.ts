/** JSON from files, which may be hostile: what it takes is bounded before it is parsed. */
import { FewbitError } from "./errors.ts";
import { foreignFile } from "./foreign_file.ts";

/** Bounds of {@linkcode parseJson}. */
export interface JsonBounds {
  /** Deepest nesting of objects and arrays. Default 100. */
  readonly maxDepth?: number;
  /**
   * Most values, counted as commas and opening brackets. A value of two bytes can take a hundred in
   * memory, so that bytes alone bound nothing. Default 4,194,304: twice the largest tokenizer.json.
   */
  readonly maxValues?: number;
  /** Whether a key that one object has twice is refused; `JSON.parse` takes the last one. */
  readonly uniqueKeys?: boolean;
}

/** Largest JSON file: more than any tokenizer.json, less than the longest string of a host. */
export const MAX_JSON_BYTES = 2 ** 28;

/**
 * Parses JSON.
 *
 * @param action What fails otherwise, such as `Cannot read config.json`.
 * @param source Text, or bytes in UTF-8.
 * @throws {FewbitError} `invalid_file` for what is not JSON or nested too deep, `limit_exceeded` for too
 * many values or bytes.
 */
export function parseJson(
  action: string,
  source: string | Uint8Array,
  bounds: JsonBounds = {},
): unknown {
  if (source.length > MAX_JSON_BYTES) {
    throw new FewbitError(
      "limit_exceeded",
      `${action}: JSON of ${source.length} bytes, expected at most ${MAX_JSON_BYTES}`,
    );
  }
  try {
    const text = typeof source === "string"
      ? source
      : new TextDecoder("utf-8", { fatal: true }).decode(source);
    scan(action, text, bounds);
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof FewbitError) throw cause;
    const start = typeof source === "string"
      ? new TextEncoder().encode(source.slice(0, 512))
      : source;
    const foreign = foreignFile(start, "text in JSON");
    throw new FewbitError("invalid_file", `${action}: ${foreign ?? "the text is not JSON"}`, {
      cause,
    });
  }
}

/** Throws beyond the bounds. Text that is not JSON passes or not: `JSON.parse` is there to refuse it. */
function scan(
  action: string,
  json: string,
  { maxDepth = 100, maxValues = 2 ** 22, uniqueKeys = false }: JsonBounds,
): void {
  const scopes: (Set<string> | undefined)[] = [];
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case "{":
      case "[":
        values++;
        if (scopes.push(undefined) > maxDepth) {
          throw new FewbitError(
            "invalid_file",
            `${action}: JSON is nested deeper than ${maxDepth} levels`,
          );
        }
        break;
      case "}":
      case "]":
        scopes.pop();
        break;
      case ",":
        values++;
        break;
      case '"': {
        const end = closingQuote(json, at);
        if (uniqueKeys && isKey(json, end + 1)) {
          const keys = scopes[scopes.length - 1] ??= new Set();
          const key = unquote(json.slice(at, end + 1));
          if (keys.has(key)) throw duplicate(action, key);
          keys.add(key);
        }
        at = end;
      }
    }
    if (values > maxValues) {
      throw new FewbitError("limit_exceeded", `${action}: JSON has more than ${maxValues} values`);
    }
  }
}

function duplicate(action: string, key: string): FewbitError {
  const shown = JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}...` : key);
  return new FewbitError("invalid_file", `${action}: JSON has the key ${shown} twice`);
}

function closingQuote(json: string, opening: number): number {
  for (let at = json.indexOf('"', opening + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at;
  }
  return json.length;
}

function isKey(json: string, at: number): boolean {
  while (json[at] === " " || json[at] === "\n" || json[at] === "\r" || json[at] === "\t") at++;
  return json[at] === ":";
}

/** The string that a literal stands for: `"\u0061"` and `"a"` are one key. */
function unquote(literal: string): string {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  try {
    return JSON.parse(literal);
  } catch {
    return literal;
  }
}
