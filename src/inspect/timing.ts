/** Time of every instruction. */
import { nextTurn } from "../event_loop.ts";
import type { DotForm, Inputs, SyncInstance } from "../engines/engine.ts";
import { evaluateExpressions } from "../program/expression.ts";
import type { VerifiedProgram } from "../program/verify.ts";
import { randomInputs } from "./random_inputs.ts";
import type { EntrySummary, ProgramSummary } from "./summary.ts";
import { workOf } from "./work.ts";

/** Times of one entry. */
export interface EntryTiming {
  readonly entry: string;
  readonly engine: string;
  /** The form of the dot product that its kernels use. */
  readonly dot?: DotForm;
  /** Runs of which the median was taken. */
  readonly runs: number;
  /** Values of the symbols. */
  readonly symbols: Readonly<Record<string, number>>;
  /** Median of whole runs, not sliced. */
  readonly runMs: number;
  /** Median of each instruction, in the order of the entry. */
  readonly instructionMs: readonly number[];
  /** Multiply-accumulates of each instruction at these symbols. */
  readonly work: readonly number[];
}

/** All instructions of one opcode. */
export interface OpcodeTiming {
  readonly name: string;
  readonly count: number;
  readonly ms: number;
  readonly work: number;
}

/** Options of {@linkcode timeEntry}. */
export interface TimingOptions {
  /** Default 10. */
  readonly runs?: number;
  /** Runs before those that count. Default 3. */
  readonly warmUp?: number;
  readonly signal?: AbortSignal;
}

/**
 * Times an entry on random inputs, instruction by instruction.
 *
 * @param verified The program that the instance has loaded, with the same symbols.
 */
export async function timeEntry(
  instance: SyncInstance,
  verified: VerifiedProgram,
  name: string,
  options: TimingOptions = {},
): Promise<EntryTiming> {
  const { runs = 10, warmUp = 3, signal } = options;
  const { program, symbols } = verified;
  const entry = program.entries.find((candidate) => candidate.name === name)!;
  const values = evaluateExpressions(program, symbols);
  const inputs = randomInputs(program, entry, values);
  const given = Object.fromEntries(
    program.symbols.flatMap((symbol, i) =>
      symbol.kind === "run" ? [[symbol.name, symbols[i]]] : []
    ),
  );
  const settings = { entry: name, symbols: given };
  const samples = Array.from({ length: entry.count }, (): number[] => []);
  const whole: number[] = [];
  for (let run = -warmUp; run < runs; run++) {
    const sliced = timeSlices(instance, inputs, settings);
    const start = performance.now();
    instance.begin(inputs, settings).advance();
    if (run >= 0) {
      whole.push(performance.now() - start);
      sliced.forEach((ms, i) => samples[i].push(ms));
    }
    await nextTurn();
    signal?.throwIfAborted();
  }
  return {
    entry: name,
    engine: instance.engine,
    ...(instance.dot !== undefined && { dot: instance.dot }),
    runs,
    symbols: Object.fromEntries(program.symbols.map((symbol, i) => [symbol.name, symbols[i]])),
    runMs: median(whole),
    instructionMs: samples.map(median),
    work: program.instructions.slice(entry.first, entry.first + entry.count).map((instruction) =>
      workOf(program, instruction, (expression) => values[expression])
    ),
  };
}

function timeSlices(
  instance: SyncInstance,
  inputs: Inputs,
  settings: { readonly entry: string; readonly symbols: Readonly<Record<string, number>> },
): number[] {
  const execution = instance.begin(inputs, settings);
  const times: number[] = [];
  let done = false;
  let before = performance.now();
  while (!done) {
    done = execution.advance(1);
    const after = performance.now();
    times.push(after - before);
    before = after;
  }
  return times;
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Totals by opcode, the slowest first. */
export function timeByOpcode(
  summary: ProgramSummary,
  entry: EntrySummary,
  timing: EntryTiming,
): OpcodeTiming[] {
  const totals = new Map<string, { name: string; count: number; ms: number; work: number }>();
  timing.instructionMs.forEach((ms, i) => {
    const { name } = summary.instructions[entry.first + i];
    const total = totals.get(name) ?? { name, count: 0, ms: 0, work: 0 };
    total.count++;
    total.ms += ms;
    total.work += timing.work[i];
    totals.set(name, total);
  });
  return [...totals.values()].sort((a, b) => b.ms - a.ms);
}
