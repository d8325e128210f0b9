import type { Budget } from "../budget.ts";
import type { Part } from "../pattern/pattern.ts";
import type { CodePointSet } from "../unicode/code_point_set.ts";

/** A part of a text on its way to the model. */
export interface Piece {
  readonly text: string;
  /**
   * How many code units at its start come from the first character of the whole text: 0 unless the text
   * begins here. `Metaspace` asks whether it does.
   */
  readonly lead: number;
}

/** Cuts pieces into smaller ones. */
export type PreTokenizer = (pieces: readonly Piece[], budget: Budget) => Piece[];

/** What becomes of the matches. */
export type Behavior =
  | "Isolated"
  | "Removed"
  | "Contiguous"
  | "MergedWithPrevious"
  | "MergedWithNext";

/** All of them. */
export const BEHAVIORS: readonly Behavior[] = [
  "Isolated",
  "Removed",
  "Contiguous",
  "MergedWithPrevious",
  "MergedWithNext",
];

/** A text cut where code points are in a set: each of them is a match. */
export function partsOf(text: string, set: CodePointSet): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at)!;
    const end = at + (code > 0xffff ? 2 : 1);
    if (set.has(code)) {
      if (from < at) parts.push({ start: from, end: at, matches: false });
      parts.push({ start: at, end, matches: true });
      from = end;
    }
    at = end;
  }
  if (from < text.length) parts.push({ start: from, end: text.length, matches: false });
  return parts;
}

/** Matches for what is none, and the other way round. */
export function inverted(parts: readonly Part[]): Part[] {
  return parts.map((part) => ({ ...part, matches: !part.matches }));
}

/** Cuts a piece; empty pieces vanish. */
export function split(piece: Piece, parts: readonly Part[], behavior: Behavior): Piece[] {
  return ranges(parts, behavior)
    .filter(([start, end]) => end > start)
    .map(([start, end]) => ({
      text: piece.text.slice(start, end),
      lead: Math.max(0, Math.min(piece.lead, end) - start),
    }));
}

type Range = [start: number, end: number];

function ranges(parts: readonly Part[], behavior: Behavior): Range[] {
  switch (behavior) {
    case "Isolated":
      return parts.map(({ start, end }) => [start, end]);
    case "Removed":
      return parts.filter(({ matches }) => !matches).map(({ start, end }) => [start, end]);
    case "Contiguous":
      return merged(parts, (matches, before) => matches === before);
    case "MergedWithPrevious":
      return merged(parts, (matches, before) => matches && !before);
    case "MergedWithNext": {
      const backwards = [...parts].reverse();
      return merged(backwards, (matches, before) => matches && !before).reverse();
    }
  }
}

/** Joins a part to the last range where `joins` says so; before the first part is what does not match. */
function merged(
  parts: readonly Part[],
  joins: (matches: boolean, before: boolean) => boolean,
): Range[] {
  const found: Range[] = [];
  let before = false;
  for (const { start, end, matches } of parts) {
    const last = found.at(-1);
    if (last !== undefined && joins(matches, before)) {
      last[0] = Math.min(last[0], start);
      last[1] = Math.max(last[1], end);
    } else {
      found.push([start, end]);
    }
    before = matches;
  }
  return found;
}
