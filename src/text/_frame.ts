import type { Tokenizer as Library } from "@huggingface/tokenizers";
import { invalid } from "./_tokenizer_json.ts";

/** The ids around and between texts: `[CLS]`, `[SEP]`, bos, eos. */
export interface Frame {
  readonly before: readonly number[];
  /** Between the two texts of a pair. */
  readonly between: readonly number[];
  readonly after: readonly number[];
}

/** No vocabulary has these: they stand for the texts when the post-processor is asked what it adds. */
const FIRST = "\ud800 first";
const SECOND = "\ud800 second";

/** What the post-processor puts around one text, or around and between two. */
export function frameOf(library: Library, pair: boolean): Frame {
  const { post_processor } = library;
  if (post_processor === null) return { before: [], between: [], after: [] };
  const { tokens } = post_processor([FIRST], pair ? [SECOND] : null, true);
  // A ByteLevel post-processor adds nothing, and does not join a pair.
  const all = pair && !tokens.includes(SECOND) ? [...tokens, SECOND] : tokens;
  const first = all.indexOf(FIRST);
  const second = pair ? all.indexOf(SECOND) : first;
  if (first < 0 || second < first) {
    throw invalid("its post-processor leaves out a text or swaps the texts of a pair");
  }
  const ids = (tokens: readonly string[]) => tokens.map((token) => idOf(library, token));
  return {
    before: ids(all.slice(0, first)),
    between: ids(all.slice(first + 1, second)),
    after: ids(all.slice(second + 1)),
  };
}

function idOf(library: Library, token: string): number {
  const id = library.token_to_id(token);
  if (id !== undefined) return id;
  throw invalid(`its post-processor adds ${JSON.stringify(token)}, which has no id`);
}

/**
 * How many tokens of each text of a pair are kept so that both have at most `room` together: the longer
 * one is cut first (`longest_first` of Hugging Face).
 */
export function pairLengths(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const shorter = Math.min(first, second);
  let [small, large] = [shorter, Math.max(shorter, room - shorter)];
  if (shorter > room) [small, large] = [shorter, shorter];
  if (small + large > room) {
    small = Math.floor(room / 2);
    large = small + room % 2;
  }
  return first > second ? [large, small] : [small, large];
}
