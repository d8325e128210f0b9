import { bind } from "./_bind.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import type { FilterFunction } from "./_filter.ts";
import { LIST_FILTERS } from "./_list_filters.ts";
import { rounded } from "./_number_format.ts";
import { strip } from "./_spaces.ts";
import { TEXT_FILTERS } from "./_text_filters.ts";
import { attributeOf } from "./_access.ts";
import {
  checkedInteger,
  Float,
  integerOf,
  isTrue,
  numberOf,
  textOf,
  typeName,
  Undefined,
} from "./_values.ts";
import type { Value } from "./_values.ts";

const FLOAT = /^[+-]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?$/;

/** Python's `float` of a text; `undefined` for what is none. */
function floatOf(text: string): number | undefined {
  const trimmed = strip(text, "both");
  // deno-lint-ignore no-control-regex
  if (/[^\x00-\x7f]/.test(trimmed)) throw unsupported("a number beyond ASCII");
  if (FLOAT.test(trimmed)) return Number(trimmed.replaceAll("_", ""));
  const named = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i.exec(trimmed);
  if (named === null) return undefined;
  return named[2] === undefined ? NaN : named[1] === "-" ? -Infinity : Infinity;
}

/** Python's `int` of a text; `undefined` for what is none. */
function intOf(text: string, base: number): number | undefined {
  if (base !== 10) throw unsupported(`the base ${base}`);
  const trimmed = strip(text, "both");
  if (/^[+-]?\d(?:_?\d)*$/.test(trimmed)) {
    return checkedInteger(Number(trimmed.replaceAll("_", "")));
  }
  const float = floatOf(trimmed);
  return float === undefined || !Number.isFinite(float)
    ? undefined
    : checkedInteger(Math.trunc(float));
}

const OTHER_FILTERS: Readonly<Record<string, FilterFunction>> = {
  default: defaultFilter,
  d: defaultFilter,
  abs: (value, args) => {
    bind("abs", args, []);
    if (value instanceof Float) return new Float(Math.abs(value.value));
    const number = numberOf(value);
    if (number === undefined) {
      throw new TemplateError(`bad operand type for abs(): '${typeName(value)}'`);
    }
    return Math.abs(number);
  },
  int: (value, args) => {
    const [otherwise, base] = bind("int", args, ["default", "base"]);
    if (value instanceof Float) {
      return Number.isFinite(value.value)
        ? checkedInteger(Math.trunc(value.value))
        : otherwise ?? 0;
    }
    if (typeof value === "string") {
      return intOf(value, integerOf(base ?? 10, "base")) ?? otherwise ?? 0;
    }
    if (value instanceof Undefined) value.fail();
    return numberOf(value) ?? otherwise ?? 0;
  },
  float: (value, args) => {
    const [otherwise] = bind("float", args, ["default"]);
    if (value instanceof Undefined) value.fail();
    const number = typeof value === "string" ? floatOf(value) : numberOf(value);
    return number === undefined ? otherwise ?? new Float(0) : new Float(number);
  },
  round: (value, args) => {
    const [precision, method] = bind("round", args, ["precision", "method"]);
    const digits = integerOf(precision ?? 0, "precision");
    const how = textOf(method ?? "common", "method");
    const number = numberOf(value);
    if (number === undefined) {
      throw new TemplateError(`type ${typeName(value)} doesn't define __round__ method`);
    }
    if (how === "common") {
      return value instanceof Float ? new Float(rounded(number, digits)) : number;
    }
    if (how !== "ceil" && how !== "floor") {
      throw new TemplateError("method must be common, ceil or floor");
    }
    const scale = 10 ** digits;
    if (!(digits >= 0 && digits < 16)) throw unsupported(`rounding to ${digits} digits`);
    return new Float(Math[how](number * scale) / scale);
  },
  attr: (value, args, { meter }) => {
    const [name] = bind("attr", args, ["name"], 1);
    if (value instanceof Map) {
      // The filter never takes items.
      return attributeOf(new Map(), textOf(name!, "name"), meter);
    }
    return attributeOf(value, textOf(name!, "name"), meter);
  },
};

function defaultFilter(value: Value, args: Parameters<FilterFunction>[1]): Value {
  const [otherwise, boolean] = bind("default", args, ["default_value", "boolean"]);
  const missing = value instanceof Undefined || (isTrue(boolean ?? false) && !isTrue(value));
  return missing ? otherwise ?? "" : value;
}

/** A filter by its name; throws `unsupported` for others, some of which Jinja2 has. */
export function filterNamed(name: string): FilterFunction {
  for (const filters of [TEXT_FILTERS, LIST_FILTERS, OTHER_FILTERS]) {
    if (Object.hasOwn(filters, name)) return filters[name];
  }
  throw unsupported(`the filter ${name.slice(0, 80)}`);
}
