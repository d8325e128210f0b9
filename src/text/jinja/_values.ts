/**
 * Python's values in JavaScript: texts, integers, booleans and none are themselves (none is `null`), lists are
 * arrays, dicts are maps. The rest has a class.
 *
 * @module
 */
import { TemplateError, unsupported } from "./_errors.ts";

/** A value of a template. */
export type Value =
  | string
  | number
  | boolean
  | null
  | Value[]
  | Dict
  | Float
  | Tuple
  | Range
  | Lazy
  | View
  | Undefined
  | Namespace
  | Callable
  | Markup
  | Loop;

/** A dict; keys are texts and integers. */
export type Dict = Map<Value, Value>;

/** A floating-point number; numbers of JavaScript are integers. */
export class Float {
  constructor(readonly value: number) {}
}

/** A tuple; what `groupby` gives has names for its two items. */
export class Tuple {
  constructor(readonly items: readonly Value[], readonly names: readonly string[] = []) {}
}

/** `range`. */
export class Range {
  constructor(readonly start: number, readonly stop: number, readonly step: number) {}

  get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }
}

/** What filters such as `map` give: items that can be taken once, and not counted. */
export class Lazy {
  #items: Value[];

  constructor(items: Value[]) {
    this.#items = items;
  }

  take(): Value[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }
}

/** `keys()`, `values()` and `items()` of a dict. */
export class View {
  constructor(readonly name: "keys" | "values" | "items", readonly items: Value[]) {}
}

/** What is not there: nothing as text, empty as a list, and an error when it is used otherwise. */
export class Undefined {
  constructor(readonly what: string) {}

  fail(): never {
    throw new TemplateError(this.what);
  }
}

/** `namespace()`, whose attributes can be set in a loop. */
export class Namespace {
  readonly attributes = new Map<string, Value>();
}

/** What a call hands over. */
export interface CallArguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** A function: a macro, a method, a global. */
export class Callable {
  constructor(readonly name: string, readonly call: (args: CallArguments) => Value) {}
}

/** A text that was marked as safe. Jinja2 escapes what is put beside it, so it can be written only. */
export class Markup {
  constructor(readonly text: string) {}
}

/** The variable `loop`. */
export class Loop {
  constructor(
    readonly items: readonly Value[],
    readonly depth: number,
    readonly recurse: ((iterable: Value) => string) | undefined,
  ) {}

  index0 = -1;
  changed: Value[] | undefined;
}

/** The name that Python has for the type of a value. */
export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "int";
  if (value instanceof Float) return "float";
  if (Array.isArray(value)) return "list";
  if (value instanceof Map) return "dict";
  if (value instanceof Undefined) return "Undefined";
  return value.constructor.name.toLowerCase();
}

/** The items of what can be looped over. */
export function itemsOf(value: Value): readonly Value[] {
  if (typeof value === "string") return [...value];
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.keys()];
  if (value instanceof Tuple || value instanceof View) return value.items;
  if (value instanceof Lazy) return value.take();
  if (value instanceof Undefined) return [];
  if (value instanceof Markup) throw unsupported("a safe text that is used as a list");
  if (value instanceof Range) {
    return Array.from({ length: value.length }, (_, i) => value.start + i * value.step);
  }
  throw new TemplateError(`'${typeName(value)}' object is not iterable`);
}

/** Python's `len`. */
export function lengthOf(value: Value): number {
  if (value instanceof Range) return value.length;
  if (value instanceof Lazy) throw new TemplateError("a generator has no len()");
  if (typeof value === "object" || typeof value === "string") {
    if (value !== null) return value instanceof Map ? value.size : itemsOf(value).length;
  }
  throw new TemplateError(`object of type '${typeName(value)}' has no len()`);
}

/** Python's `bool`. */
export function isTrue(value: Value): boolean {
  if (value === null || value === false || value === "" || value === 0) return false;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Undefined) return false;
  if (value instanceof Map) return value.size > 0;
  if (Array.isArray(value) || value instanceof Range) return value.length > 0;
  if (value instanceof Tuple || value instanceof View) return value.items.length > 0;
  if (value instanceof Markup) return value.text !== "";
  return true;
}

/** A number of JavaScript, where there is one; booleans are 0 and 1. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  return value instanceof Float ? value.value : undefined;
}

/** An integer, also of a boolean. */
export function integerOf(value: Value, what: string): number {
  const number = value instanceof Float ? undefined : numberOf(value);
  if (number !== undefined) return number;
  throw new TemplateError(`${what} is ${typeName(value)}, expected an integer`);
}

/** A text. */
export function textOf(value: Value, what: string): string {
  if (typeof value === "string") return value;
  if (value instanceof Markup) throw unsupported("a safe text that is used");
  if (value instanceof Undefined) value.fail();
  throw new TemplateError(`${what} is ${typeName(value)}, expected a text`);
}

/** An integer that JavaScript holds exactly; Python's have no bound. */
export function checkedInteger(value: number): number {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  throw unsupported("an integer beyond 2^53");
}

/** A key of a dict. */
export function keyOf(value: Value): Value {
  if (typeof value === "string" || typeof value === "number") return value;
  if (value instanceof Undefined) value.fail();
  if (value instanceof Map || Array.isArray(value)) {
    throw new TemplateError(`unhashable type: '${typeName(value)}'`);
  }
  throw unsupported(`a key of a dict that is ${typeName(value)}`);
}
