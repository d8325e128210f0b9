/** Where the time of a run goes. */
import type { Inputs, SyncInstance } from "../src/engines/engine.ts";
import { instructionOf } from "../src/instructions/mod.ts";
import type { Instruction, Program } from "../src/program/program.ts";
import { median } from "./interleave.ts";
import { table } from "../tools/markdown_table.ts";

/** Milliseconds of each instruction of an entry, in every run. */
export function instructionSamples(
  instance: SyncInstance,
  inputs: Inputs,
  entry: string,
  runs: number,
): number[][] {
  const { count } = entryOf(instance.program, entry);
  const samples = Array.from({ length: count }, (): number[] => []);
  for (let run = 0; run < runs; run++) {
    const execution = instance.begin(inputs, { entry });
    for (const sample of samples) {
      const start = performance.now();
      execution.advance(1);
      sample.push(performance.now() - start);
    }
  }
  return samples;
}

function entryOf({ entries }: Program, entry: string): Program["entries"][number] {
  return entries.find(({ name }) => name === entry)!;
}

/**
 * Instructions of one kind and size, in Markdown, the most expensive first; without those that take
 * less than a five-hundredth.
 */
export function opcodeTable(
  instance: SyncInstance,
  inputs: Inputs,
  entry: string,
  runs: number,
): string {
  return samplesTable(instance.program, entry, instructionSamples(instance, inputs, entry, runs));
}

/** The same of samples that were taken; `of` makes one number of those of an instruction. */
export function samplesTable(
  program: Program,
  entry: string,
  samples: readonly (readonly number[])[],
  of: (samples: readonly number[]) => number = median,
): string {
  const { first } = entryOf(program, entry);
  const totals = new Map<string, { count: number; ms: number }>();
  samples.forEach((sample, i) => {
    const name = describe(program, program.instructions[first + i]);
    const total = totals.get(name) ?? { count: 0, ms: 0 };
    total.count++;
    total.ms += of(sample);
    totals.set(name, total);
  });
  const all = [...totals.values()].reduce((sum, { ms }) => sum + ms, 0);
  const rows = [...totals].sort((a, b) => b[1].ms - a[1].ms)
    .filter(([, { ms }]) => ms > 0.002 * all)
    .map(([name, { count, ms }]) => [
      name,
      String(count),
      ms.toFixed(2),
      `${(100 * ms / all).toFixed(1)} %`,
    ]);
  return table(["instruction", "count", "ms", "share"], rows);
}

/** The part of a run's time that is in instructions other than those of a name, from the medians of each. */
export function shareOutside(
  instance: SyncInstance,
  inputs: Inputs,
  entry: string,
  runs: number,
  inside: (name: string) => boolean,
): number {
  const { program } = instance;
  const { first } = entryOf(program, entry);
  let [within, all] = [0, 0];
  instructionSamples(instance, inputs, entry, runs).forEach((samples, i) => {
    const ms = median(samples);
    all += ms;
    if (inside(instructionOf(program.instructions[first + i].opcode)!.name)) within += ms;
  });
  return 1 - within / all;
}

/** Name and, for a linear layer, its M×K×N at batch 1. */
function describe({ views, expressions }: Program, { opcode, operands }: Instruction): string {
  const { name, operands: described } = instructionOf(opcode)!;
  if (!name.startsWith("linear")) return name;
  const extentsOf = (operand: string): number[] =>
    views[operands[described.findIndex((spec) => spec.name === operand)]].extents.map((extent) => {
      const { constant, terms } = expressions[extent];
      return terms.reduce((sum, [factor]) => sum + factor, constant);
    });
  const [x, weight] = [extentsOf("x"), extentsOf("weight")];
  const rows = x.slice(0, -1).reduce((a, b) => a * b, 1);
  return `${name} ${rows}×${x[x.length - 1]}×${weight[0]}`;
}
