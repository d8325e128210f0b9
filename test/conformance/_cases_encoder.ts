/** Cases of the instructions of text encoders: ragged batches, tables of codes, 16-bit activations. */
import type { Case, Value } from "./_case.ts";
import { arm, exponentialsOf } from "./_cases_attention.ts";
import { arms, linearI8 } from "./_cases_integer.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, leading, perhapsConstant } from "./_shapes.ts";
import { dyadic, FLOAT_STYLES, given, hostileDyadic, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

/** Bounds of one to four sequences of `tokens` tokens; some are empty. */
function boundsOf(random: Random, tokens: number): Value {
  const inner = Array.from({ length: random.integer(0, 3) }, () => random.integer(0, tokens));
  const bounds = [0, ...inner.sort((a, b) => a - b), tokens];
  return { ...given("i32", [bounds.length], bounds), check: "offsets", limit: tokens };
}

export function* embeddingI8(random: Random): Cases {
  for (const columns of [...COLUMNS, ...COLUMNS, 384]) {
    const [vocabulary, positions, tokens] = [
      random.integer(1, 20),
      random.integer(1, 12),
      random.integer(1, 20),
    ];
    const index = Array.from({ length: tokens }, () => random.integer(0, vocabulary - 1));
    const rows = random.chance(0.3)
      ? hostileDyadic(random, vocabulary)
      : dyadic(random, vocabulary, 128, 10_000);
    const position = random.chance(0.3)
      ? hostileDyadic(random, 1)
      : dyadic(random, 1, 2 ** 15, 20_000);
    yield {
      name: `${tokens} of ${vocabulary} rows of ${columns}, ${positions} positions`,
      instruction: "embedding_i8",
      operands: {
        table: perhapsConstant(
          random,
          apart(random, value(random, "i8", [vocabulary, columns], random.pick(STYLES))),
        ),
        multiplier: perhapsConstant(random, rows.multiplier),
        shift: perhapsConstant(
          random,
          random.chance(0.7) ? rows.shift : dyadic(random, 1, 128, 10_000).shift,
        ),
        positions: apart(
          random,
          value(random, "i16", [positions, columns], random.pick(STYLES)),
        ),
        position_multiplier: position.multiplier,
        position_shift: position.shift,
        index: { ...given("i32", [tokens], index), check: "below", limit: vocabulary },
        offsets: boundsOf(random, tokens),
      },
      results: { y: apart(random, { dtype: "i16", extents: [tokens, columns] }) },
    };
  }
}

/** The cases of `embedding_i8` of an even width with a table of 4 bits. */
export function* embeddingI4(random: Random): Cases {
  for (const c of embeddingI8(random)) {
    const [vocabulary, columns] = c.operands.table!.extents;
    if (columns % 2 !== 0) continue;
    const group = random.pick([1, 2, 4, 8, 32, columns].filter((size) => columns % size === 0));
    yield {
      ...c,
      name: `${c.name}, groups of ${group}`,
      instruction: "embedding_i4",
      attributes: { group, codes: 2 },
      operands: {
        ...c.operands,
        table: apart(random, value(random, "u8", [vocabulary, columns / 2])),
        factors: apart(random, value(random, "u8", [vocabulary, columns / group])),
      },
    };
  }
}

export function* layerNormDualI16(random: Random): Cases {
  for (const columns of [...COLUMNS, ...COLUMNS, 384]) {
    for (const from of ["i8", "i16"] as const) {
      const extents = [...leading(random), columns];
      const bias = value(random, "i32", [columns], random.pick(STYLES));
      for (let i = 0; i < columns; i++) bias.elements[i] >>= 2;
      const [to, to2] = [random.pick(["i8", "i16"] as const), random.pick(["i8", "i16"] as const)];
      const first = arms(random, columns, 2 ** 30, to === "i8" ? 100 : 30_000);
      const second = arms(random, columns, 2 ** 30, to2 === "i8" ? 100 : 30_000);
      yield {
        name: `${from} [${extents}] → ${to} and ${to2}`,
        instruction: "layer_norm_dual_i16",
        attributes: { rounding: random.pick([0, 0, 1, 2, 3]) },
        operands: {
          x: apart(random, value(random, from, extents, random.pick(STYLES))),
          bias: perhapsConstant(random, bias),
          multiplier: first.multiplier,
          shift: first.shift,
          multiplier2: second.multiplier,
          shift2: second.shift,
        },
        results: {
          y: apart(random, { dtype: to, extents }),
          y2: apart(random, { dtype: to2, extents }),
        },
        symbolic: random.chance(0.2),
      };
    }
  }
}

/** The cases of `linear_i8` with activations of up to 16 bits. */
export function* linearI16(random: Random): Cases {
  for (const c of linearI8(random)) {
    const x = value(random, "i16", c.operands.x!.extents, random.pick(STYLES));
    // Codes of 14 bits take a faster way, up to the block of rows with the first wider one.
    const narrow = random.pick([0, x.elements.length, x.elements.length - 1]);
    const shift = random.pick([2, 4]);
    for (let i = 0; i < narrow; i++) x.elements[i] >>= shift;
    yield {
      ...c,
      instruction: "linear_i16",
      operands: { ...c.operands, x: apart(random, x) },
    };
  }
}

export function* lookupI16(random: Random): Cases {
  for (const columns of [...COLUMNS, ...COLUMNS]) {
    const extents = [...leading(random), columns];
    const x = value(random, "i16", extents, random.pick(STYLES));
    if (random.chance(0.6)) { for (let i = 0; i < x.elements.length; i++) x.elements[i] >>= 4; }
    yield {
      name: `[${extents}]`,
      instruction: "lookup_i16",
      operands: {
        x: apart(random, x),
        table: perhapsConstant(random, value(random, "i16", [4096])),
      },
      results: { y: apart(random, { dtype: "i16", extents }) },
      symbolic: random.chance(0.2),
    };
  }
}

/** Tokens, heads, size of a head. */
function shapes(random: Random, count: number): [number, number, number][] {
  const drawn = Array.from({ length: count }, (): [number, number, number] => [
    random.pick(COLUMNS.filter((n) => n <= 48)),
    random.integer(1, 3),
    random.pick([1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 31, 32]),
  ]);
  return [...drawn, [130, 2, 32]];
}

export function* attentionRaggedI8(random: Random): Cases {
  for (const [tokens, heads, size] of shapes(random, 90)) {
    const extents = [1, tokens, heads * size];
    const score = arm(random, size * 2 ** 12);
    const result = arm(random, 2 ** 22);
    const codes = (): Value => apart(random, value(random, "i8", extents, random.pick(STYLES)));
    yield {
      name: `${tokens} tokens, heads ${heads}, D ${size}`,
      instruction: "attention_ragged_i8",
      attributes: { heads, rounding: random.pick([0, 0, 0, 1, 2, 3]) },
      operands: {
        q: codes(),
        k: codes(),
        v: codes(),
        offsets: boundsOf(random, tokens),
        multiplier: score.multiplier,
        shift: score.shift,
        exponentials: exponentialsOf(random),
        value_multiplier: result.multiplier,
        value_shift: result.shift,
      },
      results: { y: apart(random, { dtype: "i8", extents }) },
    };
  }
}

export function* poolRows(random: Random): Cases {
  for (const dtype of ["i8", "i16", "f32"] as const) {
    for (const columns of [...COLUMNS, ...COLUMNS]) {
      const tokens = random.integer(1, 40);
      const style = random.pick(dtype === "f32" ? FLOAT_STYLES : STYLES);
      const offsets = boundsOf(random, tokens);
      yield {
        name: `${dtype} [${tokens},${columns}]`,
        instruction: "pool_rows",
        attributes: { pooling: random.integer(0, 1) },
        operands: {
          x: apart(random, value(random, dtype, [tokens, columns], style)),
          offsets,
        },
        results: {
          y: apart(random, {
            dtype: dtype === "f32" ? "f32" : "i32",
            extents: [offsets.extents[0] - 1, columns],
          }),
        },
      };
    }
  }
}

export function* attentionRaggedF32(random: Random): Cases {
  for (const [tokens, heads, size] of shapes(random, 80)) {
    const precision = random.pick([0, 0, 1]);
    const extents = [1, tokens, heads * size];
    const style = precision === 1 ? "any" : random.pick(FLOAT_STYLES);
    const operand = (): Value => apart(random, value(random, "f32", extents, style));
    yield {
      name: `${tokens} tokens, heads ${heads}, D ${size}, ${style}, ${
        precision ? "fast" : "deterministic"
      }`,
      instruction: "attention_ragged_f32",
      attributes: { heads, precision },
      operands: {
        q: operand(),
        k: operand(),
        v: operand(),
        offsets: boundsOf(random, tokens),
        scale: given("f32", [1], [random.pick([1, 0.125, 0.17677669])]),
      },
      results: { y: apart(random, { dtype: "f32", extents }) },
      // As for `attention_f32`.
      bound: precision === 1
        ? 2 ** -23 * (16 * size * (size + 2) * 16 + 8 * (tokens + 8))
        : undefined,
    };
  }
}

export function* addPositionsF32(random: Random): Cases {
  for (const columns of COLUMNS) {
    const [tokens, positions] = [random.integer(1, 20), random.integer(1, 12)];
    yield {
      name: `[${tokens},${columns}], ${positions} positions`,
      instruction: "add_positions_f32",
      operands: {
        x: apart(random, value(random, "f32", [tokens, columns], random.pick(STYLES))),
        positions: perhapsConstant(
          random,
          value(random, "f32", [positions, columns], random.pick(STYLES)),
        ),
        offsets: boundsOf(random, tokens),
      },
      results: { y: apart(random, { dtype: "f32", extents: [tokens, columns] }) },
    };
  }
}
