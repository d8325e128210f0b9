/** Functions of one number and their derivatives, in the arithmetic of a run. */
import { UNARY_FUNCTIONS } from "../../instructions/unary_functions.ts";
import type { UnaryFunction } from "../../instructions/unary_functions.ts";
import { roundHalfEven } from "../../numeric/half_even.ts";
import type { Arithmetic } from "./_arithmetic.ts";
import { gelu, sigmoid, silu } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** A function and its derivative. */
interface Unary {
  value(x: number, arithmetic: Arithmetic): number;
  slope(x: number, arithmetic: Arithmetic): number;
}

/** Above, e^x is no float32. */
const EXP_MOST = 88;
/** Of tanh-GELU: `√(2/π)`, and the factor of x³. */
const TANH_SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
const NORMAL_DENSITY = 1 / Math.sqrt(2 * Math.PI);

function clamp(x: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, x));
}

/** `(1 − e^(−2a)) / (1 + e^(−2a))` of a = |x|, with what cancels in expm1. */
function tanh(x: number, { round, expm1 }: Arithmetic): number {
  const difference = expm1(round(-2 * Math.min(Math.abs(x), EXP_MOST / 2)));
  const value = round(-difference / round(difference + 2));
  return x < 0 ? -value : value;
}

/** `2·√(2/π)·(x + 0.044715·x³)`: tanh-GELU is x·σ of it. */
function geluArgument(x: number, { round }: Arithmetic): number {
  const cube = round(round(round(x * x) * x) * round(CUBIC));
  return round(round(x + cube) * round(2 * TANH_SCALE));
}

/** `e^x` where that is a float32. */
function boundedExp(x: number, { exp }: Arithmetic): number {
  return x > EXP_MOST ? Infinity : exp(x);
}

const FUNCTIONS: { readonly [F in UnaryFunction]: Unary } = {
  relu: {
    // A NaN stays one.
    value: (x) => x < 0 ? 0 : x,
    slope: (x) => x > 0 ? 1 : 0,
  },
  leaky_relu: {
    value: (x, { round }) => x > 0 ? x : round(x * round(0.01)),
    slope: (x, { round }) => x > 0 ? 1 : round(0.01),
  },
  relu6: {
    value: (x) => clamp(x, 0, 6),
    slope: (x) => x > 0 && x < 6 ? 1 : 0,
  },
  sigmoid: {
    value: sigmoid,
    slope: (x, a) => a.round(sigmoid(x, a) * sigmoid(-x, a)),
  },
  tanh: {
    value: tanh,
    // 1 − tanh² = 4·σ(2x)·σ(−2x)
    slope: (x, a) => a.round(4 * a.round(sigmoid(2 * x, a) * sigmoid(-2 * x, a))),
  },
  gelu: {
    value: gelu,
    // Φ(x) + x·φ(x)
    slope(x, { round, exp, normalTail }) {
      const a = Math.min(Math.abs(x), 14);
      const tail = normalTail(a);
      const density = round(exp(round(round(a * -0.5) * a)) * round(NORMAL_DENSITY));
      const product = round(a * density);
      return x < 0 ? round(tail - product) : round(round(1 - tail) + product);
    },
  },
  gelu_tanh: {
    value: (x, a) => a.round(x * sigmoid(geluArgument(x, a), a)),
    // σ(z)·(1 + x·z'·σ(−z))
    slope(x, a) {
      const { round } = a;
      const z = geluArgument(x, a);
      const square = round(round(x * x) * round(3 * CUBIC));
      const inner = round(round(1 + square) * round(2 * TANH_SCALE));
      const rest = round(round(x * inner) * sigmoid(-z, a));
      return round(sigmoid(z, a) * round(1 + rest));
    },
  },
  silu: {
    value: silu,
    slope(x, a) {
      const { round } = a;
      return round(sigmoid(x, a) * round(1 + round(x * sigmoid(-x, a))));
    },
  },
  elu: {
    value: (x, { expm1 }) => x > 0 ? x : expm1(x),
    slope: (x, { exp }) => x > 0 ? 1 : exp(x),
  },
  softplus: {
    value: (x, { round, exp, log1p }) => round((x > 0 ? x : 0) + log1p(exp(-Math.abs(x)))),
    slope: sigmoid,
  },
  hard_swish: {
    value: (x, { round }) => round(x * clamp(round(round(x * round(1 / 6)) + 0.5), 0, 1)),
    slope: (x, { round }) => x <= -3 ? 0 : x < 3 ? round(round(x * round(1 / 3)) + 0.5) : 1,
  },
  hard_sigmoid: {
    value: (x, { round }) => clamp(round(round(x * round(1 / 6)) + 0.5), 0, 1),
    slope: (x, { round }) => x > -3 && x < 3 ? round(1 / 6) : 0,
  },
  exp: { value: boundedExp, slope: boundedExp },
  square: {
    value: (x, { round }) => round(x * x),
    slope: (x, { round }) => round(2 * x),
  },
  relu_squared: {
    value: (x, { round }) => x < 0 ? 0 : round(x * x),
    slope: (x, { round }) => x > 0 ? round(2 * x) : 0,
  },
  abs: {
    value: Math.abs,
    slope: (x) => x > 0 ? 1 : x < 0 ? -1 : 0,
  },
  sqrt: {
    value: (x, { round }) => round(Math.sqrt(x)),
    slope: (x, { round }) => round(0.5 / round(Math.sqrt(x))),
  },
  rsqrt: {
    value: (x, { round }) => round(1 / round(Math.sqrt(x))),
    slope: (x, { round }) => round(-0.5 / round(x * round(Math.sqrt(x)))),
  },
  reciprocal: {
    value: (x, { round }) => round(1 / x),
    slope: (x, { round }) => round(-1 / round(x * x)),
  },
  log: {
    value: (x, { log }) => log(x),
    slope: (x, { round }) => round(1 / x),
  },
  expm1: {
    value: (x, { expm1 }) => x > EXP_MOST ? Infinity : expm1(x),
    slope: boundedExp,
  },
  floor: { value: Math.floor, slope: () => 0 },
  // Straight through; what becomes 0 keeps its sign.
  round: { value: (x) => roundHalfEven(x) || x * 0, slope: () => 1 },
};

/** The function that an instruction names. */
export function unaryFunctionOf(op: Operands): Unary {
  return FUNCTIONS[UNARY_FUNCTIONS[op.attribute("unary")]];
}
