import { invalid, isObject } from "../json.ts";
import type { SectionReader } from "../section_reader.ts";

/** Larger than any vocabulary in use; what follows an id is never as long as a file claims. */
export const MAX_ID: number = 2 ** 24 - 1;

/** `vocab` as an object of tokens and ids, no two of which are alike. */
export function readVocab(reader: SectionReader): Map<string, number> {
  const vocab = reader.value("vocab");
  if (!isObject(vocab)) throw invalid("its model has no vocab");
  const ids = new Map<string, number>();
  const seen = new Map<unknown, string>();
  for (const [token, id] of Object.entries(vocab)) {
    const other = seen.get(id);
    if (other !== undefined) {
      throw invalid(`${shown(token)} and ${shown(other)} both have the id ${id}`);
    }
    seen.set(id, token);
    ids.set(token, checkedId(token, id));
  }
  return ids;
}

/** An id, which is an integer from 0 to 2^24 − 1. */
export function checkedId(token: string, id: unknown): number {
  if (Number.isInteger(id) && (id as number) >= 0 && (id as number) <= MAX_ID) return id as number;
  throw invalid(`the id of ${shown(token)} is ${id}, expected an integer from 0 to ${MAX_ID}`);
}

/** The error for a text with a token that has no id. */
export function withoutId(): Error {
  return invalid("a text has a token without an id, and the model has no unknown token");
}

function shown(token: string): string {
  return JSON.stringify(token.slice(0, 100));
}
