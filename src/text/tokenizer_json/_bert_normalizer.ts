import { CodePointSet } from "../unicode/code_point_set.ts";
import { isAscii } from "../unicode/is_ascii.ts";
import { lowerCase } from "../unicode/lower_case.ts";
import { normalForm } from "../unicode/normal_forms.ts";
import { control, nonspacing, white } from "../unicode/properties.ts";

/** What BERT takes for Chinese characters, as the Rust tokenizers have it. */
const CHINESE = CodePointSet.of(
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0x2f800, 0x2fa1f],
);

/** What {@linkcode normalizeBert} does. */
export interface BertNormalization {
  readonly cleanText: boolean;
  readonly handleChineseChars: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/** BERT's normalizer: clean, put spaces around Chinese characters, strip accents, lower-case. */
export function normalizeBert(text: string, options: BertNormalization): string {
  if (options.cleanText) text = clean(text);
  if (options.handleChineseChars && !isAscii(text)) text = spaced(text);
  if (options.stripAccents && !isAscii(text)) text = withoutAccents(text);
  return options.lowercase ? lowerCase(text) : text;
}

function clean(text: string): string {
  const [removed, spaces] = [control(), white()];
  let cleaned = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code === 0 || code === 0xfffd || removed.has(code)) continue;
    cleaned += spaces.has(code) ? " " : character;
  }
  return cleaned;
}

function spaced(text: string): string {
  let written = "";
  for (const character of text) {
    written += CHINESE.has(character.codePointAt(0)!) ? ` ${character} ` : character;
  }
  return written;
}

function withoutAccents(text: string): string {
  const accents = nonspacing();
  let written = "";
  for (const character of normalForm(text, "NFD")) {
    if (!accents.has(character.codePointAt(0)!)) written += character;
  }
  return written;
}
