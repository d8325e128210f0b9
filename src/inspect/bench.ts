/** Timing of one model on several engines, in turns. */
import { sha256 } from "../files/sha256.ts";
import { nextTurn } from "../event_loop.ts";
import type { DotForm, Instance, Outputs, SyncInstance } from "../engines/engine.ts";
import { FewbitError } from "../errors.ts";
import { evaluateExpressions } from "../program/expression.ts";
import type { Program } from "../program/program.ts";
import type { VerifiedProgram } from "../program/verify.ts";
import { randomInputs } from "./random_inputs.ts";
import { median } from "./timing.ts";
import { workOf } from "./work.ts";

/** What was measured of one engine. */
export interface EngineResult {
  readonly engine: string;
  /** The form of the dot product that its kernels use. */
  readonly dot?: DotForm;
  /** Milliseconds of the first loading and of one after it. */
  readonly firstLoadMs: number;
  readonly secondLoadMs: number;
  readonly memoryBytes: number;
  readonly runs: number;
  readonly minMs: number;
  readonly medianMs: number;
  /** Multiply-accumulates a second, by the median. */
  readonly macPerSecond: number;
  /** What is processed a second, by the median. */
  readonly itemsPerSecond: number;
  /** Name of the first output and SHA-256 of its bytes: engines that agree have the same. */
  readonly output: string;
  readonly outputSha256: string;
}

/** An engine that cannot run here. */
export interface EngineFailure {
  readonly engine: string;
  readonly error: string;
}

/** Options of {@linkcode benchmark}. */
export interface BenchOptions {
  /** Entry to run. Default: the first. */
  readonly entry?: string;
  /** Items in a run. */
  readonly batch: number;
  /** Seconds of runs of each engine. */
  readonly seconds: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

/** Loads the program on one engine. */
export type LoadEngine = (engine: string) => Promise<Instance>;

/** The run that is timed; a promise only where the engine has no other way. */
type TimedRun = (instance: Instance) => Outputs | Promise<Outputs>;

interface Contender {
  readonly engine: string;
  readonly instance: Instance;
  readonly loads: readonly [number, number];
  readonly output: string;
  readonly outputSha256: string;
  readonly times: number[];
  spentMs: number;
}

const WARM_UP_RUNS = 2;

/**
 * Load-time symbols for a batch: the bound of the run-time symbol `batch`.
 *
 * @throws {FewbitError} `unsupported` for a program without that symbol, where the batch is not 1.
 */
export function symbolsForBatch(program: Program, batch: number): Record<string, number> {
  const symbol = program.symbols.find(({ name, kind }) => name === "batch" && kind === "run");
  if (symbol === undefined) {
    if (batch === 1) return {};
    throw new FewbitError("unsupported", "Cannot set a batch: the program has no symbol batch");
  }
  const { terms } = program.expressions[symbol.max];
  return Object.fromEntries(terms.map(([, bound]) => [program.symbols[bound].name, batch]));
}

/**
 * Times engines in turns, always the one that has had the least time so far, so that a machine that
 * slows down slows all of them.
 *
 * @param verified The program, verified with the symbols of the batch.
 */
export async function benchmark(
  verified: VerifiedProgram,
  engines: readonly string[],
  load: LoadEngine,
  options: BenchOptions,
): Promise<(EngineResult | EngineFailure)[]> {
  const { work, run } = prepareRun(verified, options);
  const instances: Instance[] = [];
  try {
    const contenders: (Contender | EngineFailure)[] = [];
    for (const engine of engines) {
      options.signal?.throwIfAborted();
      try {
        contenders.push(await prepareContender(engine, load, run, instances));
      } catch (error) {
        if (!(error instanceof FewbitError)) throw error;
        contenders.push({ engine, error: error.message });
      }
    }
    await takeTurns(contenders.filter((each) => "instance" in each), run, options);
    return resultsOf(contenders, work, options);
  } finally {
    for (const instance of instances) instance[Symbol.dispose]();
  }
}

function resultsOf(
  contenders: readonly (Contender | EngineFailure)[],
  work: number,
  { batch }: BenchOptions,
): (EngineResult | EngineFailure)[] {
  return contenders.map((each) => {
    if ("error" in each) return each;
    const { engine, loads, instance, times, output, outputSha256 } = each;
    const medianMs = median(times);
    return {
      engine,
      ...(instance.dot !== undefined && { dot: instance.dot }),
      firstLoadMs: loads[0],
      secondLoadMs: loads[1],
      memoryBytes: instance.memoryBytes,
      runs: times.length,
      minMs: times.reduce((a, b) => Math.min(a, b)),
      medianMs,
      macPerSecond: work / medianMs * 1000,
      itemsPerSecond: batch / medianMs * 1000,
      output,
      outputSha256,
    };
  });
}

/** The run that is timed: random inputs, the same for all engines. */
function prepareRun(
  { program, symbols: defaults }: VerifiedProgram,
  { batch, entry: name = program.entries[0].name }: BenchOptions,
): { work: number; run: TimedRun } {
  const entry = program.entries.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    throw new FewbitError("not_found", `Cannot run entry "${name}": the program has no such entry`);
  }
  const symbols = defaults.map((value, i) => program.symbols[i].name === "batch" ? batch : value);
  const values = evaluateExpressions(program, symbols);
  const inputs = randomInputs(program, entry, values);
  const given = Object.fromEntries(
    program.symbols.flatMap(({ name, kind }, i) => kind === "run" ? [[name, symbols[i]]] : []),
  );
  return {
    work: program.instructions.slice(entry.first, entry.first + entry.count)
      .reduce((sum, instruction) => sum + workOf(program, instruction, (e) => values[e]), 0),
    run: (instance) => {
      const options = { entry: name, symbols: given };
      return isAtHand(instance) ? instance.runSync(inputs, options) : instance.run(inputs, options);
    },
  };
}

async function prepareContender(
  engine: string,
  load: LoadEngine,
  run: TimedRun,
  instances: Instance[],
): Promise<Contender> {
  const [first, firstMs] = await timed(() => load(engine));
  first[Symbol.dispose]();
  const [instance, secondMs] = await timed(() => load(engine));
  instances.push(instance);
  const outputs = await run(instance);
  const [output = ""] = Object.keys(outputs).sort();
  const outputSha256 = output === "" ? "" : await sha256(outputs[output].data);
  for (let i = 0; i < WARM_UP_RUNS; i++) await run(instance);
  return {
    engine,
    instance,
    loads: [firstMs, secondMs],
    output,
    outputSha256,
    times: [],
    spentMs: 0,
  };
}

async function takeTurns(
  contenders: readonly Contender[],
  run: TimedRun,
  { seconds, signal, onProgress }: BenchOptions,
): Promise<void> {
  while (contenders.length > 0) {
    const next = contenders.reduce((a, b) => b.spentMs < a.spentMs ? b : a);
    if (next.spentMs >= seconds * 1000 && next.times.length > 0) break;
    const start = performance.now();
    const outputs = run(next.instance);
    if (outputs instanceof Promise) await outputs;
    const ms = performance.now() - start;
    next.times.push(ms);
    next.spentMs += ms;
    if (next.times.length % 8 !== 1) continue;
    onProgress?.(Math.min(1, next.spentMs / (seconds * 1000)));
    await nextTurn();
    signal?.throwIfAborted();
  }
}

async function timed<T>(what: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await what();
  return [result, performance.now() - start];
}

function isAtHand(instance: Instance): instance is SyncInstance {
  return "runSync" in instance;
}
