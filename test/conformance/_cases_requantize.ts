/** Cases of what requantises sums: rounding, and sums of rounded arms. */
import type { Case, Value } from "./_case.ts";
import { arms, TARGET, zeroPoint } from "./_cases_integer.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, leading, maybe } from "./_shapes.ts";
import { given, STYLES, value } from "./_values.ts";

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
  yield* giants();
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
      for (const style of ["any", "sums", random.pick(STYLES)] as const) {
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

/** Sums whose products lie close to a half, as close as float32 and float64 do not see, or at it. */
function* halves(
  random: Random,
): Generator<{ name: string; x: Value; multiplier: Value; shift: Value }> {
  const extents = [1, 20];
  for (let e = 22; e <= 60; e++) {
    const factors: number[] = [];
    const sums = Array.from({ length: extents[1] }, () => {
      const [z, m] = e <= 31 ? besideHalf(random, e) : nearHalf(random, e);
      factors.push(m);
      return z;
    });
    yield {
      name: `near halves, e = ${e}`,
      x: given("i32", extents, sums),
      multiplier: given("i32", [extents[1]], factors),
      shift: given("i32", [1], [e]),
    };
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

/** z and m of 31 bits with z·m / 2^e within 2^(30−e) of a half, if sums have room for that. */
function nearHalf(random: Random, e: number): [z: number, m: number] {
  const m = random.integer(2 ** 30, 2 ** 31 - 1);
  const most = Math.min(140, 2 ** (60 - e));
  const half = (random.integer(-Math.floor(most), Math.floor(most)) + 0.5) * 2 ** e;
  return [Math.round(half / m), m];
}

/** Arms that 32 bits do not hold, and whose sum they do. */
function* giants(): Cases {
  const large = 2 ** 31 - 1, factor = [large, large, large - 1, 3, 1];
  const extents = [1, factor.length];
  for (const e of [1, 2, 8]) {
    yield {
      name: `arms that cancel, e = ${e}`,
      instruction: "requantize",
      operands: {
        x: given("i32", extents, [large, -large, large, large, -(2 ** 31)]),
        multiplier: given("i32", [factor.length], factor),
        shift: given("i32", [1], [e]),
        identity: given("i32", extents, [-large, large, -large, 1 - large, large]),
        identity_multiplier: given("i32", [1], [large]),
        identity_shift: given("i32", [1], [e]),
      },
      results: { y: { dtype: "i32", extents } },
    };
  }
}
