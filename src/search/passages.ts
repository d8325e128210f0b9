/** Texts as overlapping passages. */
import { pauseIfDue } from "../event_loop.ts";

/** A part of a text. */
export interface Passage {
  /** Its first line, from 1. */
  readonly firstLine: number;
  /** Its last line. */
  readonly lastLine: number;
  /** The lines. */
  readonly text: string;
}

/** How long passages are. */
export interface PassageSizes {
  /** Tokens of a passage, at most. A word of more tokens is a passage of its own. */
  readonly tokens: number;
  /** Tokens, at most, that a passage shares with the one before. */
  readonly overlap: number;
}

/** A line, or a part of a long one. */
interface Piece {
  readonly line: number;
  readonly text: string;
  readonly tokens: number;
}

/**
 * Splits a text into passages of whole lines; lines that are longer than a passage are split between
 * words. Blank text is left out. Other work of the host goes on between lines.
 *
 * @param countTokens Tokens of a text, without special ones.
 * @param signal Stops between lines with its reason.
 */
export async function splitPassages(
  text: string,
  countTokens: (text: string) => number,
  sizes: PassageSizes,
  signal?: AbortSignal,
): Promise<Passage[]> {
  const pieces = await piecesOf(text, countTokens, sizes.tokens, signal);
  const passages: Passage[] = [];
  for (let start = 0; start < pieces.length;) {
    let [end, tokens] = [start, 0];
    do tokens += pieces[end++].tokens; while (
      end < pieces.length && tokens + pieces[end].tokens <= sizes.tokens
    );
    passages.push(passageOf(pieces.slice(start, end)));
    if (end === pieces.length) break;
    let [next, shared] = [end, 0];
    while (next - 1 > start && shared + pieces[next - 1].tokens <= sizes.overlap) {
      shared += pieces[--next].tokens;
    }
    start = next;
  }
  return passages;
}

/** The lines that are not blank, long ones in parts. */
async function piecesOf(
  text: string,
  countTokens: (text: string) => number,
  most: number,
  signal: AbortSignal | undefined,
): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const [i, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (line.trim() === "") continue;
    await pauseIfDue(signal);
    const tokens = countTokens(line);
    if (tokens <= most) pieces.push({ line: i + 1, text: line, tokens });
    else {for (const part of await partsOf(line, i + 1, countTokens, most, signal)) {
        pieces.push(part);
      }}
  }
  return pieces;
}

async function partsOf(
  line: string,
  number: number,
  countTokens: (text: string) => number,
  most: number,
  signal: AbortSignal | undefined,
): Promise<Piece[]> {
  const parts: Piece[] = [];
  let [words, tokens]: [string[], number] = [[], 0];
  const flush = (): void => {
    if (words.length > 0) parts.push({ line: number, text: words.join(" "), tokens });
    [words, tokens] = [[], 0];
  };
  for (const word of line.trim().split(/\s+/)) {
    await pauseIfDue(signal);
    const more = countTokens(word);
    if (tokens + more > most) flush();
    words.push(word);
    tokens += more;
  }
  flush();
  return parts;
}

function passageOf(pieces: readonly Piece[]): Passage {
  let text = pieces[0].text;
  for (let i = 1; i < pieces.length; i++) {
    const { line } = pieces[i];
    // Blank lines between them are kept, so that line numbers can be counted.
    text += line === pieces[i - 1].line ? " " : "\n".repeat(line - pieces[i - 1].line);
    text += pieces[i].text;
  }
  return { firstLine: pieces[0].line, lastLine: pieces[pieces.length - 1].line, text };
}
