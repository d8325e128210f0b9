import type { Meter } from "./_meter.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import { fixed } from "./_number_format.ts";
import { repr, str } from "./_text.ts";
import { Float, numberOf, Tuple, typeName, Undefined } from "./_values.ts";
import type { Value } from "./_values.ts";

const DIRECTIVE = /%(?:\(([^)]*)\))?([#0\- +]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([^])/g;

/** Python's `text % values`. */
export function formatPercent(format: string, values: Value, meter: Meter): string {
  const list = values instanceof Tuple ? values.items : [values];
  let used = 0;
  let named = false;
  const next = (name: string | undefined): Value => {
    if (name === undefined) {
      if (used >= list.length) throw new TemplateError("not enough arguments for format string");
      return list[used++];
    }
    named = true;
    if (!(values instanceof Map)) throw new TemplateError("format requires a mapping");
    const value = values.get(name);
    if (value === undefined) throw new TemplateError(`no key ${JSON.stringify(name)}`);
    return value;
  };
  const text = format.replace(DIRECTIVE, (whole, name, flags, width, precision, kind) => {
    if (kind === "%") return "%";
    if (width === "*" || precision === "*") throw unsupported(`the format ${whole}`);
    meter.length(Number(width ?? 0) + Number(precision ?? 0));
    const digits = precision === undefined ? undefined : Number(precision);
    return pad(written(next(name), kind, flags, digits), flags, Number(width ?? 0), kind);
  });
  if (/(^|[^%])(%%)*%$/.test(format)) throw new TemplateError("incomplete format");
  const rest = used < list.length && !named && !(values instanceof Map);
  if (rest && !(values instanceof Undefined && list.length === 0)) {
    throw new TemplateError("not all arguments converted during string formatting");
  }
  return text;
}

function written(value: Value, kind: string, flags: string, digits: number | undefined): string {
  switch (kind) {
    case "s":
      return cut(str(value), digits);
    case "r":
      return cut(repr(value), digits);
    case "c":
      if (typeof value === "number") return String.fromCodePoint(value);
      if (typeof value === "string" && [...value].length === 1) return value;
      throw new TemplateError("%c requires int or char");
    case "d":
    case "i":
    case "u":
      return signed(integer(value, kind), flags, (size) => String(size).padStart(digits ?? 0, "0"));
    case "x":
    case "X":
    case "o": {
      if (value instanceof Float) {
        throw new TemplateError(`%${kind} format: an integer is required`);
      }
      const prefix = flags.includes("#") ? `0${kind}` : "";
      const radix = kind === "o" ? 8 : 16;
      return signed(integer(value, kind), flags, (size) => {
        const text = size.toString(radix).padStart(digits ?? 0, "0");
        return prefix + (kind === "X" ? text.toUpperCase() : text);
      });
    }
    case "f":
    case "F": {
      const number = numberOf(value);
      if (number === undefined) {
        throw new TemplateError(`must be real number, not ${typeName(value)}`);
      }
      return signed(number, flags, (size) => fixed(size, digits ?? 6));
    }
  }
  throw unsupported(`the format %${kind}`);
}

function integer(value: Value, kind: string): number {
  const number = numberOf(value);
  if (number === undefined) {
    throw new TemplateError(`%${kind} format: a number is required, not ${typeName(value)}`);
  }
  return Math.trunc(number);
}

function signed(value: number, flags: string, write: (size: number) => string): string {
  const negative = value < 0 || Object.is(value, -0) && write(0).includes(".");
  const plus = flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  return (negative ? "-" : plus) + write(Math.abs(value));
}

function cut(text: string, characters: number | undefined): string {
  return characters === undefined ? text : [...text].slice(0, characters).join("");
}

function pad(text: string, flags: string, width: number, kind: string): string {
  if (width === 0) return text;
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!flags.includes("0") || "src".includes(kind)) return " ".repeat(missing) + text;
  const head = /^[+\- ]?(0[xXo])?/.exec(text)![0];
  return head + "0".repeat(missing) + text.slice(head.length);
}
