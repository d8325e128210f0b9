/**
 * `deno task programs`: random programs, the same on every engine.
 *
 *     deno run -A test/conformance/random_programs.ts --count 100000 --seed 1 [--first 0]
 */
import { parseArgs } from "node:util";
import { Random } from "./_random.ts";
import { randomProgram } from "./_random_program.ts";
import { runEverywhere } from "./_run_random.ts";
import type { Fault, Tally } from "./_run_random.ts";

/** Runs program `index` of a seed. */
export async function runProgram(
  seed: number,
  index: number,
  tally: Tally,
  fault?: Fault,
): Promise<void> {
  const random = new Random(Math.imul(seed, 0x9E3779B1) ^ Math.imul(index + 1, 0x85EBCA6B));
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 4; i++) random.bits();
  await runEverywhere(random, await randomProgram(random), tally, fault);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      first: { type: "string", default: "0" },
    },
  });
  const [count, seed, first] = [values.count, values.seed, values.first].map(Number);
  const tally: Tally = new Map();
  let failures = 0;
  for (let index = first; index < first + count; index++) {
    try {
      await runProgram(seed, index, tally);
    } catch (error) {
      failures++;
      console.log(`--seed ${seed} --first ${index} --count 1: ${(error as Error).message}`);
    }
    if ((index + 1 - first) % 1000 === 0) console.error(`${index + 1 - first} of ${count}`);
  }
  for (const [name, n] of [...tally].sort()) console.log(`${String(n).padStart(9)}  ${name}`);
  console.log(`${count} programs, ${failures} failures`);
  if (failures > 0) Deno.exit(1);
}
