import { CodePointSet } from "../unicode/code_point_set.ts";
import type { SectionReader } from "./section_reader.ts";
import { partsOf, split } from "./_split.ts";
import type { Piece, PreTokenizer } from "./_split.ts";

/** `Metaspace`, which is a pre-tokenizer and a decoder. */
export interface Metaspace {
  readonly cut: PreTokenizer;
  readonly decode: (tokens: readonly string[]) => string[];
}

/** Spaces as a character such as ▁, one of which may come before the text. */
export function readMetaspace(reader: SectionReader): Metaspace {
  const replacement = reader.character("replacement");
  const scheme = reader.choice("prepend_scheme", ["always", "first", "never"], "always");
  const addPrefixSpace = reader.value("add_prefix_space") ?? undefined;
  if (addPrefixSpace === false && scheme !== "never") {
    throw reader.invalid("add_prefix_space is false, but prepend_scheme is not never");
  }
  const splits = reader.flag("split", true);
  reader.ignore("str_rep");
  const code = replacement.codePointAt(0)!;
  const set = CodePointSet.of([code, code]);

  function prepared({ text, lead }: Piece): Piece {
    const replaced = text.replaceAll(" ", () => replacement);
    const first = text.slice(0, lead).replaceAll(" ", () => replacement).length;
    const prepends = !replaced.startsWith(replacement) &&
      (scheme === "always" || (scheme === "first" && lead > 0));
    if (!prepends) return { text: replaced, lead: first };
    return { text: replacement + replaced, lead: lead > 0 ? replacement.length + first : 0 };
  }

  return {
    cut: (pieces, budget) =>
      pieces.flatMap((piece) => {
        budget.spend(piece.text.length);
        const whole = prepared(piece);
        return splits ? split(whole, partsOf(whole.text, set), "MergedWithNext") : [whole];
      }),
    decode: (tokens) =>
      tokens.map((token, i) => {
        const space = i === 0 && scheme !== "never" ? "" : " ";
        return token.replaceAll(replacement, () => space);
      }),
  };
}
