/** Python's comparisons. */
import { exhausted, TemplateError, unsupported } from "./_errors.ts";
import { itemsOf, Markup, numberOf, Tuple, typeName, Undefined, View } from "./_values.ts";
import type { Value } from "./_values.ts";

/** Pairs that one rendering may compare: lists that hold one list twice, again and again, are exponential. */
const MAX_COMPARISONS = 2 ** 24;

/** Of the rendering at hand, which nothing interrupts. */
let comparisons = 0;

/** A rendering begins. */
export function resetComparisons(): void {
  comparisons = 0;
}

function count(): void {
  if (++comparisons > MAX_COMPARISONS) {
    throw exhausted(`compares more than ${MAX_COMPARISONS} pairs`);
  }
}

/** `==`. */
export function equal(a: Value, b: Value): boolean {
  count();
  if (a instanceof Markup || b instanceof Markup) throw unsupported("a safe text that is compared");
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x === y;
  if (a instanceof Undefined) return b instanceof Undefined;
  if (Array.isArray(a)) return Array.isArray(b) && sameItems(a, b);
  if (a instanceof Tuple) return b instanceof Tuple && sameItems(a.items, b.items);
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    return [...a].every(([key, value]) => b.has(key) && equal(value, b.get(key)!));
  }
  return a === b;
}

function sameItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, i) => equal(item, b[i]));
}

/** Less than 0, 0 or more: numbers, texts by code point, lists item by item. */
export function order(a: Value, b: Value): number {
  count();
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : x === y ? 0 : NaN;
  if (typeof a === "string" && typeof b === "string") return orderTexts(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return orderItems(a, b);
  if (a instanceof Tuple && b instanceof Tuple) return orderItems(a.items, b.items);
  if (a instanceof Undefined) a.fail();
  if (b instanceof Undefined) b.fail();
  throw new TemplateError(`'${typeName(a)}' and '${typeName(b)}' cannot be ordered`);
}

function orderTexts(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    // Surrogates stand for code points beyond all others.
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return (unit & 0xf800) === 0xd800 ? unit + 0x10000 : unit;
}

function orderItems(a: readonly Value[], b: readonly Value[]): number {
  const i = a.findIndex((item, i) => i >= b.length || !equal(item, b[i]));
  if (i < 0) return a.length - b.length;
  return i >= b.length ? 1 : order(a[i], b[i]);
}

/** `in`. */
export function contains(container: Value, item: Value): boolean {
  if (typeof container === "string") {
    if (typeof item === "string") return container.includes(item);
    throw new TemplateError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (container instanceof Map) {
    if (typeof item === "string" || typeof item === "number") return container.has(item);
    if (Array.isArray(item) || item instanceof Map) {
      throw new TemplateError(`unhashable type: '${typeName(item)}'`);
    }
    return [...container.keys()].some((key) => equal(key, item));
  }
  if (container instanceof View && container.name === "keys") {
    return container.items.some((key) => equal(key, item));
  }
  return itemsOf(container).some((other) => equal(other, item));
}

/** A comparison by its operator. */
export function compare(operator: string, a: Value, b: Value): boolean {
  switch (operator) {
    case "==":
      return equal(a, b);
    case "!=":
      return !equal(a, b);
    case "in":
      return contains(b, a);
    case "not in":
      return !contains(b, a);
    case "<":
      return order(a, b) < 0;
    case "<=":
      return order(a, b) <= 0;
    case ">":
      return order(a, b) > 0;
    default:
      return order(a, b) >= 0;
  }
}
