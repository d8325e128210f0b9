/** Numbers of settings: one that is wrong becomes a constant of the program, and is seen steps later or never. */
import type { Graph } from "../graph/graph.ts";
import { FewbitError } from "../errors.ts";
import { MASTERS, SUMS_KINDS, TRAINING_TYPES } from "./half_precision.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { TrainerSettings } from "./trainer_options.ts";
import type { TrainingSettings } from "./training_graph.ts";

/** Settings that something is divided by, or that have a logarithm. */
const POSITIVE = ["every", "gamma", "steps", "warmup", "first", "factor", "div", "finalDiv"];

/** Most runs of a step. */
const MOST_RUNS = 65_536;

/**
 * Checks the numbers of optimiser, schedule and the rest.
 *
 * @throws {FewbitError} `invalid_argument`.
 */
export function checkSettings(
  {
    rate,
    clipNorm,
    seed = 0,
    accumulate = 1,
    average,
    optimizer,
    schedule,
    memoryLimitBytes: limit,
    releaseGradients = false,
    renorm,
    ...precision
  }: TrainerSettings,
): void {
  checkPrecision(precision);
  checkRenorm(renorm);
  check(
    "releaseGradients",
    releaseGradients,
    typeof releaseGradients === "boolean",
    "true or false",
  );
  check(
    "memoryLimitBytes",
    limit,
    limit === undefined || isPositive(limit) && limit < Infinity,
    "a number above 0",
  );
  check("rate", rate, isAmount(rate), "a number of at least 0");
  check("clipNorm", clipNorm, clipNorm === undefined || isPositive(clipNorm), "a number above 0");
  check("seed", seed, isCount(seed), "an integer from 0 to 2^53 − 1");
  const isTimes = isCount(accumulate) && accumulate >= 1 && accumulate <= MOST_RUNS;
  check("accumulate", accumulate, isTimes, `an integer from 1 to ${MOST_RUNS}`);
  const isShare = average === undefined || isAmount(average) && average < 1;
  check("average", average, isShare, "a number from 0 to less than 1");
  checkNumbers(optimizer);
  checkNumbers(schedule);
  if (schedule?.kind === "plateau") {
    check("factor", schedule.factor, schedule.factor < 1, "a number below 1");
  }
  // Cycles that do not grow would be without end.
  if (schedule?.kind !== "warm_restarts") return;
  const { first, factor } = schedule;
  check("first", first, isCount(first), "an integer of at least 1");
  check("factor", factor, isCount(factor), "an integer of at least 1");
}

/** Checks how far Batch Renorm may correct, which would be NaN without a number. */
function checkRenorm(renorm: TrainingSettings["renorm"]): void {
  if (renorm === undefined) return;
  const { mostRatio, mostShift, rate } = renorm;
  check("mostRatio", mostRatio, isAmount(mostRatio) && mostRatio >= 1, "a number of at least 1");
  check("mostShift", mostShift, isAmount(mostShift), "a number of at least 0");
  check("rate of renorm", rate, isAmount(rate) && rate <= 1, "a number from 0 to 1");
}

/** Checks how parameters are kept, and how the loss is scaled. */
function checkPrecision(
  { dtype = "f32", master, sums = "f32", lossScale = {} }: Pick<
    TrainingSettings,
    "dtype" | "master" | "sums" | "lossScale"
  >,
): void {
  const isType = typeof dtype === "function" || TRAINING_TYPES.includes(dtype);
  check("dtype", dtype, isType, `one of ${TRAINING_TYPES}, or a function of parameters`);
  const isMaster = master === undefined || MASTERS.includes(master);
  check("master", master, isMaster, `one of ${MASTERS}`);
  check("master", master, master !== "split" || dtype !== "f16", "another one than split for f16");
  check("sums", sums, SUMS_KINDS.includes(sums), `one of ${SUMS_KINDS}, as strings`);
  check("sums", sums, sums === "f32" || dtype !== "f32", "f32 where dtype is f32");
  const { initial = 1, interval = 0 } = lossScale;
  const isPower = isPositive(initial) && Number.isInteger(Math.log2(initial));
  check("initial", initial, isPower && initial <= 2 ** 24, "a power of two up to 2^24");
  check("interval", interval, isCount(interval), "an integer of at least 0");
}

/**
 * Checks that no update has to wait for the gradients of other parameters, where they are not to be kept.
 *
 * @param isScaled Whether some gradients are float16: a step is left out where one of them is not finite.
 */
export function checkRelease(
  { releaseGradients = false, clipNorm, accumulate = 1 }: TrainingSettings,
  isScaled: boolean,
): void {
  const waits = clipNorm !== undefined
    ? "clipping by their norm needs all of them"
    : accumulate > 1
    ? "they are added up over several runs"
    : isScaled
    ? "f16 has to see first that all of them are finite"
    : undefined;
  if (!releaseGradients || waits === undefined) return;
  throw new FewbitError("invalid_argument", `Cannot release gradients early: ${waits}`);
}

/** Checks the numbers of an optimiser. */
export function checkOptimizer(optimizer: Optimizer): void {
  checkNumbers(optimizer);
}

function checkNumbers(settings: object | undefined): void {
  for (const [name, value] of entriesOf(settings)) {
    if (name === "betas") {
      const good = lengthOf(value) === 2 && all(value, (x) => isAmount(x) && x < 1);
      check(name, value, good, "two numbers from 0 to less than 1");
    } else if (name === "at") {
      check(name, value, lengthOf(value) > 0 && all(value, isCount), "a list of steps");
    } else if (POSITIVE.includes(name)) check(name, value, isPositive(value), "a number above 0");
    else if (!["kind", "nesterov", "keras"].includes(name)) {
      checkDecay(name, value);
    }
  }
}

/** Checks a number that may be 0, such as the decay of a parameter. */
export function checkDecay(name: string, value: unknown): void {
  check(name, value, isAmount(value), "a number of at least 0");
}

function check(name: string, value: unknown, isGood: boolean, expected: string): void {
  if (isGood) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot train: ${name} is ${String(value)}, expected ${expected}`,
  );
}

/** What is given; what is not has a default. */
function entriesOf(settings: object | undefined): [string, unknown][] {
  return Object.entries(settings ?? {}).filter(([, value]) => value !== undefined);
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function all(value: unknown, isGood: (x: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isGood);
}

function isAmount(x: unknown): x is number {
  return typeof x === "number" && x >= 0 && x < Infinity;
}

function isPositive(x: unknown): boolean {
  return isAmount(x) && x > 0;
}

/** An integer of at least 0. */
export function isCount(x: unknown): x is number {
  return Number.isSafeInteger(x) && x as number >= 0;
}

/**
 * Examples of a run: the first extent of all inputs, or as many as it is said to have.
 *
 * @throws {FewbitError} `invalid_argument` where inputs differ, or have no whole number of rows for each.
 */
export function batchOf({ inputs }: Graph, examples: number | undefined): number {
  const sizes = new Set(inputs.map(({ shape }) => shape[0]));
  const [rows] = sizes;
  const batch = examples ?? rows;
  const isWhole = typeof rows === "number" && isCount(batch) && batch > 0 && rows % batch === 0;
  if (sizes.size === 1 && isWhole) return batch;
  throw new FewbitError(
    "invalid_argument",
    "Cannot train: all inputs have to have the same fixed number of examples first",
  );
}
