/**
 * Properties of code points as the Rust tokenizers know them, whatever the host's Unicode version is.
 *
 * @module
 */
import { unicodeTables } from "./_tables.ts";
import type { Tables } from "./_tables.ts";
import { Unpacker } from "./_unpack.ts";
import { CodePointSet } from "./code_point_set.ts";

let categories: ReadonlyMap<string, CodePointSet> | undefined;

/** The code points of a general category, by its short name: one letter for all that begin with it. */
export function category(name: string): CodePointSet | undefined {
  categories ??= unpackCategories();
  return categories.get(name);
}

/** Several general categories together. */
function categoriesOf(...names: readonly string[]): CodePointSet {
  return names.map((name) => category(name)!).reduce((all, set) => all.union(set));
}

/** Runs of a category and their lengths; the number after the last stands for Lu and Ll in turns. */
function unpackCategories(): ReadonlyMap<string, CodePointSet> {
  const { categories, categoryNames } = unicodeTables();
  const names = categoryNames.split(" ");
  const bounds = names.map((): number[] => []);
  const unpacker = new Unpacker(categories);
  let start = 0;
  const append = (kind: number, length: number) => {
    const list = bounds[kind];
    if (list.at(-1) === start) list[list.length - 1] = start + length;
    else list.push(start, start + length);
    start += length;
  };
  const [upper, lower] = [names.indexOf("Lu"), names.indexOf("Ll")];
  while (!unpacker.done) {
    const run = unpacker.next();
    const [kind, length] = [run % 30, Math.floor(run / 30) + 1];
    if (kind < names.length) append(kind, length);
    else for (let i = 0; i < length; i++) append(i % 2 === 0 ? upper : lower, 1);
  }
  const sets = new Map(names.map((name, i) => [name, new CodePointSet(bounds[i])]));
  for (const [name, set] of [...sets]) {
    const all = sets.get(name[0]);
    sets.set(name[0], all === undefined ? set : all.union(set));
  }
  return sets;
}

/** A set that is computed when it is first asked for. */
function lazy(make: () => CodePointSet): () => CodePointSet {
  let set: CodePointSet | undefined;
  return () => set ??= make();
}

/** A set that differs from another one as a table says. */
const differs = (table: Exclude<keyof Tables, "scripts">, base: () => CodePointSet) =>
  lazy(() => base().symmetricDifference(CodePointSet.unpack(unicodeTables()[table])));

const words = lazy(() => categoriesOf("L", "M", "Nd", "Nl", "Pc"));

/** ASCII's punctuation and symbols. */
const ASCII_PUNCTUATION = CodePointSet.of([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]);

/** White space: `char::is_whitespace`, `\s` of both kinds of patterns. */
export const white: () => CodePointSet = lazy(() => CodePointSet.unpack(unicodeTables().white));
/** What BERT cleans away, besides U+0000 and U+FFFD. */
export const control: () => CodePointSet = differs(
  "control",
  () => categoriesOf("Cc", "Cf", "Co"),
);
/** Punctuation of the pre-tokenizers `BertPreTokenizer` and `Punctuation`. */
export const punctuation: () => CodePointSet = differs(
  "punctuation",
  () => category("P")!.union(ASCII_PUNCTUATION),
);
/** `char::is_numeric`, of the pre-tokenizer `Digits`. */
export const numeric: () => CodePointSet = differs("numeric", () => category("N")!);
/** What the normalizer `StripAccents` takes away. */
export const mark: () => CodePointSet = differs("mark", () => category("M")!);
/** What BERT takes for accents once a text is decomposed. */
export const nonspacing: () => CodePointSet = differs(
  "nonspacing",
  () => category("Mn")!.intersection(mark()),
);
/** What joins the grapheme before it. */
export const joining: () => CodePointSet = differs("joins", () => category("M")!);
/** `\w` of the pre-tokenizer `Whitespace` and of added tokens that are single words. */
export const word: () => CodePointSet = differs("word", words);
/** `\w` of patterns in tokenizer.json. */
export const patternWord: () => CodePointSet = differs("onigWord", words);

const scripts = new Map<string, CodePointSet>();

/** The code points of a script, by its lower-case name; `undefined` for what no table has. */
export function script(name: string): CodePointSet | undefined {
  const packed = unicodeTables().scripts;
  if (!scripts.has(name) && Object.hasOwn(packed, name)) {
    scripts.set(name, CodePointSet.unpack(packed[name]));
  }
  return scripts.get(name);
}
