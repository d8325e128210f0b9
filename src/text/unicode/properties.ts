/**
 * Properties of code points as the Rust tokenizers know them, whatever the host's Unicode version is.
 *
 * @module
 */
import * as data from "./_data.ts";
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
  const names = data.CATEGORY_NAMES.split(" ");
  const bounds = names.map((): number[] => []);
  const unpacker = new Unpacker(data.CATEGORIES);
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

const differs = (text: string, base: () => CodePointSet) =>
  lazy(() => base().symmetricDifference(CodePointSet.unpack(text)));

const words = lazy(() => categoriesOf("L", "M", "Nd", "Nl", "Pc"));

/** ASCII's punctuation and symbols. */
const ASCII_PUNCTUATION = CodePointSet.of([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]);

/** White space: `char::is_whitespace`, `\s` of both kinds of patterns. */
export const white: () => CodePointSet = lazy(() => CodePointSet.unpack(data.WHITE));
/** What BERT cleans away, besides U+0000 and U+FFFD. */
export const control: () => CodePointSet = differs(
  data.CONTROL,
  () => categoriesOf("Cc", "Cf", "Co"),
);
/** Punctuation of the pre-tokenizers `BertPreTokenizer` and `Punctuation`. */
export const punctuation: () => CodePointSet = differs(
  data.PUNCTUATION,
  () => category("P")!.union(ASCII_PUNCTUATION),
);
/** `char::is_numeric`, of the pre-tokenizer `Digits`. */
export const numeric: () => CodePointSet = differs(data.NUMERIC, () => category("N")!);
/** What the normalizer `StripAccents` takes away. */
export const mark: () => CodePointSet = differs(data.MARK, () => category("M")!);
/** What BERT takes for accents once a text is decomposed. */
export const nonspacing: () => CodePointSet = differs(
  data.NONSPACING,
  () => category("Mn")!.intersection(mark()),
);
/** What joins the grapheme before it. */
export const joining: () => CodePointSet = differs(data.JOINS, () => category("M")!);
/** `\w` of the pre-tokenizer `Whitespace` and of added tokens that are single words. */
export const word: () => CodePointSet = differs(data.WORD, words);
/** `\w` of patterns in tokenizer.json. */
export const patternWord: () => CodePointSet = differs(data.ONIG_WORD, words);

const scripts = new Map(
  Object.entries(data.SCRIPTS).map(([name, text]) => [name, lazy(() => CodePointSet.unpack(text))]),
);

/** The code points of a script, by its lower-case name; `undefined` for what no table has. */
export function script(name: string): CodePointSet | undefined {
  return scripts.get(name)?.();
}
