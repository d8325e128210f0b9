/** Cases of the float32 instructions. */
import type { Case, Value } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, BLOCKS, COLUMNS, leading, maybe, perhapsConstant } from "./_shapes.ts";
import { FLOAT_STYLES, given, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

export function* linearF32(random: Random): Cases {
  const drawn = COLUMNS.flatMap((n) => [[n, random.pick(COLUMNS)], [random.pick(COLUMNS), n]]);
  for (const [k, n, many] of [...drawn, ...drawn, ...BLOCKS]) {
    for (const precision of [0, 1]) {
      const rows = many === undefined ? random.pick([leading(random), [12]]) : [many];
      const style = precision === 1 ? "any" : random.pick(FLOAT_STYLES);
      const x = value(random, "f32", [...rows, k], style);
      const weight = value(random, "f32", [n, k], precision === 1 ? "any" : random.pick(STYLES));
      const y = [...rows, n];
      yield {
        name: `[${rows},${k}]×[${n},${k}] ${precision ? "fast" : "deterministic"}`,
        instruction: "linear_f32",
        attributes: { precision },
        operands: {
          x: apart(random, x),
          weight: { ...weight, layout: "panel_8" },
          bias: maybe(random, () => perhapsConstant(random, value(random, "f32", [n]))),
          identity: maybe(random, () => apart(random, value(random, "f32", y))),
        },
        results: { y: apart(random, { dtype: "f32", extents: y }) },
        symbolic: random.chance(0.2),
        // Every operand is within 4: k products of at most 16, each term rounded twice.
        bound: precision === 1 ? 2 ** -23 * (k + 2) * (16 * k + 8) : undefined,
      };
    }
  }
}

export function* layerNormF32(random: Random): Cases {
  for (const columns of [...COLUMNS, ...COLUMNS, 384, 770]) {
    const extents = [...leading(random), columns];
    yield {
      name: `[${extents}]`,
      instruction: "layer_norm_f32",
      operands: {
        x: apart(random, value(random, "f32", extents, random.pick(FLOAT_STYLES))),
        gamma: perhapsConstant(random, value(random, "f32", [columns], random.pick(STYLES))),
        beta: maybe(random, () => perhapsConstant(random, value(random, "f32", [columns]))),
        epsilon: given("f32", [1], [random.pick([1e-5, 1e-6, 1e-12, 0, 1])]),
      },
      results: { y: apart(random, { dtype: "f32", extents }) },
      symbolic: random.chance(0.2),
    };
  }
}

export function* softmaxF32(random: Random): Cases {
  for (const columns of [...COLUMNS, ...COLUMNS, ...COLUMNS, 197, 1000]) {
    const extents = [...leading(random), columns];
    const x = value(random, "f32", extents, random.pick(FLOAT_STYLES));
    if (random.chance(0.4)) { for (let i = 0; i < x.elements.length; i++) x.elements[i] *= 20; }
    yield {
      name: `[${extents}]`,
      instruction: "softmax_f32",
      operands: { x: apart(random, x) },
      results: { y: apart(random, { dtype: "f32", extents }) },
      symbolic: random.chance(0.2),
    };
  }
}

export function* geluF32(random: Random): Cases {
  for (const columns of [...COLUMNS, 2000]) {
    for (const style of FLOAT_STYLES) {
      const extents = [...leading(random), columns];
      yield {
        name: `[${extents}] ${style}`,
        instruction: "gelu_f32",
        operands: { x: apart(random, value(random, "f32", extents, style)) },
        results: { y: apart(random, { dtype: "f32", extents }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* addF32(random: Random): Cases {
  for (const columns of [...COLUMNS, ...COLUMNS]) {
    const first = leading(random);
    const extents = [...first, columns];
    const repeated = [...first.slice(random.integer(0, first.length)), columns];
    yield {
      name: `[${extents}] + [${repeated}]`,
      instruction: "add_f32",
      operands: {
        a: apart(random, value(random, "f32", extents, random.pick(FLOAT_STYLES))),
        b: apart(random, value(random, "f32", repeated, random.pick(FLOAT_STYLES))),
      },
      results: { y: apart(random, { dtype: "f32", extents }) },
    };
  }
}

function maskOf(random: Random, extents: readonly number[]): Value {
  const mask = value(random, "u8", extents);
  const share = random.pick([0.1, 0.5, 0.95, 1]);
  for (let i = 0; i < mask.elements.length; i++) mask.elements[i] = random.chance(share) ? 1 : 0;
  return mask;
}

export function* attentionF32(random: Random): Cases {
  for (let i = 0; i < 90; i++) {
    const precision = i % 3 === 2 ? 1 : 0;
    const [batch, heads, queries] = [
      random.integer(1, 3),
      random.integer(1, 3),
      random.integer(1, 9),
    ];
    const keys = random.pick(COLUMNS);
    const size = random.pick([1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 64]);
    const columns = heads * size;
    const style = precision === 1 ? "any" : random.pick(FLOAT_STYLES);
    const operand = (rows: number): Value =>
      apart(random, value(random, "f32", [batch, rows, columns], style));
    yield {
      name: `B ${batch}, heads ${heads}, Q ${queries}, L ${keys}, D ${size}, ${style}, ${
        precision ? "fast" : "deterministic"
      }`,
      instruction: "attention_f32",
      attributes: { heads, precision },
      operands: {
        q: operand(queries),
        k: operand(keys),
        v: operand(keys),
        scale: given("f32", [1], [random.pick([1, 0.125, 0.17677669])]),
        bias: maybe(
          random,
          () => apart(random, value(random, "f32", [heads, queries, keys], random.pick(STYLES))),
        ),
        mask: maybe(
          random,
          () => apart(random, maskOf(random, [random.pick([1, batch, 2]), queries, keys])),
        ),
      },
      results: { y: apart(random, { dtype: "f32", extents: [batch, queries, columns] }) },
      symbolic: random.chance(0.2),
      // Scores are off by size·16·(size + 2)·2^-23 at most, and values are within 4.
      bound: precision === 1
        ? 2 ** -23 * (16 * size * (size + 2) * 16 + 8 * (keys + 8))
        : undefined,
    };
  }
}
