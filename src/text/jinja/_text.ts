/** Python's `str` and `repr`. */
import { category } from "../unicode/properties.ts";
import { exhausted, TemplateError, unsupported } from "./_errors.ts";
import { Float, Markup, Range, Tuple, typeName, Undefined, View } from "./_values.ts";
import type { Value } from "./_values.ts";

/** What a value is as text. */
export function str(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  return value instanceof Markup ? value.text : repr(value);
}

/** The longest text of a list or dict: one list may be in another one many times. */
const MAX_LENGTH = 2 ** 24;

/** What a value is inside the text of a list. */
export function repr(value: Value): string {
  return new Writer().write(value, 0);
}

/** Writes values and counts what it has written. */
class Writer {
  #length = 0;

  write(value: Value, depth: number): string {
    if (depth > 200) {
      throw new TemplateError("maximum recursion depth exceeded while getting the repr");
    }
    const text = this.#written(value, depth + 1);
    // A part is counted once more with each list it is in.
    this.#length += 1 + text.length;
    if (this.#length > MAX_LENGTH) {
      throw exhausted(`makes a text of more than ${MAX_LENGTH} code units`);
    }
    return text;
  }

  #written(value: Value, depth: number): string {
    const all = (items: readonly Value[]) =>
      items.map((item) => this.write(item, depth)).join(", ");
    if (value === null) return "None";
    if (value === true) return "True";
    if (value === false) return "False";
    if (typeof value === "number") return String(value);
    if (typeof value === "string") return quoted(value);
    if (value instanceof Float) return floatText(value.value);
    if (Array.isArray(value)) return `[${all(value)}]`;
    if (value instanceof Tuple) {
      return `(${all(value.items)}${value.items.length === 1 ? "," : ""})`;
    }
    if (value instanceof Map) {
      const entries = [...value].map((pair) =>
        pair.map((part) => this.write(part, depth)).join(": ")
      );
      return `{${entries.join(", ")}}`;
    }
    if (value instanceof View) return `dict_${value.name}([${all(value.items)}])`;
    if (value instanceof Range) {
      const { start, stop, step } = value;
      return step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`;
    }
    if (value instanceof Undefined) return "Undefined";
    throw unsupported(`the text of a value of type ${typeName(value)}`);
  }
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
