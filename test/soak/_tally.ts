/** What became of the requests of a soak, by kind. */
import type { Random } from "../fuzz/_random.ts";
import { AnswerChecker } from "./_check_answer.ts";
import { send } from "./_send.ts";
import { percentile } from "./_statistics.ts";
import type { Kind } from "./kinds.ts";

/** Requests of a kind; the times are from the request to the whole answer, or to its failure. */
export interface KindReport {
  readonly name: string;
  readonly requests: number;
  readonly failures: number;
  /** NaN of no requests, as the other times. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Milliseconds to the first of a good answer: their median, and the longest. */
  readonly firstP50Ms: number;
  readonly firstMaxMs: number;
}

/** Problems that are kept. */
const KEPT = 20;

/** Makes requests, and counts and times them. */
export class Tally {
  /** Sentences about the first failures. */
  readonly problems: string[] = [];
  readonly #kinds: readonly {
    readonly kind: Kind;
    readonly ms: number[];
    readonly firstMs: number[];
    failures: number;
  }[];
  readonly #weights: number;
  readonly #checker = new AnswerChecker();

  constructor(kinds: readonly Kind[]) {
    this.#kinds = kinds.map((kind) => ({ kind, ms: [], firstMs: [], failures: 0 }));
    this.#weights = kinds.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** Makes a request of a kind that is drawn by weight. */
  async request(base: string, random: Random, timeoutMs: number): Promise<void> {
    let rest = random.unit() * this.#weights;
    const entry = this.#kinds.find(({ kind }) => (rest -= kind.weight) < 0) ?? this.#kinds[0];
    const request = entry.kind.make(random);
    const start = performance.now();
    let problem: string | undefined;
    try {
      const answer = await send(base, request, timeoutMs);
      if (answer?.status === 200) entry.firstMs.push(answer.firstMs);
      problem = this.#checker.problem(entry.kind, request, answer);
    } catch (error) {
      problem = String(error);
    }
    entry.ms.push(performance.now() - start);
    if (problem === undefined) return;
    entry.failures++;
    if (this.problems.length < KEPT) this.problems.push(`${entry.kind.name}: ${problem}`);
  }

  /** In the order of the kinds. */
  reports(): KindReport[] {
    return this.#kinds.map(({ kind, ms, firstMs, failures }) => ({
      name: kind.name,
      requests: ms.length,
      failures,
      p50Ms: percentile(ms, 0.5),
      p95Ms: percentile(ms, 0.95),
      p99Ms: percentile(ms, 0.99),
      maxMs: percentile(ms, 1),
      firstP50Ms: percentile(firstMs, 0.5),
      firstMaxMs: percentile(firstMs, 1),
    }));
  }
}
