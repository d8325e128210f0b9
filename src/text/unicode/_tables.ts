/** What the Rust tokenizers know of Unicode, unpacked when it is first asked for. */
import { unpack } from "../../numeric/unpack.ts";
import { BYTES, PACKED } from "./_data.ts";

/** Tables as texts of numbers (`_unpack.ts`), sets as runs (`CodePointSet.unpack`). */
export interface Tables {
  /** General categories: runs. */
  readonly categories: string;
  /** Their names in the order of their numbers. */
  readonly categoryNames: string;
  /** White_Space. */
  readonly white: string;
  /** What BERT cleans away, besides U+0000 and U+FFFD: differs from Cc, Cf and Co here. */
  readonly control: string;
  /** Punctuation of pre-tokenizers: differs from P and ASCII's here. */
  readonly punctuation: string;
  /** Numeric: differs from N here. */
  readonly numeric: string;
  /** Combining marks of StripAccents: differ from M here. */
  readonly mark: string;
  /** Nonspacing marks of BERT: differ from the Mn among these here. */
  readonly nonspacing: string;
  /** The pre-tokenizer Whitespace's `\w`: differs from L, M, Nd, Nl and Pc here. */
  readonly word: string;
  /** Oniguruma's `\w`: differs from L, M, Nd, Nl and Pc here. */
  readonly onigWord: string;
  /** Lower case, but for U+0130. */
  readonly lower: string;
  /** Canonical decompositions, one level. */
  readonly decomposed: string;
  /** Pairs that are not composed. */
  readonly excluded: string;
  /** Canonical combining classes: runs. */
  readonly classes: string;
  /** Graphemes: what joins the one before (Extend, ZWJ, SpacingMark): differs from M here. */
  readonly joins: string;
  /** Graphemes: Control. */
  readonly stops: string;
  /** Graphemes: Prepend. */
  readonly prepend: string;
  /** Graphemes: Extended_Pictographic. */
  readonly pictures: string;
  /** Graphemes: InCB=Consonant. */
  readonly consonants: string;
  /** Graphemes: InCB=Linker. */
  readonly linkers: string;
  /** Compatibility decompositions that are not canonical. */
  readonly compatible: string;
  /** Scripts that patterns may name. */
  readonly scripts: Readonly<Record<string, string>>;
}

let tables: Tables | undefined;

/** All of them. */
export function unicodeTables(): Tables {
  return tables ??= JSON.parse(new TextDecoder().decode(unpack(PACKED, BYTES))) as Tables;
}
