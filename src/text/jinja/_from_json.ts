import { FewbitError } from "../../errors.ts";
import { Callable, Float } from "./_values.ts";
import type { Value } from "./_values.ts";

const MAX_DEPTH = 200;

/**
 * A value of JavaScript as one of a template. Integers are numbers without a fraction; keys whose value is
 * `undefined` are left out, as JSON does.
 *
 * @param plain What becomes of the texts in it.
 */
export function fromJson(
  value: unknown,
  name: string,
  plain: (text: string) => string,
  depth = 0,
): Value {
  if (depth > MAX_DEPTH) throw refused(name, `nested more than ${MAX_DEPTH} deep`);
  const inner = (item: unknown): Value => fromJson(item, name, plain, depth + 1);
  switch (typeof value) {
    case "string":
      return plain(value);
    case "boolean":
      return value;
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : new Float(value);
    case "undefined":
      return null;
    case "object":
      if (value === null || value instanceof Callable) return value;
      if (Array.isArray(value)) return value.map(inner);
      if (isPlain(value)) {
        return new Map(
          Object.entries(value)
            .filter(([, item]) => item !== undefined)
            .map(([key, item]) => [plain(key), inner(item)]),
        );
      }
  }
  throw refused(name, "neither JSON nor made of it");
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function refused(name: string, what: string): FewbitError {
  return new FewbitError("invalid_argument", `Cannot render: ${JSON.stringify(name)} is ${what}`);
}
