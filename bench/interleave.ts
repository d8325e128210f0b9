/** Timing several ways of doing something in turns, so that a busy machine slows all of them. */

/** Something to be timed. */
export interface Contender {
  readonly name: string;
  /** Does it once. */
  run(): unknown;
}

/** Settings of {@linkcode interleave}. */
export interface InterleaveOptions {
  readonly rounds: number;
  /** Least time of one sample; what is shorter is repeated. Default 5 ms. */
  readonly leastMs?: number;
}

/** Runs all contenders in every round, each round in the opposite order of the one before. */
export async function interleave(
  contenders: readonly Contender[],
  { rounds, leastMs = 5 }: InterleaveOptions,
): Promise<Timings> {
  const repeats = new Map<Contender, number>();
  for (const contender of contenders) {
    repeats.set(contender, Math.ceil(leastMs / await warmUp(contender)));
  }
  const samples = new Map(contenders.map(({ name }): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      samples.get(contender.name)!.push(await time(contender, repeats.get(contender)!));
    }
  }
  return new Timings(samples);
}

/** Runs until compilers have settled; returns the time of one run. */
async function warmUp(contender: Contender): Promise<number> {
  const runs = 3;
  let ms = await time(contender, 1);
  for (const start = performance.now(); performance.now() - start < 100;) {
    ms = await time(contender, runs);
  }
  return ms;
}

/** Mean time of some runs, in milliseconds. */
async function time(contender: Contender, runs: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < runs; i++) {
    const result = contender.run();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / runs;
}

/** Milliseconds by contender and round. */
export class Timings {
  constructor(readonly samples: ReadonlyMap<string, readonly number[]>) {}

  best(name: string): number {
    return Math.min(...this.samples.get(name)!);
  }

  median(name: string): number {
    return median(this.samples.get(name)!);
  }

  /** How many times faster one is than another: paired in every round, then the median. */
  ratio(name: string, peer: string): number {
    const peers = this.samples.get(peer)!;
    return median(this.samples.get(name)!.map((ms, round) => peers[round] / ms));
  }

  /** How many times faster the best round of one is than the best round of another. */
  bestRatio(name: string, peer: string): number {
    return this.best(peer) / this.best(name);
  }

  /** For results.json. */
  toJSON(): Record<string, { medianMs: number; bestMs: number; rounds: number }> {
    return Object.fromEntries(
      [...this.samples].map(([name, ms]) => [
        name,
        { medianMs: round(median(ms)), bestMs: round(Math.min(...ms)), rounds: ms.length },
      ]),
    );
  }
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function round(ms: number): number {
  return Number(ms.toPrecision(4));
}
