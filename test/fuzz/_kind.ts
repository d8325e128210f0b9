import type { Random } from "./_random.ts";

/** What is damaged and what must hold then. */
export interface Kind {
  readonly name: string;
  /** Share of the mutants of a run. */
  readonly share: number;
  /** Makes one mutant and checks it; returns what became of it, or throws where a check fails. */
  check(random: Random): Promise<string>;
}
