/** Cases of the instructions of integer language models but those of attention: one shift a tensor. */
import type { Case, Value } from "./_case.ts";
import { zeroPoint } from "./_cases_integer.ts";
import type { Random } from "./_random.ts";
import { apart, BLOCKS, COLUMNS, leading, perhapsConstant } from "./_shapes.ts";
import { arrayOf, given, hostileDyadic, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

const SHIFTS = [-(2 ** 31), -1, 0, 1, 2, 30, 31, 32, 33, 61, 62, 63, 64, 2 ** 31 - 1];
/** Limits of RMSNorms of 1 to 4,096 squares, and those that no quantiser makes. */
const LIMITS = [2 ** 31 - 1, 2 ** 28 - 1, 2 ** 25, 1000, 1, 0, -1, -(2 ** 31)];

function one(number: number): Value {
  return given("i32", [1], [number]);
}

/** A shift that brings `range` to about `target`, or any. */
function shiftOf(random: Random, range: number, target: number): Value {
  if (random.chance(0.15)) return one(random.pick(SHIFTS));
  return one(Math.max(1, Math.min(62, Math.round(31 + Math.log2(range / target)))));
}

/** Multipliers for `count` channels, or one; sane ones differ by some powers of two, as those of one shift do. */
function multipliers(random: Random, count: number): Value {
  if (random.chance(0.2)) return hostileDyadic(random, count).multiplier;
  const numbers = Array.from(
    { length: count },
    () =>
      random.pick([-1, 1, 1, 1]) *
      Math.floor(random.integer(2 ** 30, 2 ** 31 - 1) / 2 ** random.integer(0, 9)),
  );
  return given("i32", [count], numbers);
}

/** What follows the products: types of results, and what is there. */
const ENDS = [
  { to: "i8", zero: true },
  { to: "i16", zero: true },
  { to: "i32", zero: true },
  { to: "i8" },
  { to: "i16" },
  { to: "i32" },
  { to: "i32", limit: true },
  { to: "i32", limit: true, identity: true },
] as const;

const TARGETS = { i8: 100, i16: 30000, i32: 2 ** 28 } as const;

interface End {
  readonly name: string;
  readonly bits: number;
  readonly operands: Readonly<Record<string, Value | undefined>>;
  readonly to: "i8" | "i16" | "i32";
}

/** The operands behind the weights of case `index`, which goes through all combinations. */
function endOf(random: Random, index: number, y: readonly number[], range: number): End {
  const { to, ...has } = ENDS[index % ENDS.length];
  const [zero, limit, identity] = [
    "zero" in has,
    "limit" in has,
    "identity" in has,
  ];
  const n = y[y.length - 1];
  const bits = random.pick([8, 12, 14, 16, 32, 2, 31]);
  const biased = (index >> 3 & 1) === 1;
  return {
    name: `${to}, ${bits} bits${zero ? ", zero point" : ""}${limit ? ", limit" : ""}` +
      `${identity ? ", identity" : ""}${biased ? ", bias" : ""}`,
    bits,
    to,
    operands: {
      bias: biased
        ? perhapsConstant(random, value(random, "i32", [n], random.pick(["any", "small"])))
        : undefined,
      multiplier: perhapsConstant(random, multipliers(random, random.pick([1, n, n]))),
      shift: shiftOf(random, range, TARGETS[to]),
      zero_point: zero ? zeroPoints(random, n) : undefined,
      identity: identity
        ? apart(random, value(random, "i32", y, random.pick(["any", "small", "extreme"])))
        : undefined,
      limit: limit ? one(random.pick(LIMITS)) : undefined,
    },
  };
}

/** One zero point, or one a channel. */
function zeroPoints(random: Random, n: number): Value {
  if (random.chance(0.5)) return zeroPoint(random);
  const numbers = Array.from({ length: n }, () => zeroPoint(random).elements[0]);
  return given("i32", [n], numbers);
}

/** Rows, inner size and columns. */
function* products(random: Random): Generator<[rows: readonly number[], k: number, n: number]> {
  for (const size of [...COLUMNS, ...COLUMNS]) {
    yield [random.pick([leading(random), [13]]), size, random.pick(COLUMNS)];
    yield [random.pick([leading(random), [13]]), random.pick(COLUMNS), size];
  }
  for (const [k, n, rows] of BLOCKS) yield [[rows], k, n];
  for (const rows of [1, 2, 3, 4, 17]) yield [[rows], 576, 24];
  yield [[1], 1536, 16];
}

export function* linearW8(random: Random): Cases {
  let index = 0;
  for (const [rows, k, n] of products(random)) {
    for (const dtype of ["i8", "i16"] as const) {
      const wide = dtype === "i16";
      const end = endOf(random, index++ >> 1, [...rows, n], k * (wide ? 2 ** 18 : 2 ** 12));
      const x = value(random, dtype, [...rows, k], random.pick(STYLES));
      // Codes of 14 bits, as of the last norm.
      if (wide && random.chance(0.5)) {
        for (let i = 0; i < x.elements.length; i++) x.elements[i] >>= 2;
      }
      yield {
        name: `${dtype} [${rows},${k}]×[${n},${k}] → ${end.name}`,
        instruction: "linear_w8",
        attributes: { bits: end.bits },
        operands: {
          x: apart(random, x),
          weight: { ...value(random, "i8", [n, k], random.pick(STYLES)), layout: "panel_8x4" },
          ...end.operands,
        },
        results: { y: apart(random, { dtype: end.to, extents: [...rows, n] }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

/** Codes, or those at which sums are largest. */
function codes4(random: Random, n: number, k: number): Value {
  const same = random.pick([undefined, undefined, undefined, 0, 15]);
  const elements = arrayOf("u8", n * k).map(() => same ?? random.integer(0, 15)) as Uint8Array;
  return { dtype: "u8", extents: [n, k], elements, layout: "panel_8x16_u4" };
}

export function* linearW4(random: Random): Cases {
  let index = 0;
  for (const [rows, k, n] of products(random)) {
    for (const factored of [false, true]) {
      const end = endOf(random, index++ >> 1, [...rows, n], k * (factored ? 2 ** 14 : 2 ** 8));
      const group = random.integer(0, 3), size = 16 << group;
      // Mostly as many groups as there are, or one; too few and too many are allowed.
      const groups = random.pick([Math.ceil(k / size), Math.ceil(k / size), 1, 2, 3]);
      const x = value(random, "i8", [...rows, k], random.pick(STYLES));
      const same = random.pick([undefined, undefined, -128, 127]);
      if (same !== undefined) x.elements.fill(same);
      const zero = value(random, "u8", [n, groups], random.pick(STYLES));
      if (random.chance(0.7)) {
        for (let i = 0; i < zero.elements.length; i++) zero.elements[i] &= 15;
      }
      yield {
        name: `[${rows},${k}]×[${n},${k}] in ${groups} groups of ${size} → ${end.name}`,
        instruction: "linear_w4",
        attributes: { bits: end.bits, group },
        operands: {
          x: apart(random, x),
          weight: codes4(random, n, k),
          zero: { ...zero, layout: "panel_8_u8" },
          factor: factored
            ? { ...value(random, "u8", [n, groups], random.pick(STYLES)), layout: "panel_8_u8" }
            : undefined,
          ...end.operands,
        },
        results: { y: apart(random, { dtype: end.to, extents: [...rows, n] }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* rmsNormI32(random: Random): Cases {
  const rows = (random: Random, columns: number) => columns > 1000 ? [2] : leading(random);
  for (const columns of [...COLUMNS, ...COLUMNS, 576, 2048]) {
    for (const to of ["i8", "i16"] as const) {
      const extents = [...rows(random, columns), columns];
      const x = value(random, "i32", extents, random.pick([...STYLES, "any"]));
      // Mostly within the limit that keeps the sum of squares.
      const limit = Math.floor(Math.sqrt((2 ** 62 - 2 ** 32) / columns));
      const size = random.pick([2 ** 31, limit, limit, 2 ** 16, 3]);
      if (size < 2 ** 31) {
        for (let i = 0; i < x.elements.length; i++) {
          x.elements[i] = random.chance(0.1)
            ? random.pick([-size, size])
            : x.elements[i] % (size + 1);
        }
      }
      const bits = random.pick([8, 12, 14, 16, 2]);
      yield {
        name: `[${extents}] below ${size} → ${to}, ${bits} bits`,
        instruction: "rms_norm_i32",
        attributes: { bits },
        operands: {
          x: apart(random, x),
          epsilon: one(random.pick([1, 2748779, 2 ** 31 - 1, 0, -5])),
          gain: perhapsConstant(random, value(random, "i32", [columns], random.pick(STYLES))),
          shift: one(
            random.pick([24, 22, 19, 17, 26, 38, 39, 0, -10, -24, -(2 ** 31), 2 ** 31 - 1]),
          ),
          zero_point: zeroPoint(random),
        },
        results: { y: apart(random, { dtype: to, extents }) },
        symbolic: random.chance(0.2),
      };
    }
  }
  // The square is 0 modulo 2^62, and x/√S has more than 32 bits.
  yield {
    name: "what wraps",
    instruction: "rms_norm_i32",
    attributes: { bits: 8 },
    operands: {
      x: given("i32", [1, 1], [-(2 ** 31)]),
      epsilon: one(1),
      gain: one(2 ** 20),
      shift: one(0),
      zero_point: one(0),
    },
    results: { y: { dtype: "i8", extents: [1, 1] } },
  };
}

export function* swigluI16(random: Random): Cases {
  for (const columns of [...COLUMNS, ...COLUMNS, 172]) {
    for (const style of [...STYLES, "any"] as const) {
      const extents = [...leading(random), columns];
      yield {
        name: `${style} [${extents}]`,
        instruction: "swiglu_i16",
        operands: {
          gate: apart(random, value(random, "i16", extents, random.pick(STYLES))),
          up: apart(random, value(random, "i16", extents, style)),
          table: perhapsConstant(random, value(random, "i16", [4096], random.pick(STYLES))),
          shift: one(random.pick([22, 23, 24, 20, ...SHIFTS])),
          zero_point: zeroPoint(random),
        },
        results: { y: apart(random, { dtype: random.pick(["i8", "i16"]), extents }) },
        symbolic: random.chance(0.2),
      };
    }
  }
  for (const dtype of ["i8", "i16"] as const) yield ties(random, dtype);
}

/** Products at halves of every shift, of both signs. */
function ties(random: Random, dtype: "i8" | "i16"): Case {
  const columns = 64, extents = [1, columns];
  const odd = Array.from({ length: columns }, (_, i) => (2 * i + 1 - columns) * 2 ** 9);
  return {
    name: `ties, ${dtype}`,
    instruction: "swiglu_i16",
    operands: {
      gate: given("i16", extents, odd.map(() => random.pick([0, 1]))),
      up: given("i16", extents, odd.map((v) => v / 2)),
      table: given("i16", [4096], new Int16Array(4096).fill(2)),
      shift: one(10),
      zero_point: one(0),
    },
    results: { y: { dtype, extents } },
  };
}

/** Widths that have rotations, and those of other shapes. */
const ROTATED: readonly number[] = [1, 2, 4, 8, 64, 256, 36, 72, 144, 576, 108, 3, 12, 20, 7, 37];

export function* embeddingI32(random: Random): Cases {
  for (const columns of [...COLUMNS, ...ROTATED, ...ROTATED]) {
    const [pieces, tokens] = [random.integer(1, 40), random.integer(1, 9)];
    const rotated = random.chance(0.6);
    const index = Array.from({ length: tokens }, () => random.integer(0, pieces - 1));
    yield {
      name: `${tokens} of [${pieces},${columns}]${rotated ? ", rotated" : ""}`,
      instruction: "embedding_i32",
      attributes: { paley: random.integer(0, 1) },
      operands: {
        table: {
          ...value(random, "i8", [pieces, columns], random.pick(STYLES)),
          layout: "panel_8x4",
        },
        index: {
          ...given("i32", [tokens], index),
          ...(random.chance(0.3) ? { constant: true } : { check: "below" as const, limit: pieces }),
        },
        multiplier: multipliers(random, pieces),
        shift: shiftOf(random, 2 ** 7, 2 ** random.integer(16, 30)),
        limit: one(random.pick(LIMITS)),
        signs: rotated ? signs(random, columns) : undefined,
      },
      results: { y: apart(random, { dtype: "i32", extents: [tokens, columns] }) },
    };
  }
}

/** ±1, or any factors. */
function signs(random: Random, columns: number): Value {
  const any = random.chance(0.2);
  return given(
    "i8",
    [columns],
    Array.from(
      { length: columns },
      () => any ? random.integer(-128, 127) : random.pick([-1, 1]),
    ),
  );
}

export function* hadamardI32(random: Random): Cases {
  for (const columns of [...COLUMNS, ...ROTATED, ...ROTATED]) {
    const extents = [...leading(random), columns];
    yield {
      name: `[${extents}]`,
      instruction: "hadamard_i32",
      attributes: { paley: random.integer(0, 1) },
      operands: {
        x: apart(random, value(random, "i32", extents, random.pick(STYLES))),
        shift: one(random.pick([5, 5, 1, ...SHIFTS])),
        signs: signs(random, columns),
      },
      results: { y: apart(random, { dtype: "i32", extents }) },
      symbolic: random.chance(0.2),
    };
  }
}

/** Logits of some shape: apart, close together, equal, any. */
function logits(random: Random, rows: number, pieces: number): Value {
  const span = random.pick([0, 3, 100, 2 ** 15, 2 ** 18, 2 ** 31 - 1]);
  return given(
    "i32",
    [rows, pieces],
    Array.from({ length: rows * pieces }, () => random.integer(-span - Number(span > 100), span)),
  );
}

const OCTAVE = Array.from({ length: 257 }, (_, i) => Math.floor(2 ** (30 - i / 256) + 0.5));

export function* sampleI32(random: Random): Cases {
  for (const pieces of [...COLUMNS, ...COLUMNS, 512, 1000]) {
    for (const masked of [false, true]) {
      const rows = random.integer(1, 6);
      const each = (values: readonly number[]): Value =>
        given("i32", [rows], Array.from({ length: rows }, () => random.pick(values)));
      const mask = value(
        random,
        "i32",
        [rows, random.pick([Math.ceil(pieces / 32), Math.ceil(pieces / 32), 1])],
        random.pick(STYLES),
      );
      yield {
        name: `${rows} rows of ${pieces}${masked ? ", masked" : ""}`,
        instruction: "sample_i32",
        operands: {
          logits: apart(random, logits(random, rows, pieces)),
          octave: random.chance(0.8)
            ? given("i32", [257], OCTAVE)
            : value(random, "i32", [257], random.pick(STYLES)),
          rate: each([1512775, 1512775, 2161108, 605110, 15128, 1512775488, 2 ** 31 - 1, 1, 0, -7]),
          top_k: each([0, 0, 1, 2, 5, 40, 2 ** 31 - 1, -3]),
          top_p: each([65536, 58982, 32768, 49152, 655, 1, 0, 65535, -1, 2 ** 31 - 1]),
          min_p: each([0, 0, 0, 3277, 1311, 65536, 70000, -1]),
          random: apart(random, value(random, "i32", [rows, 4], random.pick(["any", "small"]))),
          mask: masked ? apart(random, mask) : undefined,
        },
        results: { y: apart(random, { dtype: "i32", extents: [rows] }) },
      };
    }
  }
  // Weights of 1: half of 7 is 4.
  const rows = 16, each = (number: number): Value => given("i32", [rows], Array(rows).fill(number));
  yield {
    name: "few weights of 1",
    instruction: "sample_i32",
    operands: {
      logits: given("i32", [rows, 7], Array(7 * rows).fill(5)),
      octave: given("i32", [257], Array(257).fill(1)),
      rate: each(1512775),
      top_k: each(0),
      top_p: each(32768),
      min_p: each(0),
      random: value(random, "i32", [rows, 4]),
    },
    results: { y: { dtype: "i32", extents: [rows] } },
  };
}
