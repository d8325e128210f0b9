// Functions of one float32 and their slopes, four at a time: the bits of src/engines/reference/_unary_functions.ts, which has the
// formulas. Every operation is rounded.
import {
  UNARY_ABS,
  UNARY_ELU,
  UNARY_EXP,
  UNARY_EXPM1,
  UNARY_FLOOR,
  UNARY_GELU,
  UNARY_GELU_TANH,
  UNARY_HARD_SIGMOID,
  UNARY_HARD_SWISH,
  UNARY_LEAKY_RELU,
  UNARY_LOG,
  UNARY_RECIPROCAL,
  UNARY_RELU,
  UNARY_RELU6,
  UNARY_RELU_SQUARED,
  UNARY_ROUND,
  UNARY_RSQRT,
  UNARY_SIGMOID,
  UNARY_SILU,
  UNARY_SOFTPLUS,
  UNARY_SQRT,
  UNARY_SQUARE,
  UNARY_TANH,
} from "../generated/attributes";
import { EXP, exp_f32, gelu_f32, normal_tail_f32 } from "./f32_math";
import { expm1_f32, log1p_f32, log_f32 } from "./log_f32";

// −88, 0.044715, 2·√(2/π), 3·0.044715, 1/√(2π), 0.01, 1/6, 1/3, 88, 44, 14
const CONSTANTS: usize = memory.data<f32>([
  -88,
  0.044715,
  1.5957691216057308,
  0.134145,
  0.3989422804014327,
  0.01,
  0.16666666666666666,
  0.3333333333333333,
  88,
  44,
  14,
], 16);

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load32_splat(CONSTANTS + (index << 2));
}

// @ts-ignore: decorator
@inline
function one(): v128 {
  return v128.load32_splat(EXP + 20);
}

/** 1 where a mask is set, else 0. */
// @ts-ignore: decorator
@inline
function unit(mask: v128): v128 {
  return v128.and(one(), mask);
}

/** `1 / (1 + e^−b)`, b = max(x, −88). */
function sigmoid_f32(x: v128): v128 {
  const b = f32x4.pmax(x, constant(0));
  return f32x4.div(one(), f32x4.add(one(), exp_f32(f32x4.neg(b))));
}

/** `e^x`, ∞ above 88. */
function bounded_exp(x: v128): v128 {
  return v128.bitselect(f32x4.splat(Infinity), exp_f32(x), f32x4.gt(x, constant(8)));
}

/** The argument of σ in tanh-GELU. */
function gelu_argument(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(f32x4.mul(x, x), x), constant(1));
  return f32x4.mul(f32x4.add(x, cube), constant(2));
}

function tanh_f32(x: v128): v128 {
  const a = f32x4.min(f32x4.abs(x), constant(9));
  const difference = expm1_f32(f32x4.mul(f32x4.splat(-2), a));
  const value = f32x4.div(f32x4.neg(difference), f32x4.add(difference, f32x4.splat(2)));
  return v128.bitselect(f32x4.neg(value), value, f32x4.lt(x, f32x4.splat(0)));
}

/** `x/6 + 1/2` between 0 and 1. */
function hard_sigmoid_f32(x: v128): v128 {
  const value = f32x4.add(f32x4.mul(x, constant(6)), f32x4.splat(0.5));
  return f32x4.max(f32x4.splat(0), f32x4.min(one(), value));
}

/** f(x). */
export function unary_value(kind: i32, x: v128): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case UNARY_RELU:
      return f32x4.pmax(x, zero);
    case UNARY_LEAKY_RELU:
      return v128.bitselect(x, f32x4.mul(x, constant(5)), f32x4.gt(x, zero));
    case UNARY_RELU6:
      return f32x4.max(zero, f32x4.min(f32x4.splat(6), x));
    case UNARY_SIGMOID:
      return sigmoid_f32(x);
    case UNARY_TANH:
      return tanh_f32(x);
    case UNARY_GELU:
      return gelu_f32(x);
    case UNARY_GELU_TANH:
      return f32x4.mul(x, sigmoid_f32(gelu_argument(x)));
    case UNARY_SILU: {
      const b = f32x4.pmax(x, constant(0));
      return f32x4.div(b, f32x4.add(one(), exp_f32(f32x4.neg(b))));
    }
    case UNARY_ELU:
      return v128.bitselect(x, expm1_f32(x), f32x4.gt(x, zero));
    case UNARY_SOFTPLUS: {
      const positive = v128.and(x, f32x4.gt(x, zero));
      return f32x4.add(positive, log1p_f32(exp_f32(f32x4.neg(f32x4.abs(x)))));
    }
    case UNARY_HARD_SWISH:
      return f32x4.mul(x, hard_sigmoid_f32(x));
    case UNARY_HARD_SIGMOID:
      return hard_sigmoid_f32(x);
    case UNARY_EXP:
      return bounded_exp(x);
    case UNARY_SQUARE:
      return f32x4.mul(x, x);
    case UNARY_RELU_SQUARED: {
      const positive = f32x4.pmax(x, zero);
      return f32x4.mul(positive, positive);
    }
    case UNARY_ABS:
      return f32x4.abs(x);
    case UNARY_SQRT:
      return f32x4.sqrt(x);
    case UNARY_RSQRT:
      return f32x4.div(one(), f32x4.sqrt(x));
    case UNARY_RECIPROCAL:
      return f32x4.div(one(), x);
    case UNARY_LOG:
      return log_f32(x);
    case UNARY_EXPM1:
      return v128.bitselect(f32x4.splat(Infinity), expm1_f32(x), f32x4.gt(x, constant(8)));
    case UNARY_FLOOR:
      return f32x4.floor(x);
    case UNARY_ROUND:
      return f32x4.nearest(x);
  }
  return x;
}

/** f'(x). */
export function unary_slope(kind: i32, x: v128): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case UNARY_RELU:
      return unit(f32x4.gt(x, zero));
    case UNARY_LEAKY_RELU:
      return v128.bitselect(one(), constant(5), f32x4.gt(x, zero));
    case UNARY_RELU6:
      return unit(v128.and(f32x4.gt(x, zero), f32x4.lt(x, f32x4.splat(6))));
    case UNARY_SIGMOID:
      return f32x4.mul(sigmoid_f32(x), sigmoid_f32(f32x4.neg(x)));
    case UNARY_TANH: {
      const twice = f32x4.add(x, x);
      return f32x4.mul(
        f32x4.splat(4),
        f32x4.mul(sigmoid_f32(twice), sigmoid_f32(f32x4.neg(twice))),
      );
    }
    case UNARY_GELU: {
      const a = f32x4.min(f32x4.abs(x), constant(10)), tail = normal_tail_f32(a);
      const exponent = f32x4.mul(f32x4.mul(a, f32x4.splat(-0.5)), a);
      const product = f32x4.mul(a, f32x4.mul(exp_f32(exponent), constant(4)));
      return v128.bitselect(
        f32x4.sub(tail, product),
        f32x4.add(f32x4.sub(one(), tail), product),
        f32x4.lt(x, zero),
      );
    }
    case UNARY_GELU_TANH: {
      const z = gelu_argument(x), square = f32x4.mul(f32x4.mul(x, x), constant(3));
      const inner = f32x4.mul(f32x4.add(one(), square), constant(2));
      const rest = f32x4.mul(f32x4.mul(x, inner), sigmoid_f32(f32x4.neg(z)));
      return f32x4.mul(sigmoid_f32(z), f32x4.add(one(), rest));
    }
    case UNARY_SILU: {
      const rest = f32x4.mul(x, sigmoid_f32(f32x4.neg(x)));
      return f32x4.mul(sigmoid_f32(x), f32x4.add(one(), rest));
    }
    case UNARY_ELU:
      return v128.bitselect(one(), exp_f32(x), f32x4.gt(x, zero));
    case UNARY_SOFTPLUS:
      return sigmoid_f32(x);
    case UNARY_HARD_SWISH: {
      const inner = f32x4.add(f32x4.mul(x, constant(7)), f32x4.splat(0.5));
      const value = v128.bitselect(inner, one(), f32x4.lt(x, f32x4.splat(3)));
      return v128.andnot(value, f32x4.le(x, f32x4.splat(-3)));
    }
    case UNARY_HARD_SIGMOID:
      return v128.and(
        constant(6),
        v128.and(f32x4.gt(x, f32x4.splat(-3)), f32x4.lt(x, f32x4.splat(3))),
      );
    case UNARY_EXP:
    case UNARY_EXPM1:
      return bounded_exp(x);
    case UNARY_SQUARE:
      return f32x4.add(x, x);
    case UNARY_RELU_SQUARED:
      return v128.and(f32x4.add(x, x), f32x4.gt(x, zero));
    case UNARY_ABS:
      return f32x4.sub(unit(f32x4.gt(x, zero)), unit(f32x4.lt(x, zero)));
    case UNARY_SQRT:
      return f32x4.div(f32x4.splat(0.5), f32x4.sqrt(x));
    case UNARY_RSQRT:
      return f32x4.div(f32x4.splat(-0.5), f32x4.mul(x, f32x4.sqrt(x)));
    case UNARY_RECIPROCAL:
      return f32x4.div(f32x4.splat(-1), f32x4.mul(x, x));
    case UNARY_LOG:
      return f32x4.div(one(), x);
    case UNARY_ROUND:
      return one();
  }
  return zero;
}
