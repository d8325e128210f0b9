/** Learning rates as functions of the step, computed by the program. */
import { FewbitError } from "../../errors.ts";
import type { Value } from "../../graph/graph.ts";
import { less, minimum, where } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** How the learning rate follows from the step t = 0, 1, …; names and meanings are PyTorch's. */
export type Schedule =
  | { readonly kind: "constant" }
  /** `rate·gamma^⌊t/every⌋`. */
  | { readonly kind: "step"; readonly every: number; readonly gamma: number }
  /** `rate·gamma^n`, n of the steps `at` are not after t. */
  | { readonly kind: "multi_step"; readonly at: readonly number[]; readonly gamma: number }
  /** `rate·gamma^t`. */
  | { readonly kind: "exponential"; readonly gamma: number }
  /** From `from·rate` to `to·rate` in `steps`. */
  | {
    readonly kind: "linear";
    readonly from: number;
    readonly to: number;
    readonly steps: number;
  }
  /** `rate·(1 − t/steps)^power`. */
  | { readonly kind: "polynomial"; readonly power: number; readonly steps: number }
  /** `min + (rate − min)·(1 + cos(π·t/steps))/2`. */
  | { readonly kind: "cosine"; readonly min: number; readonly steps: number }
  /** `rate·(t + 1)/warmup`, then the cosine of what is left. */
  | {
    readonly kind: "warmup_cosine";
    readonly min: number;
    readonly warmup: number;
    readonly steps: number;
  }
  /** `rate·(t + 1)/warmup`, then straight to 0 at `steps`. */
  | { readonly kind: "warmup_linear"; readonly warmup: number; readonly steps: number }
  /** From `rate/div` up to the rate within the share `rise` of the steps, then down to `rate/div/finalDiv`. */
  | {
    readonly kind: "one_cycle";
    readonly steps: number;
    readonly rise: number;
    readonly div: number;
    readonly finalDiv: number;
  }
  /** Cosines of `first` steps, then each `factor` times as long as the one before. */
  | {
    readonly kind: "warm_restarts";
    readonly min: number;
    readonly first: number;
    readonly factor: number;
  }
  /** `rate·min((t + 1)/warmup, √(warmup/(t + 1)))`. */
  | { readonly kind: "inverse_sqrt"; readonly warmup: number };

/** Steps are counted in float32, which has all integers up to here. */
const MOST_STEPS = 2 ** 24;

/** Taylor coefficients of `sin(π·v/2)/v` in v²; from the next one on they add less than 1e-9. */
const SINE = [13, 11, 9, 7, 5, 3, 1].map((n) =>
  (n % 4 === 1 ? 1 : -1) * (Math.PI / 2) ** n /
  Array.from({ length: n }, (_, i) => i + 1).reduce((a, b) => a * b)
);

/**
 * The learning rate of a step.
 *
 * @param rate The largest rate, or the first one.
 * @param step t as float32 `[1]`.
 */
export function learningRate(
  build: NodeBuilder,
  rate: number,
  schedule: Schedule,
  step: Value,
): Value {
  switch (schedule.kind) {
    case "constant":
      return build.scalar(rate);
    case "step": {
      const count = build.unary(build.div(step, build.scalar(schedule.every)), "floor");
      return power(build, rate, schedule.gamma, count);
    }
    case "multi_step": {
      const passed = schedule.at.map((at) => isAfter(build, step, at));
      return power(build, rate, schedule.gamma, passed.reduce((a, b) => build.add(a, b)));
    }
    case "exponential":
      return power(build, rate, schedule.gamma, step);
    case "linear": {
      const { from, to, steps } = schedule;
      const done = build.div(least(build, step, steps), build.scalar(steps));
      return build.shift(build.scale(done, rate * (to - from)), rate * from);
    }
    case "polynomial": {
      const { power: exponent, steps } = schedule;
      const left = build.scale(build.shift(least(build, step, steps), -steps), -1);
      const share = build.div(left, build.scalar(steps));
      return build.scale(powerOf(build, share, exponent), rate);
    }
    case "cosine": {
      const { min, steps } = schedule;
      return cosine(build, rate, min, build.scale(build.shift(step, -steps), -1), steps);
    }
    case "warmup_cosine": {
      const { min, warmup, steps } = schedule;
      const left = build.scale(build.shift(step, -steps), -1);
      return warmed(build, rate, warmup, step, cosine(build, rate, min, left, steps - warmup));
    }
    case "warmup_linear": {
      const { warmup, steps } = schedule;
      const left = build.scale(build.shift(step, -steps), -1);
      const falling = build.scale(build.div(left, build.scalar(steps - warmup)), rate);
      return warmed(build, rate, warmup, step, falling);
    }
    case "one_cycle":
      return oneCycle(build, rate, schedule, step);
    case "warm_restarts":
      return warmRestarts(build, rate, schedule, step);
    case "inverse_sqrt": {
      const warmup = build.scalar(schedule.warmup);
      const next = build.shift(step, 1);
      const falling = build.unary(build.div(warmup, next), "sqrt");
      const smaller = build.graph.apply(minimum, { a: build.div(next, warmup), b: falling });
      return build.scale(smaller, rate);
    }
    default:
      throw new FewbitError("invalid_argument", `There is no schedule ${JSON.stringify(schedule)}`);
  }
}

/** `sin²(π·v/2) = (1 − cos(π·v))/2`, v from 0 to 1, each digit of a small v kept. */
function rise(build: NodeBuilder, v: Value): Value {
  const square = build.mul(v, v);
  const [first, ...rest] = SINE;
  const series = rest.reduce(
    (sum, c) => build.shift(build.mul(sum, square), c),
    build.scalar(first),
  );
  return build.unary(build.mul(series, v), "square");
}

/** `min + (rate − min)·(1 + cos(π·(1 − left/steps)))/2`. */
function cosine(
  build: NodeBuilder,
  rate: number,
  min: number,
  left: Value,
  steps: number,
): Value {
  const share = build.div(left, build.scalar(steps));
  return build.shift(build.scale(rise(build, share), rate - min), min);
}

function oneCycle(
  build: NodeBuilder,
  rate: number,
  { steps, rise: share, div, finalDiv }: Extract<Schedule, { kind: "one_cycle" }>,
  step: Value,
): Value {
  const top = share * steps - 1;
  const last = steps - 1;
  const initial = rate / div;
  const up = cosine(build, rate, initial, step, top);
  const left = build.scale(build.shift(step, -last), -1);
  const down = cosine(build, rate, initial / finalDiv, left, last - top);
  return build.graph.apply(where, { condition: isAfter(build, step, top + 0.5), a: down, b: up });
}

function warmRestarts(
  build: NodeBuilder,
  rate: number,
  { min, first, factor }: Extract<Schedule, { kind: "warm_restarts" }>,
  step: Value,
): Value {
  let [done, length]: Value[] = [build.scalar(0), build.scalar(first)];
  if (factor === 1) {
    const cycles = build.unary(build.div(step, length), "floor");
    done = build.scale(cycles, first);
  } else {
    for (
      let start = first, size = first;
      start < MOST_STEPS;
      start += size * factor, size *= factor
    ) {
      const isOver = isAfter(build, step, start);
      done = build.add(done, build.scale(isOver, size));
      length = build.add(length, build.scale(isOver, size * (factor - 1)));
    }
  }
  const left = build.add(build.sub(length, step), done);
  const share = build.div(left, length);
  return build.shift(build.scale(rise(build, share), rate - min), min);
}

/** `rate·(t + 1)/warmup` before the step `warmup`, then the other. */
function warmed(
  build: NodeBuilder,
  rate: number,
  warmup: number,
  step: Value,
  later: Value,
): Value {
  const rising = build.scale(build.div(build.shift(step, 1), build.scalar(warmup)), rate);
  const condition = isAfter(build, step, warmup);
  return build.graph.apply(where, { condition, a: later, b: rising });
}

/** 1 where the step is `at` or later, else 0; steps are integers. */
function isAfter(build: NodeBuilder, step: Value, at: number): Value {
  return build.graph.apply(less, { a: build.scalar(at - 0.5), b: step });
}

function least(build: NodeBuilder, step: Value, most: number): Value {
  return build.graph.apply(minimum, { a: step, b: build.scalar(most) });
}

/** `rate·base^exponent`, base above 0. */
function power(build: NodeBuilder, rate: number, base: number, exponent: Value): Value {
  return build.scale(build.unary(build.scale(exponent, Math.log(base)), "exp"), rate);
}

/** `x^exponent`, x from 0 to 1; a small integer by products. */
function powerOf(build: NodeBuilder, x: Value, exponent: number): Value {
  if (Number.isInteger(exponent) && exponent >= 1 && exponent <= 8) {
    return Array.from({ length: exponent - 1 }).reduce<Value>((y) => build.mul(y, x), x);
  }
  return build.unary(build.scale(build.unary(x, "log"), exponent), "exp");
}
