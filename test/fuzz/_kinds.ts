import type { Kind } from "./_kind.ts";
import { programKind } from "./_program_kind.ts";
import { programSeeds } from "./_program_seeds.ts";

/** Everything that is fuzzed. */
export async function fuzzKinds(): Promise<Kind[]> {
  const seeds = await programSeeds();
  return [programKind(seeds)];
}
