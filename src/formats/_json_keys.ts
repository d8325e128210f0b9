/** What `JSON.parse` does not tell about a text. */
export interface JsonKeys {
  /** A key that one object has twice. */
  readonly duplicate: string | undefined;
  /** Deepest nesting of objects and arrays. */
  readonly depth: number;
}

/**
 * Scans JSON for duplicate keys and nesting, without recursion. Text that is not JSON gives some
 * result and no error: `JSON.parse` is there to refuse it.
 */
export function scanJsonKeys(json: string): JsonKeys {
  const scopes: Set<string>[] = [];
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{" || character === "[") {
      depth = Math.max(depth, scopes.push(new Set()));
    } else if (character === "}" || character === "]") {
      scopes.pop();
    } else if (character === '"') {
      const end = closingQuote(json, at);
      const scope = scopes.at(-1);
      if (scope !== undefined && isKey(json, end + 1)) {
        const key = unquote(json.slice(at, end + 1));
        if (scope.has(key)) return { duplicate: key, depth };
        scope.add(key);
      }
      at = end;
    }
  }
  return { duplicate: undefined, depth };
}

function closingQuote(json: string, opening: number): number {
  let at = opening + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at;
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
