/** Cases of what requantises sums: rounding, and sums of rounded arms. */
import type { Case, Value } from "./_case.ts";
import { arms, TARGET, zeroPoint } from "./_cases_integer.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, leading, maybe } from "./_shapes.ts";
import { dyadic, given, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

export function* requantize(random: Random): Cases {
  const integers = ["i8", "i16", "i32"] as const;
  let index = 0;
  for (const from of integers) {
    for (const to of integers) {
      for (const identity of [undefined, undefined, ...integers]) {
        for (const shifted of [false, true]) {
          for (let turn = 0; turn < 2; turn++) {
            const columns = COLUMNS[index++ % COLUMNS.length];
            yield requantizeCase(random, { from, to, identity, shifted, columns });
          }
        }
      }
    }
  }
  yield* ties(random);
  for (const to of integers) {
    for (const { name, x, multiplier, shift } of halves(random)) {
      yield {
        name: `${name} → ${to}`,
        instruction: "requantize",
        operands: { x, multiplier, shift, zero_point: maybe(random, () => zeroPoint(random)) },
        results: { y: { dtype: to, extents: x.extents } },
      };
    }
  }
  for (const zero of [255, -256, 1000, -32768]) {
    for (const { name, x, multiplier, shift } of halves(random, -zero)) {
      yield {
        name: `${name}, zero point ${zero}`,
        instruction: "requantize",
        operands: { x, multiplier, shift, zero_point: given("i32", [1], [zero]) },
        results: { y: { dtype: "i8", extents: x.extents } },
      };
    }
  }
  yield* otherArms(random);
  yield* largeSums(random);
  yield* besideHalves();
}

function requantizeCase(
  random: Random,
  { from, to, identity, shifted, columns }: {
    readonly from: "i8" | "i16" | "i32";
    readonly to: "i8" | "i16" | "i32";
    readonly identity: "i8" | "i16" | "i32" | undefined;
    readonly shifted: boolean;
    readonly columns: number;
  },
): Case {
  const first = leading(random);
  const extents = [...first, columns];
  const wide = { i8: 128, i16: 32768, i32: 2 ** 31 };
  const second = arms(random, 1, 2 ** 15, TARGET[to]);
  // The identity repeats over some leading extents, perhaps over all.
  const repeated = [...first.slice(random.integer(0, first.length)), columns];
  return {
    name: `${from} [${extents}] → ${to}${identity ? `, identity ${identity} [${repeated}]` : ""}`,
    instruction: "requantize",
    attributes: { rounding: random.integer(0, 3) },
    operands: {
      x: apart(random, value(random, from, extents, random.pick(STYLES))),
      ...arms(random, columns, wide[from], TARGET[to]),
      identity: identity && apart(random, value(random, identity, repeated, random.pick(STYLES))),
      identity_multiplier: identity && second.multiplier,
      identity_shift: identity && second.shift,
      zero_point: shifted ? zeroPoint(random) : undefined,
    },
    results: { y: apart(random, { dtype: to, extents }) },
    symbolic: identity === undefined && random.chance(0.2),
  };
}

/** Every rounding at exact halves, for each shift. */
function* ties(random: Random): Cases {
  for (let e = 1; e <= 62; e++) {
    for (let rounding = 0; rounding < 4; rounding++) {
      // z·m = (2j + 1)·2^(e−1) for small j, in as many ways as fit 31 bits.
      const z = Array.from({ length: 16 }, () => {
        const power = Math.max(0, Math.min(e - 1, 26));
        return random.pick([-1, 1]) * (2 * random.integer(0, 7) + 1) *
          2 ** Math.max(0, power - 30 + 26);
      });
      const m = z.map(() => random.pick([-1, 1]) * 2 ** Math.max(0, Math.min(30, e - 1 - 22)));
      const type = random.pick(["i8", "i16", "i32"] as const);
      yield {
        name: `ties at e = ${e}, rounding ${rounding}`,
        instruction: "requantize",
        attributes: { rounding },
        operands: {
          x: given("i32", [1, 16], z),
          multiplier: given("i32", [16], m),
          shift: given("i32", [16], z.map(() => e)),
        },
        results: { y: { dtype: type, extents: [1, 16] } },
      };
    }
  }
}

/** Limits of RMSNorms of 1 to 4,096 squares, and those that no quantiser makes. */
const LIMITS = [2 ** 31 - 1, 2 ** 28 - 1, 2 ** 25, 1000, 1, 0, -1, -(2 ** 31)];

export function* residualI32(random: Random): Cases {
  for (const columns of [...COLUMNS, 172, 576]) {
    for (const identity of [false, true, true]) {
      for (const style of ["sums", "any", random.pick(STYLES)] as const) {
        const extents = [...leading(random), columns];
        const x = value(random, "i32", extents, style === "sums" ? "any" : style);
        // Sums of products are mostly below 2^22, where no product is rounded.
        if (style === "sums") {
          for (let i = 0; i < x.elements.length; i++) x.elements[i] >>= random.integer(8, 12);
        }
        yield {
          name: `${style} [${extents}]${identity ? ", identity" : ""}`,
          instruction: "residual_i32",
          operands: {
            x: apart(random, x),
            ...arms(random, columns, 2 ** 22, 2 ** random.integer(20, 30)),
            identity: identity
              ? apart(random, value(random, "i32", extents, random.pick(STYLES)))
              : undefined,
            limit: given("i32", [1], [random.pick(LIMITS)]),
          },
          results: { y: apart(random, { dtype: "i32", extents }) },
          symbolic: random.chance(0.2),
        };
      }
    }
  }
  for (const { name, x, multiplier, shift } of halves(random)) {
    yield {
      name,
      instruction: "residual_i32",
      operands: {
        x,
        multiplier,
        shift,
        identity: value(random, "i32", x.extents, "small"),
        limit: given("i32", [1], [random.pick([2 ** 31 - 1, 1000])]),
      },
      results: { y: { dtype: "i32", extents: x.extents } },
    };
  }
}

/**
 * Sums whose products lie close to a half, as close as float32 and float64 do not see, or at it: all of
 * them, or one of eight, so that the others are sure.
 */
function* halves(
  random: Random,
  center = 0,
): Generator<{ name: string; x: Value; multiplier: Value; shift: Value }> {
  for (let e = 30; e <= 60; e++) {
    for (const every of [1, 8]) {
      const extents = [1, 13 * every];
      const pairs = Array.from({ length: extents[1] }, (_, i): [z: number, m: number] => {
        if (i % every > 0) return [random.integer(-9, 9), 1];
        return e <= 31 ? besideHalf(random, e) : nearHalf(random, e, center);
      });
      yield {
        name: `near halves, every ${every}, e = ${e}`,
        x: given("i32", extents, pairs.map(([z]) => z)),
        multiplier: given("i32", [pairs.length], pairs.map(([, m]) => m)),
        shift: given("i32", [1], [e]),
      };
    }
  }
}

/** z and m with z·m = (2j + 1)·2^(e−1) + 1, which float64 rounds to the half where it is above 2^53. */
function besideHalf(random: Random, e: number): [z: number, m: number] {
  const z = 2 * random.integer(2 ** 29, 2 ** 30 - 1) + 1, modulus = 2n ** BigInt(e);
  // Newton's iteration for 1/z modulo 2^e; each step doubles the bits that are right.
  let inverse = BigInt(z);
  for (let step = 0; step < 5; step++) inverse = inverse * (2n - BigInt(z) * inverse) % modulus;
  const m = ((1n + modulus / 2n) * inverse % modulus + modulus) % modulus;
  return random.chance(0.5) ? [z, Number(m)] : [-z, Number(m)];
}

/** m of 31 bits, and the sum z whose z·m / 2^e is nearest to a half around `center`. */
function nearHalf(random: Random, e: number, center: number): [z: number, m: number] {
  const m = random.integer(2 ** 30, 2 ** 31 - 1);
  const most = Math.min(140, Math.max(0, Math.floor(2 ** (60 - e)) - Math.abs(center)));
  const half = (center + random.integer(-most, most) + 0.5) * 2 ** e;
  return [Math.round(half / m), m];
}

/** Arms that 32 bits do not hold and whose sum they do, and arms beside halves. */
function* otherArms(random: Random): Cases {
  const large = 2 ** 31 - 1, extents = [1, 8];
  for (const e of [1, 2, 8]) {
    const x = [large, -large, large, -large, large, -(2 ** 31), large, large];
    yield {
      name: `arms that cancel, e = ${e}`,
      instruction: "requantize",
      operands: {
        x: given("i32", extents, x),
        multiplier: given("i32", [8], x.map((_, i) => large - (i >> 1))),
        shift: given("i32", [1], [e]),
        identity: given("i32", extents, x.map((z) => Math.max(-large, -z))),
        identity_multiplier: given("i32", [1], [large]),
        identity_shift: given("i32", [1], [e]),
      },
      results: { y: { dtype: "i32", extents } },
    };
  }
  for (const e of [30, 31, 31, 31]) {
    const [z, m] = besideHalf(random, e);
    yield {
      name: `an identity beside a half, e = ${e}`,
      instruction: "requantize",
      operands: {
        x: value(random, "i32", extents, "small"),
        ...dyadic(random, 1, 1, 1),
        identity: given("i32", extents, Array.from({ length: 8 }, (_, i) => i % 2 ? z : -z)),
        identity_multiplier: given("i32", [1], [m]),
        identity_shift: given("i32", [1], [e]),
      },
      results: { y: { dtype: "i32", extents } },
    };
  }
}

/** Any sums with multipliers from 2^-11 to 2^3: most results saturate. */
function* largeSums(random: Random): Cases {
  for (let power = -3; power <= 11; power++) {
    for (const to of ["i8", "i16", "i32"] as const) {
      const extents = [2, 16];
      yield {
        name: `any sums by 2^${-power} → ${to}`,
        instruction: "requantize",
        operands: {
          x: value(random, "i32", extents, random.pick(["any", "extreme"])),
          ...dyadic(random, 16, 2 ** power, 1),
        },
        results: { y: { dtype: to, extents } },
      };
    }
  }
}

/** z, m and e with z·m / 2^e beside a half, which is the nearest float64. */
const BESIDE_HALVES: readonly (readonly [z: number, m: number, e: number])[] = [
  [1729969457, 404393534, 45],
  [1176664797, 1323064067, 46],
  [1373284465, 535432111, 45],
  [1894281317, 1075675784, 46],
  [1202214945, 575419175, 45],
];

function* besideHalves(): Cases {
  for (const [z, m, e] of BESIDE_HALVES) {
    const extents = [1, 8];
    yield {
      name: `${z}·${m}·2^-${e}`,
      instruction: "requantize",
      operands: {
        x: given("i32", extents, Array.from({ length: 8 }, (_, i) => i % 2 ? z : -z)),
        multiplier: given("i32", [1], [m]),
        shift: given("i32", [1], [e]),
      },
      results: { y: { dtype: "i16", extents } },
    };
  }
}
