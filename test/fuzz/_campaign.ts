/** Runs mutants of all kinds and counts what becomes of them. */
import type { Kind } from "./_kind.ts";
import { randomOf } from "./_random.ts";

/** Longest time that one mutant may take. */
const MAX_MS = 2000;

/** A check that did not hold. */
export interface Failure {
  readonly kind: string;
  readonly index: number;
  readonly error: unknown;
}

/** What became of the mutants. */
export interface Summary {
  /** Outcomes by kind: name → count. */
  readonly outcomes: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly failures: readonly Failure[];
  /** Slowest mutant of each kind. */
  readonly slowestMs: ReadonlyMap<string, number>;
}

/** Which mutants to make. */
export interface CampaignOptions {
  readonly seed: number;
  readonly count: number;
  /** Number of the first one. */
  readonly first?: number;
  /** All mutants are of this kind; it has to be given again to make one again. */
  readonly kind?: string;
  /** Called between mutants, and at the end, to see that all is still well. */
  readonly watch?: () => Promise<void>;
  /** Mutants between two calls of `watch`. */
  readonly every?: number;
  readonly onProgress?: (done: number, failures: number) => void;
}

/** Runs a campaign; a failure does not end it. */
export async function campaign(
  kinds: readonly Kind[],
  { seed, count, first = 0, kind: only, watch, every = 500, onProgress }: CampaignOptions,
): Promise<Summary> {
  const outcomes = new Map(kinds.map(({ name }) => [name, new Map<string, number>()]));
  const slowestMs = new Map<string, number>();
  const failures: Failure[] = [];
  for (let index = first; index < first + count; index++) {
    const random = randomOf(seed, index);
    const drawn = kindOf(kinds, random.unit());
    const kind = only === undefined ? drawn : named(kinds, only);
    const start = performance.now();
    let outcome: string;
    try {
      outcome = await kind.check(random);
    } catch (error) {
      outcome = "FAILED";
      failures.push({ kind: kind.name, index, error });
    }
    const ms = performance.now() - start;
    if (ms > MAX_MS) failures.push({ kind: kind.name, index, error: new Error(`took ${ms} ms`) });
    slowestMs.set(kind.name, Math.max(ms, slowestMs.get(kind.name) ?? 0));
    const counts = outcomes.get(kind.name)!;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if ((index + 1 - first) % every === 0) {
      await watch?.();
      onProgress?.(index + 1 - first, failures.length);
    }
  }
  await watch?.();
  return { outcomes, failures, slowestMs };
}

function named(kinds: readonly Kind[], name: string): Kind {
  const found = kinds.find((kind) => kind.name === name);
  if (found !== undefined) return found;
  throw new Error(`no kind ${name}: ${kinds.map((kind) => kind.name).join(", ")}`);
}

function kindOf(kinds: readonly Kind[], unit: number): Kind {
  let rest = unit * kinds.reduce((sum, { share }) => sum + share, 0);
  return kinds.find(({ share }) => (rest -= share) < 0) ?? kinds[kinds.length - 1];
}
