/** Cases of the integer instructions that work row by row. */
import type { Layout } from "../../src/layouts/mod.ts";
import type { Case, Value } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, BLOCKS, COLUMNS, leading, maybe, perhapsConstant } from "./_shapes.ts";
import { dyadic, FLOAT_STYLES, given, hostileDyadic, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;
type Dyadic = { multiplier: Value; shift: Value };

/** Multipliers for `count` channels, or one for all; the shifts may be as many or one. */
export function arms(random: Random, columns: number, range: number, target: number): Dyadic {
  const count = random.pick([1, columns]);
  const made = random.chance(0.3)
    ? hostileDyadic(random, count)
    : dyadic(random, count, range, target);
  const other = random.pick([count, count, count, columns + 1 - count]);
  if (other === count || (count !== 1 && count !== columns)) return made;
  return { multiplier: made.multiplier, shift: dyadic(random, other, range, target).shift };
}

const ZERO_POINTS = [0, 1, -128, 127, 255, 32767, 65536, -65537, 2 ** 31 - 1, -(2 ** 31)];

/** A zero point, of quantisers mostly. */
export function zeroPoint(random: Random): Value {
  return given("i32", [1], [
    random.chance(0.7) ? random.integer(-128, 127) : random.pick(ZERO_POINTS),
  ]);
}

/** What multipliers bring sums to. */
export const TARGET = { i8: 100, i16: 30000, i32: 2 ** 30 } as const;

export function* quantizeLinear(random: Random): Cases {
  for (const columns of COLUMNS) {
    for (const dtype of ["i8", "i16"] as const) {
      const extents = [...leading(random), columns];
      const scale = random.pick([
        0.01,
        0.25,
        0.5,
        1 / 127,
        1e-7,
        1e30,
        2 ** -149,
        -0.5,
        0,
        Infinity,
      ]);
      const x = value(random, "f32", extents, random.pick(FLOAT_STYLES));
      // Ties: half-integers times the scale.
      if (random.chance(0.4)) {
        for (let i = 0; i < x.elements.length; i++) {
          x.elements[i] = (random.integer(-300, 300) + 0.5) * Math.fround(scale);
        }
      }
      yield {
        name: `[${extents}] ${dtype}, scale ${scale}`,
        instruction: "quantize_linear",
        operands: {
          x: apart(random, x),
          scale: given("f32", [1], [scale]),
          zero_point: maybe(random, () => zeroPoint(random)),
        },
        results: { y: apart(random, { dtype, extents }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* dequantizeLinear(random: Random): Cases {
  for (const columns of COLUMNS) {
    for (const dtype of ["i8", "i16", "i32"] as const) {
      const extents = [...leading(random), columns];
      yield {
        name: `${dtype} [${extents}]`,
        instruction: "dequantize_linear",
        operands: {
          x: apart(random, value(random, dtype, extents, random.pick(STYLES))),
          scale: value(random, "f32", [random.pick([1, columns])], random.pick(FLOAT_STYLES)),
          zero_point: maybe(random, () => zeroPoint(random)),
        },
        results: { y: apart(random, { dtype: "f32", extents }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* linearI8(random: Random): Cases {
  const shapes = [...COLUMNS, ...COLUMNS].flatMap((size) => [
    [size, random.pick(COLUMNS)],
    [random.pick(COLUMNS), size],
  ]);
  for (const [k, n, many] of [...shapes, ...BLOCKS]) {
    for (const kind of ["i32", "i8", "i16", "table", "identity"] as const) {
      const rows = many === undefined ? random.pick([leading(random), [13]]) : [many];
      const layout: Layout = random.pick(["panel_8x4", "panel_8x4_u7"]);
      const w = value(random, "i8", [n, k], random.pick(STYLES));
      if (layout === "panel_8x4_u7") {
        for (let i = 0; i < w.elements.length; i++) {
          w.elements[i] = Math.max(-63, Math.min(63, w.elements[i]));
        }
      }
      const dtype = kind === "table" ? "i8" : kind === "identity" ? "i16" : kind;
      const plain = kind === "i32";
      const residual = kind === "identity";
      const { multiplier, shift } = arms(random, n, k * 2 ** 12, TARGET[dtype]);
      const first = arms(random, 1, 2 ** 15, 2 ** 14);
      const second = arms(random, 1, 2 ** 15, 2 ** 14);
      const y = [...rows, n];
      yield {
        name: `[${rows},${k}]×[${n},${k}] ${layout} → ${kind}`,
        instruction: "linear_i8",
        attributes: { rounding: random.pick([0, 0, 0, 1, 2, 3]) },
        operands: {
          x: apart(random, value(random, "i8", [...rows, k], random.pick(STYLES))),
          weight: { ...w, layout },
          bias: maybe(
            random,
            () => perhapsConstant(random, value(random, "i32", [n], random.pick(["any", "small"]))),
          ),
          multiplier: plain ? undefined : perhapsConstant(random, multiplier),
          shift: plain ? undefined : perhapsConstant(random, shift),
          zero_point: plain || residual ? undefined : maybe(random, () => zeroPoint(random)),
          table: kind === "table" ? value(random, "i8", [256]) : undefined,
          multiplier2: residual ? first.multiplier : undefined,
          shift2: residual ? first.shift : undefined,
          identity: residual
            ? apart(random, value(random, random.pick(["i8", "i16"]), y, random.pick(STYLES)))
            : undefined,
          identity_multiplier: residual ? second.multiplier : undefined,
          identity_shift: residual ? second.shift : undefined,
        },
        results: { y: apart(random, { dtype, extents: y }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* layerNormI16(random: Random): Cases {
  for (const columns of [...COLUMNS, ...COLUMNS, 384, 768, 140_000]) {
    for (const from of ["i8", "i16"] as const) {
      for (const to of ["i8", "i16", "i32"] as const) {
        const extents = [...(columns > 1000 ? [1] : leading(random)), columns];
        const bias = value(random, "i32", [columns], random.pick(STYLES));
        if (random.chance(0.8)) {
          for (let i = 0; i < columns; i++) bias.elements[i] >>= 2;
        }
        const requantized = to !== "i32";
        const { multiplier, shift } = arms(random, columns, 2 ** 30, TARGET[to]);
        const x = value(random, from, extents, random.pick(STYLES));
        // Rows whose root has not converged after ten steps.
        if (random.chance(0.3)) {
          for (let i = 0; i < x.elements.length; i++) x.elements[i] = random.integer(-30, 30);
        }
        yield {
          name: `${from} [${extents}] → ${to}`,
          instruction: "layer_norm_i16",
          attributes: { rounding: random.pick([0, 0, 1, 2, 3]) },
          operands: {
            x: apart(random, x),
            bias: perhapsConstant(random, bias),
            multiplier: requantized ? multiplier : undefined,
            shift: requantized ? shift : undefined,
          },
          results: { y: apart(random, { dtype: to, extents }) },
          symbolic: random.chance(0.2),
        };
      }
    }
  }
}

/** Arguments of exponentials: sane ones, and those that no quantiser makes. */
export const X0: readonly number[] = [
  ...[-1, -2, -7, -10, -13, -20, -100, -127, -128, -255, -256, -333, -588, -5000],
  ...[-65536, -100000, -(2 ** 31) + 1, -(2 ** 31), 0, 1, 2 ** 31 - 1],
];

export function* shiftGelu(random: Random): Cases {
  for (const x0 of X0) {
    for (const columns of [random.pick(COLUMNS), random.pick(COLUMNS), 96]) {
      for (const to of ["i8", "i16", "i32"] as const) {
        const extents = [...leading(random), columns];
        const x = value(random, "i8", extents, random.pick(STYLES));
        if (random.chance(0.3)) {
          for (let i = 0; i < x.elements.length; i++) x.elements[i] = random.integer(-128, -1);
        }
        const requantized = to !== "i32";
        const { multiplier, shift } = arms(random, 1, 2 ** 14, TARGET[to]);
        yield {
          name: `x0 = ${x0}, [${extents}] → ${to}`,
          instruction: "shift_gelu",
          attributes: { rounding: random.pick([0, 0, 1, 2, 3]) },
          operands: {
            x: apart(random, x),
            x0: given("i32", [1], [x0]),
            multiplier: requantized ? multiplier : undefined,
            shift: requantized ? shift : undefined,
          },
          results: { y: apart(random, { dtype: to, extents }) },
          symbolic: random.chance(0.2),
        };
      }
    }
  }
}

export function* lookup(random: Random): Cases {
  for (const columns of COLUMNS) {
    for (const from of ["i8", "u8"] as const) {
      for (const to of ["i8", "u8", "i16"] as const) {
        const extents = [...leading(random), columns];
        const tables = random.pick([1, 1, 2, 3, 4, 300]);
        yield {
          name: `${from} [${extents}] → ${to}, ${tables} tables`,
          instruction: "lookup",
          operands: {
            x: apart(random, value(random, from, extents, random.pick(STYLES))),
            table: apart(random, perhapsConstant(random, value(random, to, [tables, 256]))),
          },
          results: { y: apart(random, { dtype: to, extents }) },
          symbolic: random.chance(0.2),
        };
      }
    }
  }
}
