/** Elements of operands: random ones, and those on which kernels break. */
import type { DType } from "../../src/tensor.ts";
import type { Random } from "./_random.ts";
import type { Value } from "./_case.ts";

/** How elements are drawn. */
export type Style = "any" | "small" | "extreme" | "equal" | "zero" | "special";

/** Styles of integers and of finite floats. */
export const STYLES: readonly Style[] = ["any", "small", "extreme", "equal", "zero"];
/** Styles of floats, with NaN, infinities, denormals. */
export const FLOAT_STYLES: readonly Style[] = [...STYLES, "special"];

type Elements = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array;

/** An array of `length` elements of a type. */
export function arrayOf(dtype: DType, length: number): Elements {
  switch (dtype) {
    case "i8":
      return new Int8Array(length);
    case "u8":
      return new Uint8Array(length);
    case "i16":
      return new Int16Array(length);
    case "f16":
    case "bf16":
      return new Uint16Array(length);
    case "i32":
      return new Int32Array(length);
    case "f32":
      return new Float32Array(length);
    default:
      throw new Error(`no elements of ${dtype}`);
  }
}

/** Elements drawn in one style. */
export function elements(random: Random, dtype: DType, length: number, style: Style): Elements {
  const values = arrayOf(dtype, length);
  const draw = dtype === "f32" ? drawFloat : drawInteger(dtype);
  const equal = draw(random, "any");
  for (let i = 0; i < length; i++) values[i] = style === "equal" ? equal : draw(random, style);
  if (dtype === "f32" && style === "special") sprinkle(random, values as Float32Array);
  return values;
}

function drawInteger(dtype: DType): (random: Random, style: Style) => number {
  const [min, max] = dtype === "i8"
    ? [-128, 127]
    : dtype === "u8"
    ? [0, 255]
    : dtype === "f16" || dtype === "bf16"
    ? [0, 65535]
    : dtype === "i16"
    ? [-32768, 32767]
    : [-(2 ** 31), 2 ** 31 - 1];
  return (random, style) => {
    switch (style) {
      case "zero":
        return 0;
      case "extreme":
        return random.pick([min, max, max, min + 1, 0]);
      case "small":
        return random.integer(Math.max(min, -4), 4);
      default:
        return random.integer(min, max);
    }
  };
}

function drawFloat(random: Random, style: Style): number {
  switch (style) {
    case "zero":
      return random.pick([0, -0]);
    case "small":
      return (random.unit() - 0.5) * 2 ** random.integer(-20, 2);
    case "extreme":
      return random.pick([1e30, -1e30, 88.7, -88.7, -103.9, 1e-30, 0.5, -0.5, 16777217, 3]);
    default:
      return (random.unit() - 0.5) * 8;
  }
}

/** Bit patterns that arithmetic treats apart, signalling and quiet NaNs among them. */
const SPECIAL = [
  0x7F800000,
  0xFF800000,
  0x7FC00000,
  0xFFC12345,
  0x7F812345,
  0x00000001,
  0x807FFFFF,
  0x00800000,
  0x80000000,
  0x7F7FFFFF,
  0xFF7FFFFF,
];

function sprinkle(random: Random, values: Float32Array): void {
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) if (random.chance(0.15)) bits[i] = random.pick(SPECIAL);
}

/** An operand with drawn elements; it may lie apart from row to row. */
export function value(
  random: Random,
  dtype: DType,
  extents: readonly number[],
  style: Style = "any",
): Value {
  const length = extents.reduce((a, b) => a * b, 1);
  return { dtype, extents, elements: elements(random, dtype, length, style) };
}

/** An operand with the given elements. */
export function given(dtype: DType, extents: readonly number[], from: ArrayLike<number>): Value {
  const values = arrayOf(dtype, from.length);
  values.set(from);
  return { dtype, extents, elements: values };
}

/** Multipliers as a quantiser makes them, and shifts that bring `range` to about `target`. */
export function dyadic(
  random: Random,
  count: number,
  range: number,
  target: number,
): { multiplier: Value; shift: Value } {
  const multipliers = [], shifts = [];
  for (let i = 0; i < count; i++) {
    const sign = random.chance(0.1) ? -1 : 1;
    multipliers.push(sign * random.integer(2 ** 30, 2 ** 31 - 1));
    const log = Math.log2(range / target) + random.integer(-2, 2);
    shifts.push(Math.max(1, Math.min(62, Math.round(31 + log))));
  }
  return { multiplier: given("i32", [count], multipliers), shift: given("i32", [count], shifts) };
}

const MULTIPLIERS = [
  2 ** 30,
  -(2 ** 30),
  2 ** 31 - 1,
  -(2 ** 31) + 1,
  -(2 ** 31),
  0,
  1,
  1491282745,
];
const SHIFTS = [1, 2, 8, 24, 30, 31, 32, 40, 50, 61, 62, 63, 0, -1, -(2 ** 31), 2 ** 31 - 1];

/** Multipliers and shifts at the ends of their ranges and beyond. */
export function hostileDyadic(random: Random, count: number): { multiplier: Value; shift: Value } {
  const draw = (from: readonly number[]): number[] =>
    Array.from({ length: count }, () => random.pick(from));
  return {
    multiplier: given("i32", [count], draw(MULTIPLIERS)),
    shift: given("i32", [count], draw(SHIFTS)),
  };
}
