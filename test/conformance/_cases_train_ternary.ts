/** Cases of the instructions that train ternary networks. */
import type { Case } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, leading } from "./_shapes.ts";
import { FLOAT_STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

/** Rows as codes: among them rows of zeros, and numbers half way between codes. */
export function* quantizeRowsF32(random: Random): Cases {
  for (const style of [...FLOAT_STYLES, "any", "extreme", "ties", "zeros"] as const) {
    for (const columns of COLUMNS) {
      const extents = [...leading(random), columns];
      const isOwn = style === "ties" || style === "zeros";
      const x = value(random, "f32", extents, isOwn ? FLOAT_STYLES[0] : style);
      if (style === "zeros") x.elements.fill(0);
      // alpha is 2 where the largest is 63.5, 1 where it is 127: halves and quarters.
      if (style === "ties") {
        for (let i = 0; i < x.elements.length; i++) x.elements[i] = random.integer(-254, 254) / 4;
        for (let i = 0; i < x.elements.length; i += columns) x.elements[i] = 63.5;
      }
      yield {
        name: `${style} [${extents}]`,
        instruction: "quantize_rows_f32",
        operands: { x: apart(random, x) },
        results: {
          q: apart(random, { dtype: "f32", extents }),
          alpha: apart(random, { dtype: "f32", extents: [...extents.slice(0, -1), 1] }),
        },
        symbolic: random.chance(0.2),
      };
    }
  }
}

/** Tensors of weights: of one block of a sum, of several, of zeros, with ties. */
export function* ternarizeF32(random: Random): Cases {
  for (const style of [...FLOAT_STYLES, "any", "ties", "zeros"] as const) {
    for (const columns of [...COLUMNS, 127, 128, 129, 136, 137, 255, 257, 300, 1000, 1037]) {
      const extents = [random.integer(1, 3), columns];
      const isOwn = style === "ties" || style === "zeros";
      const x = value(random, "f32", extents, isOwn ? FLOAT_STYLES[0] : style);
      if (style === "zeros") x.elements.fill(0);
      // The mean is 2: an element of 1 lies half way.
      if (style === "ties") {
        for (let i = 0; i < x.elements.length; i++) x.elements[i] = [1, -3, 3, -1][i % 4];
      }
      yield {
        name: `${style} [${extents}]`,
        instruction: "ternarize_f32",
        operands: { x: apart(random, x) },
        results: {
          y: apart(random, { dtype: "f32", extents }),
          scale: apart(random, { dtype: "f32", extents: [extents[0], 1] }),
        },
        symbolic: random.chance(0.2),
      };
    }
  }
}

/** Layers of bounds: far apart, so that shares vanish, and with numbers that are none. */
export function* lowerBoundsF32(random: Random): Cases {
  for (const style of [...FLOAT_STYLES, "any", "extreme"] as const) {
    for (const columns of COLUMNS) {
      const extents = [random.integer(1, 6), columns];
      const x = value(random, "f32", extents, style);
      if (random.chance(0.5)) { for (let i = 0; i < x.elements.length; i++) x.elements[i] *= 300; }
      yield {
        name: `${style} [${extents}]`,
        instruction: "lower_bounds_f32",
        operands: { x: apart(random, x) },
        results: { y: apart(random, { dtype: "f32", extents }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}
