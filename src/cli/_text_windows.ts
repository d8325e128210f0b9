/** Windows of ids that `fewbit quantize` calibrates, chooses and measures on. */
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { FewbitError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { readAll } from "./_lines.ts";

/** Windows on which smoothing is chosen. */
const VALIDATION = 2;
/** Fewest ids of a window: what predicts, and what is predicted. */
export const SHORTEST = 2;
/** Most windows that may be learned from beside those that calibrate. */
const MOST_OTHERS = 4096;
/** Longest text: less than the longest string of a host. */
export const MAX_TEXT_BYTES = 2 ** 28;

/** Windows of ids, without a prefix, for each purpose. */
export interface Windows {
  readonly calibration: readonly (readonly number[])[];
  readonly validation: readonly (readonly number[])[];
  readonly check: readonly (readonly number[])[];
  /** All others, up to some thousand: what may be learned from besides. */
  readonly others: readonly (readonly number[])[];
}

/** Windows of a text, or those of a JSON file, at most `length` ids each. */
export async function readWindowsOf(
  { tokenizer, tokenizerConfig }: TextCheckpoint,
  file: string,
  length: number,
): Promise<number[][]> {
  const text = await readAll(file, MAX_TEXT_BYTES);
  if (/\.json$/i.test(file)) {
    const ids = parseJson(`Cannot calibrate on ${file}`, text);
    const isWindow = (ids: unknown): ids is number[] =>
      Array.isArray(ids) && ids.length > 1 && ids.every((id) => Number.isInteger(id) && id >= 0);
    if (Array.isArray(ids) && ids.every(isWindow)) return ids.map((w) => w.slice(0, length));
    throw new FewbitError("invalid_file", `Cannot calibrate: ${file} is no list of lists of ids`);
  }
  if (tokenizer === undefined) {
    throw new FewbitError(
      "unsupported",
      "Cannot calibrate on a text: the checkpoint has no tokenizer; give windows of ids as JSON",
    );
  }
  const own = Tokenizer.fromJson(tokenizer, tokenizerConfig ?? {});
  const { ids } = own.encode(text, { addSpecialTokens: false });
  const count = Math.floor(ids.length / length);
  return Array.from(
    { length: count },
    (_, w) => Array.from(ids.slice(w * length, (w + 1) * length)),
  );
}

/** Windows from all over the text; what measures is not what calibrates. */
export function chooseWindows(
  all: readonly number[][],
  prefix: readonly number[],
  { windows, check }: { readonly windows: number; readonly check: number },
): Windows {
  // A window may begin with the prefix, which is read anyway.
  const own = all
    .map((ids) => prefix.every((id, i) => ids[i] === id) ? ids.slice(prefix.length) : ids)
    .filter(({ length }) => length >= SHORTEST);
  const wanted = windows + VALIDATION + check;
  const used = Math.min(wanted, own.length);
  const places = Array.from({ length: used }, (_, i) => Math.floor(i * own.length / used));
  const picked = places.map((place) => own[place]);
  const isPicked = new Set(places);
  const rest = used < wanted ? Math.max(0, used - Math.max(1, used >> 1)) : VALIDATION + check;
  const validation = Math.min(VALIDATION, rest);
  if (used === 0) {
    throw new FewbitError("invalid_argument", "Cannot calibrate: the text has no whole window");
  }
  return {
    calibration: picked.slice(0, used - rest),
    validation: picked.slice(used - rest, used - rest + validation),
    check: picked.slice(used - rest + validation),
    others: own.filter((_, i) => !isPicked.has(i)).slice(0, MOST_OTHERS),
  };
}

/** Ids of an option, with commas. */
export function idsOf(text: string): number[] {
  if (/^\d+(,\d+)*$/.test(text)) return text.split(",").map(Number);
  throw new FewbitError(
    "invalid_argument",
    `Option --prefix is "${text}", expected ids such as 1,5`,
  );
}
