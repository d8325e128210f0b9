/** Python's `str` and `repr`. */
import { category } from "../unicode/properties.ts";
import { TemplateError, unsupported } from "./_errors.ts";
import { Float, Markup, Range, Tuple, typeName, Undefined, View } from "./_values.ts";
import type { Value } from "./_values.ts";

/** What a value is as text. */
export function str(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  return value instanceof Markup ? value.text : repr(value);
}

/** What a value is inside the text of a list. */
export function repr(value: Value, depth = 0): string {
  if (depth > 200) throw new TemplateError("maximum recursion depth exceeded while getting the repr");
  const inner = (item: Value) => repr(item, depth + 1);
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return quoted(value);
  if (value instanceof Float) return floatText(value.value);
  if (Array.isArray(value)) return `[${value.map(inner).join(", ")}]`;
  if (value instanceof Tuple) {
    const [first, ...rest] = value.items.map(inner);
    return rest.length === 0 ? (first === undefined ? "()" : `(${first},)`) : `(${[first, ...rest].join(", ")})`;
  }
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${inner(key)}: ${inner(item)}`).join(", ")}}`;
  }
  if (value instanceof View) return `dict_${value.name}([${value.items.map(inner).join(", ")}])`;
  if (value instanceof Range) {
    const { start, stop, step } = value;
    return step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`;
  }
  if (value instanceof Undefined) return "Undefined";
  throw unsupported(`the text of a value of type ${typeName(value)}`);
}

/** The shortest digits that give the number back, in Python's notation. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [digits, power] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? "-" : "+";
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const text = exponent < 0 ? value.toFixed(fraction(digits) - exponent) : String(value);
  return text.includes(".") ? text : `${text}.0`;
}

/** How many digits stand after the point. */
function fraction(digits: string): number {
  return digits.replace("-", "").replace(/^\d\.?/, "").length;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let written = quote;
  for (const character of text) {
    if (character === quote) written += `\\${character}`;
    else written += ESCAPES[character] ?? (isPrintable(character) ? character : escape(character));
  }
  return written + quote;
}

function isPrintable(character: string): boolean {
  const code = character.codePointAt(0)!;
  if (code < 127) return code >= 32;
  return !category("C")!.has(code) && !category("Z")!.has(code) && (code & ~0x7ff) !== 0xd800;
}

function escape(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
