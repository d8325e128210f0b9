/** Cases of the instructions of ternary layers. */
import type { Case, Value } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, maybe, perhapsConstant } from "./_shapes.ts";
import { arrayOf, FLOAT_STYLES, given, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

/** Rows, inner size and columns: every tail, and both sides of the limits of the kernels' blocks. */
const PRODUCTS: readonly (readonly [rows: number, k: number, n: number])[] = [
  ...[1, 2, 3, 4, 5, 17].flatMap((rows) =>
    ([[1, 8], [15, 1], [16, 9], [17, 7], [63, 8], [64, 9], [65, 17]] as const)
      .map(([k, n]) => [rows, k, n] as const)
  ),
  [1, 192, 64],
  [4, 192, 64],
  [197, 192, 24],
  [1, 512, 24],
  [3, 512, 9],
  [5, 512, 8],
  [300, 64, 8],
  [1, 1024, 17],
  [2, 1024, 8],
  [17, 1024, 9],
  [70, 3073, 3],
  [1, 6912, 9],
  [3, 6912, 7],
  [4, 6912, 8],
  [17, 6912, 9],
];

function trits(random: Random, n: number, k: number): Value {
  const same = random.pick([undefined, undefined, -1, 1]);
  const elements = arrayOf("i8", n * k).map(() => same ?? random.integer(-1, 1)) as Int8Array;
  return { dtype: "i8", extents: [n, k], elements, layout: "panel_8x16_t2" };
}

/** Codes, or those at which sums are largest. */
function codes(random: Random, extents: readonly number[]): Value {
  const x = value(random, "i8", extents, random.pick(STYLES));
  const same = random.pick([undefined, undefined, -128, 127]);
  return same === undefined ? x : { ...x, elements: x.elements.map(() => same) as Int8Array };
}

export function* linearTernary(random: Random): Cases {
  for (const [count, k, n] of PRODUCTS) {
    for (const real of [false, true]) {
      const rows = count === 4 && random.chance(0.5) ? [2, 2] : [count];
      const y = [...rows, n], style = random.pick(FLOAT_STYLES);
      yield {
        name: `[${rows},${k}]×[${n},${k}] ${real ? `f32 ${style}` : "i32"}`,
        instruction: "linear_ternary",
        operands: {
          x: apart(random, codes(random, [...rows, k])),
          alpha: real ? apart(random, value(random, "f32", [...rows, 1], style)) : undefined,
          weight: trits(random, n, k),
          weight_scale: real
            ? perhapsConstant(random, given("f32", [1], [random.unit()]))
            : undefined,
          identity: real ? maybe(random, () => apart(random, value(random, "f32", y))) : undefined,
        },
        results: { y: apart(random, { dtype: real ? "f32" : "i32", extents: y }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

/** Where codes change: y·alpha next to and on halves, once a maximum of 127 makes alpha 1. */
function ties(columns: number): Float32Array {
  return Float32Array.from({ length: columns }, (_, c) => {
    const half = (c % 23 - 11) / 2, step = 2 ** -24 * Math.max(1, Math.abs(half));
    return c === columns - 1 ? -127 : half + (Math.floor(c / 23) % 3 - 1) * step;
  });
}

/** The case of given values; epsilon as drawn. */
function quantized(
  random: Random,
  name: string,
  x: Value,
  gamma: Value,
  epsilon: number,
  preGamma?: Value,
): Case {
  const [[rows, columns], [count]] = [x.extents, gamma.extents];
  return {
    name: `[${rows},${columns}], ${count} gammas, ${name}`,
    instruction: "rms_norm_quantize_i8",
    operands: {
      x: apart(random, x),
      pre_gamma: preGamma,
      pre_epsilon: preGamma && given("f32", [1], [1e-6]),
      gamma: apart(random, gamma),
      epsilon: given("f32", [1], [epsilon]),
    },
    results: {
      q: apart(random, { dtype: "i8", extents: [count, rows, columns] }),
      alpha: apart(random, { dtype: "f32", extents: [count, rows] }),
    },
  };
}

const WIDTHS = [...COLUMNS, ...COLUMNS, 512, 770, 1024, 6912];

export function* rmsNormQuantizeI8(random: Random): Cases {
  const drawn = (extents: number[]) => value(random, "f32", extents, random.pick(STYLES));
  for (const columns of WIDTHS) {
    for (const style of FLOAT_STYLES) {
      const x = value(random, "f32", [random.pick([1, 2, 3, 5]), columns], style);
      const pre = maybe(random, () => drawn([columns]));
      const gamma = drawn([random.integer(1, 3), columns]);
      yield quantized(random, style, x, gamma, random.pick([1e-5, 1e-6, 0]), pre);
    }
  }
  for (const columns of [1, 17, 46, 64, 99]) {
    // Ones are their own normalisation: y is gamma.
    const ones = given("f32", [1, columns], new Float32Array(columns).fill(1));
    yield quantized(random, "ties", ones, given("f32", [1, columns], ties(columns)), 0);
    const small = ties(columns).map((v) => v * 1e-8);
    yield quantized(random, "tiny", ones, given("f32", [1, columns], small), 0);
  }
}
