import { philox4x32 } from "../../numeric/philox.ts";
import type { Operands } from "./_operands.ts";

/** A piece that may be drawn. */
export interface Candidate {
  readonly id: number;
  readonly logit: number;
  readonly weight: bigint;
}

/** What is drawn from, as integers; see `src/instructions/sample_i32.ts`. */
export interface Filters {
  readonly rate: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
}

const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

/** Weight of what is u/65536 octaves below the largest. */
export function weightOf(octave: (i: number) => number, u: number): bigint {
  const [q, i, f] = [u >> 16, u >> 8 & 255, u & 255];
  if (q >= 31) return 0n;
  const [here, next] = [octave(i), octave(i + 1)].map((word) => BigInt(word & 0x7fffffff));
  return (here - ((here - next) * BigInt(f) + 128n >> 8n)) >> BigInt(q);
}

/** Steps 1 to 7: what is left, by ascending ids. */
export function candidates(
  logits: readonly number[],
  isAllowed: (id: number) => boolean,
  octave: (i: number) => number,
  { rate, topK, topP, minP }: Filters,
): Candidate[] {
  const allowed = logits.flatMap((logit, id) => isAllowed(id) ? [{ id, logit }] : []);
  if (allowed.length === 0) return [];
  const top = allowed.reduce((a, b) => b.logit > a.logit ? b : a);
  if (rate <= 0) return [{ ...top, weight: 1n }];
  let left = allowed.map(({ id, logit }): Candidate => {
    const u = (BigInt(top.logit - logit) * BigInt(rate) + 2n ** 15n) >> 16n;
    return { id, logit, weight: weightOf(octave, Number(u < 2n ** 22n ? u : 2n ** 22n)) };
  });
  left.sort((a, b) => b.logit - a.logit || a.id - b.id);
  if (topK > 0) left = left.slice(0, topK);
  if (topP > 0 && topP < 65536) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0n);
    const need = (total * BigInt(topP) + 65535n) >> 16n;
    let reached = 0n;
    left = left.filter(({ weight }) => {
      const isNeeded = reached < need;
      reached += weight;
      return isNeeded;
    });
  }
  const least = BigInt(clamp(minP, 0, 65536)) << 14n;
  return left.filter(({ weight }) => weight >= least).sort((a, b) => a.id - b.id);
}

/** Steps 8 and 9: the id, −1 where there is none. `random` is seed low, seed high, draws low, draws high. */
export function drawn(left: readonly Candidate[], random: readonly number[]): number {
  const total = left.reduce((sum, { weight }) => sum + weight, 0n);
  const [seedLow, seedHigh, low, high] = random;
  const [a, b] = philox4x32([low, high, 0, 0], [seedLow, seedHigh]);
  const target = ((BigInt(a) << 32n) + BigInt(b)) * total >> 64n;
  let reached = 0n;
  return left.find(({ weight }) => (reached += weight) > target)?.id ?? -1;
}

/** The next token of each row. */
export function sampleI32(op: Operands): void {
  const [logits, octave, random, y] = ["logits", "octave", "random", "y"].map((name) =>
    op.get(name)
  );
  const mask = op.optional("mask");
  for (let row = 0; row < logits.rows; row++) {
    const [rate, topK, topP, minP] = ["rate", "top_k", "top_p", "min_p"].map((name) =>
      op.get(name).get(0, row)
    );
    const left = candidates(
      logits.row(row),
      (id) => mask === undefined || isSet(mask.row(row), id),
      (i) => octave.get(0, i),
      { rate, topK, topP, minP },
    );
    y.set(0, row, rate <= 0 && left.length > 0 ? left[0].id : drawn(left, random.row(row)));
  }
}

/** Whether an id is allowed by words of 32 bits; beyond them none is. */
function isSet(words: readonly number[], id: number): boolean {
  return ((words[id >> 5] ?? 0) >> (id & 31) & 1) === 1;
}
