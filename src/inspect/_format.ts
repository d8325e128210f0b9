/** Numbers and names for people. */
import { formatBytes } from "../format_bytes.ts";
import type { Expression, Index, Program } from "../program/program.ts";

/** An expression as people write it: `batch·64+1`, `(past+1) mod 128`. */
export function formatExpression(program: Program, index: Index): string {
  const expression = program.expressions[index];
  const text = formatAffine(program, expression);
  if (expression.modulus < 0) return text;
  return `(${text}) mod ${formatExpression(program, expression.modulus)}`;
}

function formatAffine(program: Program, { constant, terms }: Expression): string {
  let text = "";
  for (const [factor, symbol] of terms) {
    if (factor === 0) continue;
    const size = Math.abs(factor);
    const sign = factor < 0 ? "−" : text === "" ? "" : "+";
    text += `${sign}${program.symbols[symbol].name}${size === 1 ? "" : `·${size}`}`;
  }
  if (text === "") return String(constant);
  if (constant === 0) return text;
  return `${text}${constant < 0 ? "−" : "+"}${Math.abs(constant)}`;
}

/** A shape with its dtype: `i8[batch, 50, 128]`. */
export function formatTensor(dtype: string, shape: readonly string[]): string {
  return `${dtype}[${shape.join(", ")}]`;
}

/** Bytes of ternary weights: `577 B stored, 721 B in memory`. */
export function formatStored(storedBytes: number, bytes: number): string {
  return `${formatBytes(storedBytes)} stored, ${formatBytes(bytes)} in memory`;
}

/** A count with a decimal prefix: `53.5 M`. */
export function formatCount(count: number): string {
  const prefixes = ["", " k", " M", " G", " T"];
  let [value, prefix] = [count, 0];
  while (value >= 999.5 && prefix < prefixes.length - 1) {
    value /= 1000;
    prefix++;
  }
  if (prefix === 0) return String(count);
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)}${prefixes[prefix]}`;
}

/** Milliseconds with three digits that count: `12.3 ms`, `45.6 µs`. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 1) return `${ms.toFixed(ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0)} ms`;
  const us = ms * 1000;
  return `${us.toFixed(us < 9.995 ? 2 : us < 99.95 ? 1 : 0)} µs`;
}

/** A share of a whole: `12.3 %`. */
export function formatShare(part: number, whole: number): string {
  return `${(whole > 0 ? 100 * part / whole : 0).toFixed(1)} %`;
}

/** Unit of the work of an instruction: multiply-accumulates, or elements where it multiplies nothing. */
function workUnit(name: string): "MAC" | "el" {
  return /^(linear|attention|conv|matmul)/.test(name) ? "MAC" : "el";
}

/** Work with its unit: `1.26 GMAC`, `6.27 k el`. */
export function formatWork(name: string, work: number): string {
  const count = formatCount(work);
  const unit = workUnit(name);
  return unit === "MAC" && /[a-z]$/i.test(count) ? `${count}MAC` : `${count} ${unit}`;
}

/** Work in a second. */
export function formatRate(name: string, work: number, ms: number): string {
  return ms > 0 ? `${formatWork(name, Math.round(work / ms * 1000))}/s` : "";
}

/** Foreign text on one line of a terminal: what could move the cursor or reorder text is escaped. */
export function printable(text: string): string {
  return text.replace(
    /[^\P{C}]|[\u2028\u2029]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}
