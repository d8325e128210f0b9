/** Damaged programs. */
import { decodeHead } from "../../src/program/decode.ts";
import { checkProgram } from "./_check_program.ts";
import type { Kind } from "./_kind.ts";
import { mutateProgram } from "./_mutate_program.ts";
import type { ProgramSeed } from "./_mutate_program.ts";
import type { ProgramSeeds } from "./_program_seeds.ts";
import type { Random } from "./_random.ts";

/** Mutants of programs on all engines. */
export function programKind(seeds: ProgramSeeds): Kind {
  return {
    name: "program",
    share: 0.62,
    async check(random) {
      const file = mutateProgram(pick(seeds, random), pick(seeds, random), random);
      const outcome = await checkProgram(file, undefined, random);
      if (outcome.startsWith("ok") && random.chance(0.2)) {
        await checkProgram(file, symbolsOf(file, random), random);
      }
      return outcome;
    },
  };
}

function pick({ one, small, tiny, shipped }: ProgramSeeds, random: Random): ProgramSeed {
  const kind = random.unit();
  if (kind < 0.6) return random.pick(one);
  if (kind < 0.85) return random.pick(small);
  return kind < 0.97 ? tiny : shipped;
}

/** Values of load-time symbols, good ones and others. */
function symbolsOf(file: Uint8Array, random: Random): [number, number][] {
  return decodeHead(file).program.symbols.flatMap(({ kind, min }, i) =>
    kind === "load"
      ? [[i, random.pick([min, min + 1, random.integer(0, 20), random.bits() | 0])]]
      : []
  );
}
