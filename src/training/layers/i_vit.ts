/**
 * I-ViT's quantisers and integer functions (Li and Gu, 2023) as they are trained: whole numbers in float32 forward, the
 * roundings straight through backward; scales are constants.
 *
 * @module
 */
import type { Value } from "../../graph/graph.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import { less, linear, maximum, reduceMax } from "../../graph/ops/mod.ts";
import { clampThrough, constant, floorThrough, roundThrough, through } from "./straight_through.ts";

/** Least scale of weights. */
const LEAST_SCALE = 2 ** -23;
/** What integer divisions divide: all that an i32 holds. */
const MOST = 2 ** 31 - 1;

/** Values on a grid, and their codes. */
export interface OnGrid {
  /** `codes·scale`. */
  readonly y: Value;
  readonly codes: Value;
}

/** QuantAct: `clamp(round(x/scale))·scale`; `dx = dy`, clamped or not. */
export function quantAct(build: NodeBuilder, x: Value, scale: Value, bits: number): OnGrid {
  const codes = clamped(build, roundThrough(build, build.div(x, scale)), bits);
  return { y: through(build, build.mul(codes, scale), x), codes };
}

function clamped(build: NodeBuilder, x: Value, bits: number): Value {
  return clampThrough(build, x, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1);
}

/** A linear layer of 8 bits, and its codes. */
export interface QuantLinear {
  readonly y: Value;
  readonly x: OnGrid;
  readonly weight: OnGrid;
  readonly bias: OnGrid;
}

/**
 * Activations of a known scale, weights with `max|row|/127` of each output, the bias on the grid of the sums: a layer on
 * what the codes stand for, which is what the gradients see.
 */
export function quantLinear(
  build: NodeBuilder,
  { x, weight, bias }: { readonly x: Value; readonly weight: Value; readonly bias: Value },
  scale: Value,
): QuantLinear {
  const { graph } = build;
  const [outputs, inputs] = weight.shape as number[];
  const rows = build.reshape(build.unary(weight, "abs"), [outputs, inputs, 1]);
  const most = build.scale(graph.apply(reduceMax, { x: rows }), 1 / 127);
  const least = graph.apply(maximum, { a: most, b: build.scalar(LEAST_SCALE) });
  const scales = constant(build, least);
  const ofSums = build.mul(build.reshape(scales, [outputs]), scale);
  const on = {
    x: quantAct(build, x, scale, 8),
    weight: quantAct(build, weight, scales, 8),
    bias: quantAct(build, bias, ofSums, 32),
  };
  const y = graph.apply(linear, { x: on.x.y, weight: on.weight.y, bias: on.bias.y });
  return { y, ...on };
}

/**
 * I-LayerNorm of rows of codes with a scale: `z = ⌊y·⌊(2³¹ − 1)/k⌋/2⌋ + bias`, y the codes less their rounded mean, k the
 * square root of `Σ y²` by ten integer Newton steps, whose last two `dk = dV·(1/k + (1 − V/k²)/(2k))/2` is the gradient
 * of; the result is `z·γ·√C·2⁻³⁰`. The bias is a constant, as with the authors: γ learns by z.
 *
 * @param bias `⌊(β/γ)/(√C·2⁻³⁰)⌋`, of each channel.
 * @returns The result, and z, which float32 holds to 24 bits.
 */
export function integerLayerNorm(
  build: NodeBuilder,
  { x, gamma, bias }: { readonly x: Value; readonly gamma: Value; readonly bias: Value },
  scale: Value,
): { readonly y: Value; readonly z: Value } {
  const columns = build.count(x.shape.slice(-1), "LayerNorm");
  const codes = roundThrough(build, build.div(x, scale));
  const mean = build.scale(build.sumColumns(codes), 1 / columns);
  const centred = build.sub(codes, roundThrough(build, mean));
  const variance = build.sumColumns(build.mul(centred, centred));
  const root = build.unary(constant(build, build.unary(variance, "sqrt")), "floor");
  const inverse = build.unary(root, "reciprocal");
  const share = build.mul(constant(build, variance), build.mul(inverse, inverse));
  const excess = build.scale(build.shift(share, -1), -1);
  const slope = build.scale(
    build.add(inverse, build.mul(build.scale(excess, 0.5), inverse)),
    0.5,
  );
  const k = through(build, root, build.mul(variance, constant(build, slope)));
  const factor = wholeQuotient(build, k);
  const z = build.add(
    floorThrough(build, build.scale(build.mul(centred, factor), 0.5)),
    constant(build, bias),
  );
  const base = Math.fround(Math.fround(Math.sqrt(columns)) * 2 ** -30);
  return { y: build.mul(z, build.scale(gamma, base)), z };
}

/**
 * `2^(d·log₂e·scale)` in integers: `p = d + ⌊d/2⌋ − ⌊d/16⌋`, at least `n·x0`; `q = ⌊p/x0⌋`;
 * `⌊((p − q·x0)/2 − x0)·2^(n − q)⌋`. What is cut off at `n·x0` passes no gradient.
 */
function shiftExponential(build: NodeBuilder, d: Value, x0: number, n: number): Value {
  const { graph } = build;
  const down = (by: number): Value => floorThrough(build, build.scale(d, 1 / by));
  const sum = build.sub(build.add(d, down(2)), down(16));
  const p = graph.apply(maximum, { a: sum, b: build.scalar(n * x0) });
  const q = floorThrough(build, build.div(p, build.scalar(x0)));
  const rest = build.sub(p, build.scale(q, x0));
  const line = build.shift(build.scale(rest, 0.5), -x0);
  const power = build.shift(build.scale(q, -1), n);
  return floorThrough(build, build.mul(line, powerOfTwo(build, power)));
}

/** `2^n` of whole numbers from 0 to 24, exact: in two halves, each the whole number next to `e^(h·ln 2)`. */
function powerOfTwo(build: NodeBuilder, n: Value): Value {
  const power = (of: Value): Value => build.unary(build.scale(of, Math.LN2), "exp");
  const whole = (x: Value): Value => constant(build, roundThrough(build, x));
  const first = build.unary(build.scale(constant(build, n), 0.5), "floor");
  const exact = build.mul(whole(power(first)), whole(power(build.sub(constant(build, n), first))));
  return through(build, exact, power(n));
}

/** Shiftmax of scores on a grid: codes of 16 bits, `x0 = ⌊−1/scale⌋`. */
export function shiftmax(build: NodeBuilder, x: Value, scale: Value, x0: number): OnGrid {
  const codes = roundThrough(build, build.div(x, scale));
  const e = shiftExponential(build, build.sub(codes, rowMaximum(build, codes)), x0, 15);
  const sum = build.sumColumns(e);
  const factor = wholeQuotient(build, sum);
  const shares = floorThrough(build, build.scale(build.mul(e, factor), 2 ** -16));
  return { y: build.scale(shares, 2 ** -15), codes: shares };
}

/**
 * ShiftGELU of values on a grid: `x·σ(1.702·x)` with a gate of 8 bits, `x0 = ⌊−1/(1.702·scale)⌋`.
 *
 * @returns The result, and the gate.
 */
export function shiftGelu(
  build: NodeBuilder,
  x: Value,
  scale: Value,
  x0: number,
): { readonly y: Value; readonly gate: Value } {
  const codes = roundThrough(build, build.div(x, scale));
  const most = rowMaximum(build, codes);
  const e = shiftExponential(build, build.sub(codes, most), x0, 23);
  const ofMost = shiftExponential(build, build.scale(most, -1), x0, 23);
  const sum = clampThrough(build, build.add(e, ofMost), 0, MOST);
  const factor = wholeQuotient(build, sum);
  const gate = floorThrough(build, build.scale(build.mul(e, factor), 2 ** -24));
  return { y: build.mul(build.mul(codes, gate), build.scale(scale, 2 ** -7)), gate };
}

/** `⌊(2³¹ − 1)/x⌋`, straight through. */
function wholeQuotient(build: NodeBuilder, x: Value): Value {
  const most = build.shift(build.scale(constant(build, x), 0), MOST);
  return floorThrough(build, build.div(most, x));
}

/** The largest of each row, which has its gradient. */
function rowMaximum(build: NodeBuilder, x: Value): Value {
  const planes = build.reshape(x, [...x.shape, 1]);
  const most = build.graph.apply(reduceMax, { x: constant(build, planes) });
  const largest = build.reshape(most, [...x.shape.slice(0, -1), 1]);
  // Σ x where x is the largest: 1 for it and 0 for others, of which none is as large.
  const isBelow = build.graph.apply(less, { a: constant(build, x), b: largest });
  const isLargest = build.shift(build.scale(isBelow, -1), 1);
  return build.sumColumns(build.mul(x, isLargest));
}
