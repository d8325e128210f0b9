/** Cases of the products, convolutions and pools of training. */
import { roundToHalf } from "../../src/numeric/half.ts";
import type { Case, Value } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, maybe } from "./_shapes.ts";
import { FLOAT_STYLES, given, value } from "./_values.ts";

type Cases = Generator<Case>;

function floats(random: Random, ...extents: number[]): Value {
  return apart(random, value(random, "f32", extents, random.pick(FLOAT_STYLES)));
}

function result(random: Random, ...extents: number[]) {
  return apart(random, { dtype: "f32" as const, extents });
}

const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 33];

function* matmul(
  random: Random,
  instruction: string,
  shapeOfA: (m: number, k: number) => [number, number],
  shapeOfB: (k: number, n: number) => [number, number],
): Cases {
  const drawn = SIZES.flatMap((size) =>
    [0, 1, 2].map((place) =>
      [0, 1, 2].map((i) => i === place ? size : random.pick(SIZES)) as [number, number, number]
    )
  );
  for (const [m, k, n] of [...drawn, [5, 600, 9], [12, 513, 8], [70, 40, 30]]) {
    const batch = random.integer(1, 3);
    const bias = instruction === "matmul_nt_f32"
      ? { bias: maybe(random, () => value(random, "f32", [n])) }
      : {};
    yield {
      name: `${batch} of [${m}, ${k}, ${n}]`,
      instruction,
      operands: {
        a: floats(random, batch, ...shapeOfA(m, k)),
        b: floats(random, random.chance(0.3) ? 1 : batch, ...shapeOfB(k, n)),
        ...bias,
      },
      results: { y: result(random, batch, m, n) },
    };
  }
}

/** Of operands whose sums are kept in 16 bits: as they are, and such that each step rounds, overflows, or is lost. */
function* in16Bits(random: Random, cases: Iterable<Case>): Cases {
  let number = 0;
  for (const one of cases) {
    const sums = 1 + number % 2, way = WAYS[number++ % WAYS.length];
    const operands = Object.entries(one.operands).map(([name, operand]) => {
      if (operand === undefined || way === "given") return [name, operand];
      const [type, change] = [TYPES[sums - 1], CHANGES[way]];
      const elements = operand.elements.map(() => roundToHalf(type, change(random)));
      return [name, { ...operand, elements }];
    });
    yield {
      ...one,
      name: `${one.name}, sums ${TYPES[sums - 1]}, ${way}`,
      attributes: { ...one.attributes, sums },
      operands: Object.fromEntries(operands) as Case["operands"],
    };
  }
}

const TYPES = ["bf16", "f16"] as const;

/** How operands of sums in 16 bits are drawn. */
const CHANGES = {
  /** Sizes of many exponents: sums lose most of a product, and ties of rounded sums. */
  spread: (random: Random) => (random.unit() - 0.5) * 2 ** random.integer(-14, 6),
  /** Few digits: ties. */
  ties: (random: Random) => random.integer(-9, 9) * 2 ** random.integer(-9, 4),
  /** Sums that stop growing. */
  ones: () => 1,
  /** Sums beyond the greatest float16. */
  large: (random: Random) => random.integer(-1, 4) * 90,
  /** Subnormal float16 and less. */
  tiny: (random: Random) => random.integer(-40, 40) * 2 ** random.integer(-16, -11),
  special: (random: Random) => random.pick([0, -0, 1, -1, Infinity, -Infinity, NaN, 2 ** -8]),
} as const;

const WAYS = ["given", "spread", "ties", "ones", "large", "tiny", "special"] as const;

export function* matmulNtF32(random: Random): Cases {
  const cases = () => matmul(random, "matmul_nt_f32", (m, k) => [m, k], (k, n) => [n, k]);
  yield* cases();
  yield* in16Bits(random, cases());
}

export function* matmulNnF32(random: Random): Cases {
  const cases = () => matmul(random, "matmul_nn_f32", (m, k) => [m, k], (k, n) => [k, n]);
  yield* cases();
  yield* in16Bits(random, cases());
}

export function* matmulTnF32(random: Random): Cases {
  const cases = () => matmul(random, "matmul_tn_f32", (m, k) => [k, m], (k, n) => [k, n]);
  yield* cases();
  yield* in16Bits(random, cases());
}

/** A convolution: extents of its operands, and its attributes. */
interface Convolution {
  readonly x: [number, number, number, number];
  readonly weight: [number, number, number, number];
  readonly y: [number, number, number, number];
  readonly attributes: Readonly<Record<string, number>>;
}

/** Padding on the four sides, of which the instruction has two. */
const PADS = [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1], [2, 1, 0, 3], [4, 1, 5, 1]] as const;

function* convolutions(random: Random): Generator<Convolution> {
  for (const [height, width] of [[1, 1], [1, 1], [3, 3], [3, 3], [5, 5], [10, 4], [2, 3]]) {
    for (const grouping of ["one", "some", "depthwise", "multiplied"]) {
      for (const pads of PADS) {
        const [stride_h, stride_w] = [random.integer(1, 3), random.integer(1, 3)];
        const [dilation_h, dilation_w] = [random.integer(1, 2), random.integer(1, 2)];
        const span = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1;
        const [spanH, spanW] = [span(height, dilation_h), span(width, dilation_w)];
        const rows = Math.max(1, spanH - pads[0] - pads[2]) + random.integer(0, 7);
        const columns = Math.max(1, spanW - pads[1] - pads[3]) + random.integer(0, 7);
        const channels = random.pick([1, 2, 3, 4, 5, 8, 9]);
        const group = grouping === "one" ? 1 : grouping === "some" ? 2 : channels;
        const depth = grouping === "one" || grouping === "some" ? channels : 1;
        const outputs = grouping === "depthwise" ? channels : group * random.integer(1, 5);
        const batch = random.integer(1, 3);
        const places = (extent: number, before: number, after: number, span: number, by: number) =>
          Math.floor((extent + before + after - span) / by) + 1;
        yield {
          x: [batch, rows, columns, depth * group],
          weight: [outputs, height, width, depth],
          y: [
            batch,
            places(rows, pads[0], pads[2], spanH, stride_h),
            places(columns, pads[1], pads[3], spanW, stride_w),
            outputs,
          ],
          attributes: {
            stride_h,
            stride_w,
            pad_top: pads[0],
            pad_left: pads[1],
            dilation_h,
            dilation_w,
            group,
          },
        };
      }
    }
  }
}

/** Places enough for more than one block of sums, and a picture that is its own rows. */
const LARGE: readonly Convolution[] = [
  {
    x: [2, 20, 20, 3],
    weight: [5, 3, 3, 3],
    y: [2, 20, 20, 5],
    attributes: {
      stride_h: 1,
      stride_w: 1,
      pad_top: 1,
      pad_left: 1,
      dilation_h: 1,
      dilation_w: 1,
      group: 1,
    },
  },
  {
    x: [2, 17, 18, 12],
    weight: [10, 1, 1, 12],
    y: [2, 17, 18, 10],
    attributes: {
      stride_h: 1,
      stride_w: 1,
      pad_top: 0,
      pad_left: 0,
      dilation_h: 1,
      dilation_w: 1,
      group: 1,
    },
  },
];

/** Depthwise: with a row of fewer outputs than are computed at once, and taps too far apart for a padded picture. */
const SPREAD: readonly Convolution[] = [[1, 1], [700, 1200]].map(([dilation_h, dilation_w]) => ({
  x: [2, 3, 3, 6],
  weight: [6, 3, 3, 1],
  y: [2, 3, 3, 6],
  attributes: {
    stride_h: 1,
    stride_w: 1,
    pad_top: dilation_h,
    pad_left: dilation_w,
    dilation_h,
    dilation_w,
    group: 6,
  },
}));

export function* convF32(random: Random): Cases {
  yield* forward(random);
  yield* in16Bits(random, forward(random));
}

function* forward(random: Random): Cases {
  for (const { x, weight, y, attributes } of [...LARGE, ...SPREAD, ...convolutions(random)]) {
    yield {
      name: `[${x}], [${weight}], ${Object.values(attributes)}`,
      instruction: "conv_f32",
      attributes,
      operands: {
        x: floats(random, ...x),
        weight: floats(random, ...weight),
        bias: maybe(random, () => value(random, "f32", [weight[0]])),
      },
      results: { y: result(random, ...y) },
    };
  }
}

export function* convTransposeF32(random: Random): Cases {
  yield* adjoint(random);
  yield* in16Bits(random, adjoint(random));
}

function* adjoint(random: Random): Cases {
  for (const { x, weight, y, attributes } of [...LARGE, ...SPREAD, ...convolutions(random)]) {
    yield {
      name: `[${y}], [${weight}], ${Object.values(attributes)}`,
      instruction: "conv_transpose_f32",
      attributes,
      operands: { x: floats(random, ...y), weight: floats(random, ...weight) },
      results: { y: result(random, ...x) },
    };
  }
  // A tap outside of x is left out: no product of zero and infinity.
  const { x, weight, y, attributes } = SPREAD[0];
  const infinite = value(random, "f32", weight);
  infinite.elements.fill(Infinity);
  yield {
    name: `[${y}], infinite weights`,
    instruction: "conv_transpose_f32",
    attributes,
    operands: { x: floats(random, ...y), weight: infinite },
    results: { y: result(random, ...x) },
  };
}

export function* convWeightGradientF32(random: Random): Cases {
  yield* weightGradient(random);
  yield* in16Bits(random, weightGradient(random));
}

function* weightGradient(random: Random): Cases {
  for (const { x, weight, y, attributes } of [...LARGE, ...SPREAD, ...convolutions(random)]) {
    yield {
      name: `[${x}], [${weight}], ${Object.values(attributes)}`,
      instruction: "conv_weight_gradient_f32",
      attributes,
      operands: { x: floats(random, ...x), dy: floats(random, ...y) },
      results: { dw: result(random, ...weight) },
    };
  }
}

/** Windows of a picture, some of which have no place in it. */
export function* pools(random: Random, dilated: boolean) {
  for (let i = 0; i < 60; i++) {
    const attributes: Record<string, number> = {
      kernel_h: random.integer(1, 4),
      kernel_w: random.integer(1, 4),
      stride_h: random.integer(1, 3),
      stride_w: random.integer(1, 3),
      pad_top: random.integer(0, 2),
      pad_left: random.integer(0, 2),
      ...dilated && { dilation_h: random.integer(1, 2), dilation_w: random.integer(1, 2) },
    };
    const picture = [
      random.integer(1, 3),
      random.integer(1, 8),
      random.integer(1, 8),
      random.pick([1, 2, 3, 4, 5, 8, 13]),
    ];
    const outputs = [picture[0], random.integer(1, 5), random.integer(1, 5), picture[3]];
    const name = `[${picture}], [${outputs}], ${Object.values(attributes)}`;
    yield { attributes, picture, outputs, name };
  }
}

/** A picture with equal elements, so that windows have ties. */
export function tied(random: Random, extents: readonly number[]): Value {
  const style = random.pick([...FLOAT_STYLES, "small", "zero"] as const);
  const x = value(random, "f32", extents, style);
  if (style === "small") x.elements.forEach((v, i) => x.elements[i] = Math.round(v));
  return apart(random, x);
}

export function* maxPoolF32(random: Random): Cases {
  for (const { attributes, picture, outputs, name } of pools(random, true)) {
    yield {
      name,
      instruction: "max_pool_f32",
      attributes,
      operands: { x: tied(random, picture) },
      results: { y: result(random, ...outputs) },
    };
  }
}

export function* maxPoolGradientF32(random: Random): Cases {
  for (const { attributes, picture, outputs, name } of pools(random, true)) {
    yield {
      name,
      instruction: "max_pool_gradient_f32",
      attributes,
      operands: { x: tied(random, picture), dy: floats(random, ...outputs) },
      results: { dx: result(random, ...picture) },
    };
  }
}

function divisor(random: Random, [, rows, columns]: readonly number[]): Value {
  const counts = Array.from({ length: rows * columns }, () => random.integer(1, 9));
  return apart(random, given("f32", [rows, columns], counts));
}

export function* averagePoolF32(random: Random): Cases {
  for (const { attributes, picture, outputs, name } of pools(random, false)) {
    yield {
      name,
      instruction: "average_pool_f32",
      attributes,
      operands: { x: floats(random, ...picture), divisor: divisor(random, outputs) },
      results: { y: result(random, ...outputs) },
    };
  }
}

export function* averagePoolGradientF32(random: Random): Cases {
  for (const { attributes, picture, outputs, name } of pools(random, false)) {
    yield {
      name,
      instruction: "average_pool_gradient_f32",
      attributes,
      operands: { dy: floats(random, ...outputs), divisor: divisor(random, outputs) },
      results: { dx: result(random, ...picture) },
    };
  }
}
