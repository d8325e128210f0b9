/** Where learning has come to, as text: a run that was stopped goes on to the same bits. */
import { decodeBase64, encodeBase64 } from "../../base64.ts";
import { FewbitError } from "../../errors.ts";
import { parseJson } from "../../json.ts";
import { bytesOf } from "../../tensor.ts";

/** What is learned, what Adam remembers, and what was best. */
export interface LearningState {
  /** Steps so far. */
  readonly steps: number;
  /** Steps in all. */
  readonly of: number;
  /** Windows of a step. */
  readonly batch: number;
  /** Divergence on the windows for validation at first, in nats a token. */
  readonly before: number;
  /** The least since. */
  readonly least: number;
  /** All that is learned. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Its first moments. */
  readonly means: Float32Array<ArrayBuffer>;
  /** Its second moments. */
  readonly squares: Float32Array<ArrayBuffer>;
  /** The values with the least divergence. */
  readonly best: Float32Array<ArrayBuffer>;
}

const VECTORS = ["values", "means", "squares", "best"] as const;
const NUMBERS = ["steps", "of", "batch", "before", "least"] as const;

/** Writes it. */
export function writeLearningState(state: LearningState): string {
  const vectors = VECTORS.map((name) => [name, encodeBase64(bytesOf(state[name]))]);
  const numbers = NUMBERS.map((name) => [name, state[name]]);
  return JSON.stringify(Object.fromEntries([...numbers, ...vectors]));
}

/**
 * Reads what {@linkcode writeLearningState} wrote.
 *
 * @throws {FewbitError} `invalid_file` where it is something else.
 */
export function readLearningState(text: string): LearningState {
  const file = Object(parseJson("Cannot go on learning", text)) as Record<string, unknown>;
  const invalid = (name: string): FewbitError =>
    new FewbitError("invalid_file", `Cannot go on learning: ${name} is not what was written`);
  const state: Record<string, number | Float32Array> = {};
  for (const name of NUMBERS) {
    const value = file[name];
    if (!(typeof value === "number" && value >= 0)) throw invalid(name);
    state[name] = value;
  }
  for (const name of VECTORS) {
    const bytes = typeof file[name] === "string" ? decodeBase64(file[name]) : undefined;
    if (bytes === undefined || bytes.length % 4 !== 0) throw invalid(name);
    state[name] = new Float32Array(bytes.buffer);
  }
  return state as unknown as LearningState;
}
