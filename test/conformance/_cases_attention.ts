/** Cases of the integer attention instructions. */
import type { Case, ResultValue, Value } from "./_case.ts";
import { X0 } from "./_cases_integer.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, maybe } from "./_shapes.ts";
import { dyadic, given, hostileDyadic, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

/** Batch, heads, queries, keys, size of a head. */
function shapes(random: Random, count: number): number[][] {
  const drawn = Array.from({ length: count }, () => [
    random.integer(1, 3),
    random.integer(1, 3),
    random.integer(1, 9),
    random.pick(COLUMNS.filter((n) => n <= 65)),
    random.pick([1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 31, 32]),
  ]);
  return [
    ...drawn,
    [1, 3, 17, 17, 64],
    [4, 3, 49, 49, 32],
    [1, 1, 5, 197, 64],
    [1, 2, 3, 65, 130],
    [1, 1, 2, 1000, 3],
  ];
}

export function arm(random: Random, range: number): { multiplier: Value; shift: Value } {
  return random.chance(0.25) ? hostileDyadic(random, 1) : dyadic(random, 1, range, 100);
}

function maskOf(random: Random, batch: number, queries: number, keys: number): Value {
  const windows = random.pick([1, batch, batch + 1, 2]);
  const mask = value(random, "u8", [windows, queries, keys]);
  const share = random.pick([0.1, 0.5, 0.95, 1]);
  for (let i = 0; i < mask.elements.length; i++) {
    mask.elements[i] = random.chance(share) ? random.integer(1, 255) : 0;
  }
  return mask;
}

/** Exponentials of a scale, or any 256 integers. */
export function exponentialsOf(random: Random): Value {
  if (random.chance(0.3)) return value(random, "i32", [256], random.pick(STYLES));
  const scale = random.pick([0.001, 0.01, 0.08, 0.5]);
  const e = Array.from({ length: 256 }, (_, d) => Math.round(Math.exp(-d * scale) * 2 ** 20));
  return given("i32", [256], e);
}

/** Either the table or x0. */
function softmaxOperands(random: Random, table: boolean): Record<string, Value | undefined> {
  return {
    exponentials: table ? exponentialsOf(random) : undefined,
    x0: table ? undefined : given("i32", [1], [random.pick(X0)]),
  };
}

export function* attentionScoresI8(random: Random): Cases {
  for (const [batch, heads, queries, keys, size] of shapes(random, 60)) {
    for (const dtype of ["i8", "i32"] as const) {
      const extents = [batch, heads, queries, keys];
      const requantized = dtype === "i8" ? arm(random, size * 2 ** 12) : undefined;
      yield {
        name: `B ${batch}, heads ${heads}, Q ${queries}, L ${keys}, D ${size} → ${dtype}`,
        instruction: "attention_scores_i8",
        attributes: { heads, rounding: random.pick([0, 0, 1, 2, 3]) },
        operands: {
          q: apart(
            random,
            value(random, "i8", [batch, queries, heads * size], random.pick(STYLES)),
          ),
          k: apart(random, value(random, "i8", [batch, keys, heads * size], random.pick(STYLES))),
          ...requantized,
        },
        results: { y: apart(random, { dtype, extents }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* softmaxI8(random: Random): Cases {
  for (const [batch, heads, queries, keys] of shapes(random, 60)) {
    for (const kind of ["table", "shift16", "shift8"] as const) {
      const extents = [batch, heads, queries, keys];
      const y: ResultValue = { dtype: kind === "shift8" ? "i8" : "i16", extents };
      yield {
        name: `${kind} [${extents}]`,
        instruction: "softmax_i8",
        operands: {
          x: apart(random, value(random, "i8", extents, random.pick(STYLES))),
          ...softmaxOperands(random, kind === "table"),
          mask: maybe(random, () => apart(random, maskOf(random, batch, queries, keys))),
        },
        results: { y: apart(random, y) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* attentionValuesI8(random: Random): Cases {
  for (const [batch, heads, queries, keys, size] of shapes(random, 60)) {
    for (const from of ["i8", "i16"] as const) {
      const dtype = random.pick(["i8", "i32"] as const);
      const p = value(random, from, [batch, heads, queries, keys], random.pick(STYLES));
      if (random.chance(0.6)) {
        for (let i = 0; i < p.elements.length; i++) p.elements[i] = Math.abs(p.elements[i]);
      }
      const requantized = dtype === "i8" ? arm(random, 2 ** 22) : undefined;
      yield {
        name: `${from}, B ${batch}, heads ${heads}, Q ${queries}, L ${keys}, D ${size} → ${dtype}`,
        instruction: "attention_values_i8",
        attributes: { heads, rounding: random.pick([0, 0, 1, 2, 3]) },
        operands: {
          p: apart(random, p),
          v: apart(random, value(random, "i8", [batch, keys, heads * size], random.pick(STYLES))),
          ...requantized,
        },
        results: { y: apart(random, { dtype, extents: [batch, queries, heads * size] }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* attentionI8(random: Random): Cases {
  for (const [batch, heads, queries, keys, size] of shapes(random, 70)) {
    for (const kind of ["table16", "table8", "shift16", "shift8"] as const) {
      const score = arm(random, size * 2 ** 12);
      const result = arm(random, kind.endsWith("16") ? 2 ** 22 : 2 ** 14);
      const bias = random.chance(0.5);
      const second = dyadic(random, 1, 128, 100);
      const columns = heads * size;
      yield {
        name: `${kind}, B ${batch}, heads ${heads}, Q ${queries}, L ${keys}, D ${size}`,
        instruction: "attention_i8",
        attributes: {
          heads,
          bits: kind.endsWith("16") ? 0 : 1,
          rounding: random.pick([0, 0, 0, 1, 2, 3]),
        },
        operands: {
          q: apart(random, value(random, "i8", [batch, queries, columns], random.pick(STYLES))),
          k: apart(random, value(random, "i8", [batch, keys, columns], random.pick(STYLES))),
          v: apart(random, value(random, "i8", [batch, keys, columns], random.pick(STYLES))),
          multiplier: score.multiplier,
          shift: score.shift,
          multiplier2: bias ? second.multiplier : undefined,
          shift2: bias ? second.shift : undefined,
          bias: bias
            ? apart(
              random,
              value(random, "i32", [heads, queries, keys], random.pick(["small", "small", "any"])),
            )
            : undefined,
          mask: maybe(random, () => apart(random, maskOf(random, batch, queries, keys))),
          ...softmaxOperands(random, kind.startsWith("table")),
          value_multiplier: result.multiplier,
          value_shift: result.shift,
        },
        results: { y: apart(random, { dtype: "i8", extents: [batch, queries, columns] }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}
