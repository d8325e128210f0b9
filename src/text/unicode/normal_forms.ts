/**
 * Unicode's normal forms (Unicode Standard Annex 15) with the tables of the Rust tokenizers.
 *
 * @module
 */
import { unpackMapping } from "./_mapping.ts";
import { unicodeTables } from "./_tables.ts";
import { Unpacker } from "./_unpack.ts";
import { CodePointSet } from "./code_point_set.ts";
import { isAscii } from "./is_ascii.ts";

/** A normal form. */
export type NormalForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** Hangul syllables are computed: chapter 3.12 of the standard. */
const [S_BASE, L_BASE, V_BASE, T_BASE] = [0xac00, 0x1100, 0x1161, 0x11a7];
const [L_COUNT, V_COUNT, T_COUNT] = [19, 21, 28];
const S_COUNT = L_COUNT * V_COUNT * T_COUNT;

interface Tables {
  readonly canonical: ReadonlyMap<number, readonly number[]>;
  /** Canonical combining classes other than 0. */
  readonly classes: ReadonlyMap<number, number>;
  /** By the pair, the second of which is below 2^21. */
  readonly composed: ReadonlyMap<number, number>;
}

let tables: Tables | undefined;
/** Compatibility decompositions that are not canonical. */
let compatible: ReadonlyMap<number, readonly number[]> | undefined;

/** A text in a normal form. */
export function normalForm(text: string, form: NormalForm): string {
  if (isAscii(text)) return text;
  tables ??= unpackTables();
  const codes: number[] = [];
  const wholes = form === "NFKC" || form === "NFKD"
    ? compatible ??= unpackMapping(unicodeTables().compatible)
    : undefined;
  for (const character of text) {
    decompose(character.codePointAt(0)!, wholes, codes, tables);
  }
  order(codes, tables.classes);
  return textOf(form === "NFC" || form === "NFKC" ? compose(codes, tables) : codes);
}

function textOf(codes: readonly number[]): string {
  let text = "";
  for (const code of codes) text += String.fromCodePoint(code);
  return text;
}

function unpackTables(): Tables {
  const packed = unicodeTables();
  const canonical = unpackMapping(packed.decomposed);
  const excluded = CodePointSet.unpack(packed.excluded);
  const composed = new Map<number, number>();
  for (const [code, parts] of canonical) {
    if (parts.length === 2 && !excluded.has(code)) composed.set(pair(parts[0], parts[1]), code);
  }
  const classes = new Map<number, number>();
  const unpacker = new Unpacker(packed.classes);
  let end = 0;
  while (!unpacker.done) {
    const start = end + unpacker.next();
    end = start + unpacker.next() + 1;
    const value = unpacker.next();
    for (let code = start; code < end; code++) classes.set(code, value);
  }
  return { canonical, classes, composed };
}

function pair(first: number, second: number): number {
  return first * 2 ** 21 + second;
}

function decompose(
  code: number,
  wholes: ReadonlyMap<number, readonly number[]> | undefined,
  out: number[],
  tables: Tables,
): void {
  const syllable = code - S_BASE;
  if (syllable >= 0 && syllable < S_COUNT) {
    out.push(L_BASE + Math.floor(syllable / (V_COUNT * T_COUNT)));
    out.push(V_BASE + Math.floor(syllable % (V_COUNT * T_COUNT) / T_COUNT));
    if (syllable % T_COUNT > 0) out.push(T_BASE + syllable % T_COUNT);
    return;
  }
  const whole = wholes?.get(code);
  if (whole !== undefined) {
    for (const part of whole) out.push(part);
    return;
  }
  const parts = tables.canonical.get(code);
  if (parts === undefined) out.push(code);
  else for (const part of parts) decompose(part, wholes, out, tables);
}

/** Sorts each run of marks by their classes; the order within a class stays. */
function order(codes: number[], classes: ReadonlyMap<number, number>): void {
  for (let start = 0; start < codes.length; start++) {
    if (!classes.has(codes[start])) continue;
    let end = start + 1;
    while (end < codes.length && classes.has(codes[end])) end++;
    if (end > start + 1) {
      const run = codes.slice(start, end).sort((a, b) => classes.get(a)! - classes.get(b)!);
      for (let i = 0; i < run.length; i++) codes[start + i] = run[i];
    }
    start = end;
  }
}

function compose(codes: readonly number[], { classes, composed }: Tables): number[] {
  const out: number[] = [];
  let starter = -1;
  // The class of what stands between the starter and this code point.
  let between = -1;
  for (const code of codes) {
    const value = classes.get(code) ?? 0;
    if (starter >= 0 && between < value) {
      const whole = composite(out[starter], code, composed);
      if (whole !== undefined) {
        out[starter] = whole;
        continue;
      }
    }
    if (value === 0) {
      starter = out.length;
      between = -1;
    } else {
      between = value;
    }
    out.push(code);
  }
  return out;
}

function composite(
  first: number,
  second: number,
  composed: ReadonlyMap<number, number>,
): number | undefined {
  const [l, v] = [first - L_BASE, second - V_BASE];
  if (l >= 0 && l < L_COUNT && v >= 0 && v < V_COUNT) return S_BASE + (l * V_COUNT + v) * T_COUNT;
  const [s, t] = [first - S_BASE, second - T_BASE];
  if (s >= 0 && s < S_COUNT && s % T_COUNT === 0 && t > 0 && t < T_COUNT) return first + t;
  return composed.get(pair(first, second));
}
