/** What `sample_i32` draws by, from the usual options. */
import { samplingRate } from "../numeric/integer_tables.ts";
import type { SamplingOptions } from "./sampling_options.ts";

const LOW = 2 ** 32;
const MOST = 2 ** 31 - 1;

/** Parameters of a draw, as integers; see `src/instructions/sample_i32.ts`. */
export interface IntegerDraw {
  /** 1/65536 octaves a unit of the logits; 0 takes the largest. */
  readonly rate: number;
  /** 0: all. */
  readonly topK: number;
  /** 65536ths; 65536: all. */
  readonly topP: number;
  /** 65536ths; 0: all. */
  readonly minP: number;
  /** Words of the seed and of the number of draws, low before high. */
  readonly random: readonly [number, number, number, number];
}

/** Options as integers, each rounded to the nearest. */
export function integerDraw(
  { temperature, topK, topP, minP }: Required<SamplingOptions>,
  { seed, draws }: { readonly seed: number; readonly draws: number },
): IntegerDraw {
  const part = (p: number): number => Math.floor(p * 65536 + 0.5);
  return {
    rate: Math.min(samplingRate(temperature), MOST),
    topK: Math.min(topK, MOST),
    topP: Math.max(1, part(topP)),
    minP: part(minP),
    random: [seed % LOW, Math.floor(seed / LOW), draws % LOW, Math.floor(draws / LOW)],
  };
}
