import type { Budget } from "../../budget.ts";
import { byteTokens } from "../bytes_as_characters.ts";
import type { SectionReader } from "../section_reader.ts";
import { NumberHeap } from "./_heap.ts";
import { MAX_ID, readVocab, withoutId } from "./vocab.ts";
import type { Model } from "./model.ts";

/** A pair of ids as one number. */
const PAIR = MAX_ID + 1;
/** Places in a piece, which has at most 2^24 code units. */
const PLACES = 2 ** 25;
/** Pieces whose ids are kept, and the longest of them. */
const CACHED = 2 ** 13;
const CACHED_LENGTH = 64;
/** In the place of a symbol that was merged into the one before. */
const GONE = -1;

interface Merges {
  /** Rank of each pair of ids. */
  readonly ranks: ReadonlyMap<number, number>;
  /** What a rank makes. */
  readonly ids: readonly number[];
}

/** Byte pair encoding: of all neighbours that may merge, those of the lowest rank do, the leftmost first. */
export function readBytePair(reader: SectionReader): Model {
  const vocab = readVocab(reader);
  const prefix = reader.text("continuing_subword_prefix", "");
  const suffix = reader.text("end_of_word_suffix", "");
  const unknownToken = reader.value("unk_token") ?? undefined;
  if (unknownToken !== undefined && typeof unknownToken !== "string") {
    throw reader.invalid("unk_token is not a text");
  }
  const [fuse, fallback] = [reader.flag("fuse_unk", false), reader.flag("byte_fallback", false)];
  const ignoreMerges = reader.flag("ignore_merges", false);
  const dropout = reader.value("dropout") ?? 0;
  if (dropout !== 0) throw reader.unsupported("a dropout");
  const merges = readMerges(reader, vocab, prefix);
  const unknown = unknownToken === undefined ? undefined : vocab.get(unknownToken);
  const cache = new Map<string, readonly number[]>();

  /** The ids of the characters of a piece. What has none is dropped if there is no unknown token. */
  function symbols(piece: string): number[] {
    const ids: number[] = [];
    let pending = false;
    let at = 0;
    for (const character of piece) {
      const last = at + character.length === piece.length;
      const written = (at > 0 ? prefix : "") + character + (last ? suffix : "");
      at += character.length;
      const id = vocab.get(written);
      if (id !== undefined) {
        if (pending) ids.push(unknown!);
        pending = false;
        ids.push(id);
        continue;
      }
      // Bytes go before an unknown token that is still pending: so it is in the Rust tokenizers.
      if (fallback && appendBytes(written, ids)) continue;
      if (unknownToken === undefined) continue;
      if (unknown === undefined) throw withoutId();
      if (pending && !fuse) ids.push(unknown);
      pending = true;
    }
    if (pending) ids.push(unknown!);
    return ids;
  }

  function appendBytes(text: string, ids: number[]): boolean {
    const bytes = byteTokens(text).map((token) => vocab.get(token));
    if (bytes.includes(undefined)) return false;
    for (const id of bytes) ids.push(id!);
    return true;
  }

  function encoded(piece: string, budget: Budget): readonly number[] {
    const whole = ignoreMerges ? vocab.get(piece) : undefined;
    if (whole !== undefined) return [whole];
    const ids = symbols(piece);
    return mergeAll(ids, merges, budget);
  }

  return {
    vocab,
    unknown,
    encode: (piece, ids, budget) => {
      budget.spend(piece.length);
      let found = cache.get(piece);
      if (found === undefined) {
        found = encoded(piece, budget);
        if (cache.size >= CACHED) cache.clear();
        if (piece.length <= CACHED_LENGTH) cache.set(piece, found);
      }
      for (const id of found) ids.push(id);
    },
  };
}

/** `merges`: pairs, or texts of two tokens with a space between; the later of two that are alike counts. */
function readMerges(
  reader: SectionReader,
  vocab: ReadonlyMap<string, number>,
  prefix: string,
): Merges {
  const merges = reader.value("merges");
  if (!Array.isArray(merges)) throw reader.invalid("merges is not an array");
  const ranks = new Map<number, number>();
  const ids: number[] = [];
  const idOf = (token: string) => {
    const id = vocab.get(token);
    if (id === undefined) {
      throw reader.invalid(`merges have ${JSON.stringify(token.slice(0, 80))}, which has no id`);
    }
    return id;
  };
  for (const merge of merges) {
    if (typeof merge === "string" && merge.startsWith("#version")) continue;
    const pair: unknown = typeof merge === "string" ? merge.split(" ") : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((x) => typeof x === "string")) {
      throw reader.invalid(`merge ${ids.length} is not a pair of tokens`);
    }
    const [left, right] = pair as [string, string];
    ranks.set(idOf(left) * PAIR + idOf(right), ids.length);
    ids.push(idOf(left + withoutPrefix(right, prefix, reader)));
  }
  return { ranks, ids };
}

/** The Rust tokenizers take as many bytes away as the prefix has, whatever they are. */
function withoutPrefix(token: string, prefix: string, reader: SectionReader): string {
  if (prefix === "") return token;
  if (token.startsWith(prefix)) return token.slice(prefix.length);
  throw reader.unsupported(
    `a merge with ${JSON.stringify(token.slice(0, 80))}, which lacks the continuing_subword_prefix`,
  );
}

/**
 * Merges neighbours until none may. The heap may hold what is gone: a merge counts if what stands there now
 * makes the same token, even if by another rank, as in the Rust tokenizers.
 */
function mergeAll(ids: number[], { ranks, ids: made }: Merges, budget: Budget): readonly number[] {
  const n = ids.length;
  if (n < 2) return ids;
  const next = Int32Array.from({ length: n }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
  const heap = new NumberHeap();
  const offer = (left: number, right: number) => {
    const rank = ranks.get(ids[left] * PAIR + ids[right]);
    if (rank !== undefined) heap.push(rank * PLACES + left);
  };
  for (let i = 0; i + 1 < n; i++) offer(i, i + 1);
  while (heap.size > 0) {
    budget.spend(8);
    const top = heap.pop();
    const at = top % PLACES;
    const right = ids[at] === GONE ? n : next[at];
    if (right >= n) continue;
    const rank = ranks.get(ids[at] * PAIR + ids[right]);
    const id = made[Math.floor(top / PLACES)];
    if (rank === undefined || made[rank] !== id) continue;
    ids[at] = id;
    ids[right] = GONE;
    next[at] = next[right];
    if (next[at] < n) previous[next[at]] = at;
    if (previous[at] >= 0) offer(previous[at], at);
    if (next[at] < n) offer(at, next[at]);
  }
  return ids.filter((id) => id !== GONE);
}
