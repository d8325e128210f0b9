import type { Budget } from "../../budget.ts";
import { byteTokens } from "../bytes_as_characters.ts";
import { invalid } from "../json.ts";
import type { SectionReader } from "../section_reader.ts";
import { withoutId } from "./vocab.ts";
import type { Model } from "./model.ts";

/** What an unknown character costs more than the worst piece. */
const UNKNOWN_PENALTY = 10;

/** SentencePiece's Unigram: the pieces with the largest sum of scores. */
export function readUnigram(reader: SectionReader): Model {
  const { pieces, scores, unknown } = readPieces(reader);
  const fallback = reader.flag("byte_fallback", false);
  const vocab = new Map(pieces.map((piece, id) => [piece, id]));
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) -
    UNKNOWN_PENALTY;
  const sorted = new SortedPieces(vocab);

  /** The best path: where the part that ends at a place begins, and its id. */
  function bestPath(text: string, budget: Budget): { begins: Int32Array; ids: Int32Array } {
    const n = text.length;
    const begins = new Int32Array(n + 1).fill(-1);
    const ids = new Int32Array(n + 1);
    const best = new Float64Array(n + 1);
    const offer = (start: number, end: number, id: number, score: number) => {
      const sum = score + best[start];
      if (begins[end] >= 0 && !(sum > best[end])) return;
      best[end] = sum;
      begins[end] = start;
      ids[end] = id;
    };
    for (let start = 0; start < n;) {
      const length = text.codePointAt(start)! > 0xffff ? 2 : 1;
      let single = false;
      sorted.prefixesOf(text, start, budget, (end, id) => {
        single ||= end - start === length;
        offer(start, end, id, scores[id]);
      });
      if (!single) {
        // Rust asks for the unknown id only where it is the best.
        const end = start + length;
        offer(start, end, unknown ?? -1, unknownScore);
        if (begins[end] === start && ids[end] === -1) throw withoutId();
      }
      start += length;
    }
    return { begins, ids };
  }

  function append(part: string, ids: number[]): void {
    const id = vocab.get(part);
    if (id !== undefined) {
      ids.push(id);
      return;
    }
    const bytes = fallback ? byteTokens(part).map((token) => vocab.get(token)) : [undefined];
    if (!bytes.includes(undefined)) { for (const byte of bytes) ids.push(byte!); }
    else if (unknown !== undefined) ids.push(unknown);
    else throw withoutId();
  }

  return {
    vocab,
    unknown,
    encode: (text, ids, budget) => {
      const path = bestPath(text, budget);
      const parts: string[] = [];
      for (let end = text.length; end > 0;) {
        // Unknown parts beside each other are one.
        let start = path.begins[end];
        const isUnknown = path.ids[end] === unknown;
        while (isUnknown && start > 0 && path.ids[start] === unknown) start = path.begins[start];
        parts.push(text.slice(start, end));
        end = start;
      }
      for (const part of parts.reverse()) append(part, ids);
    },
  };
}

interface Pieces {
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
  readonly unknown: number | undefined;
}

/** `vocab` as pairs of a piece and its score, and `unk_id`. */
function readPieces(reader: SectionReader): Pieces {
  const vocab = reader.value("vocab");
  if (!Array.isArray(vocab)) throw invalid("its model has no vocab");
  for (const [i, piece] of vocab.entries()) {
    if (!Array.isArray(piece) || typeof piece[0] !== "string" || !Number.isFinite(piece[1])) {
      throw invalid(`piece ${i} of the vocabulary is not a text and its score`);
    }
  }
  const unknown = reader.value("unk_id") ?? undefined;
  const known = unknown === undefined ||
    (Number.isInteger(unknown) && unknown as number >= 0 && unknown as number < vocab.length);
  if (!known) throw invalid(`unk_id is ${unknown}, expected a position in the vocabulary`);
  return {
    pieces: vocab.map(([piece]) => piece),
    scores: vocab.map(([, score]) => score),
    unknown: unknown as number | undefined,
  };
}

/** Pieces in the order of their code units: those that begin alike stand together. */
class SortedPieces {
  readonly #pieces: readonly string[];
  readonly #ids: Int32Array;

  constructor(vocab: ReadonlyMap<string, number>) {
    // The default order is by code units, whatever the host's language is.
    this.#pieces = [...vocab.keys()].filter((piece) => piece !== "").sort();
    this.#ids = Int32Array.from(this.#pieces, (piece) => vocab.get(piece)!);
  }

  /** Calls back with the end and id of every piece that a text has at a place, the shortest first. */
  prefixesOf(
    text: string,
    start: number,
    budget: Budget,
    found: (end: number, id: number) => void,
  ): void {
    const pieces = this.#pieces;
    let [low, high] = [0, pieces.length];
    for (let end = start; low < high && end < text.length; end++) {
      const unit = text.charCodeAt(end);
      const depth = end - start;
      low = this.#bound(low, high, depth, unit);
      high = this.#bound(low, high, depth, unit + 1);
      budget.spend(4);
      if (low < high && pieces[low].length === depth + 1) found(end + 1, this.#ids[low++]);
    }
  }

  /** The first of the pieces from low to high whose unit at a depth is not below a unit. */
  #bound(low: number, high: number, depth: number, unit: number): number {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#pieces[middle].charCodeAt(depth) < unit) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
