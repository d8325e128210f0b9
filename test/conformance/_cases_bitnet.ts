/** Cases of the instructions that Llamas with ternary weights have for themselves. */
import type { Case, Value } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, leading } from "./_shapes.ts";
import { FLOAT_STYLES, given, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

const WIDTHS = [...COLUMNS, 512, 770, 2560, 6912];

/** Where codes change: next to and on halves; a maximum of 127 makes alpha 1. */
function ties(columns: number): Float32Array {
  return Float32Array.from({ length: columns }, (_, c) => {
    const half = (c % 23 - 11) / 2, step = 2 ** -24 * Math.max(1, Math.abs(half));
    return c === columns - 1 ? -127 : half + (Math.floor(c / 23) % 3 - 1) * step;
  });
}

function codes(random: Random, name: string, x: Value): Case {
  const rows = x.extents.slice(0, -1);
  return {
    name: `[${x.extents}], ${name}`,
    instruction: "quantize_rows_i8",
    operands: { x: apart(random, x) },
    results: {
      q: apart(random, { dtype: "i8", extents: x.extents }),
      alpha: apart(random, { dtype: "f32", extents: [...rows, 1] }),
    },
    symbolic: random.chance(0.2),
  };
}

export function* quantizeRowsI8(random: Random): Cases {
  for (const columns of WIDTHS) {
    for (const style of FLOAT_STYLES) {
      const extents = [...leading(random), columns];
      yield codes(random, style, value(random, "f32", extents, style));
    }
  }
  for (const columns of [1, 17, 46, 64, 99]) {
    yield codes(random, "ties", given("f32", [1, columns], ties(columns)));
    const small = ties(columns).map((v) => v * 1e-8);
    yield codes(random, "tiny", given("f32", [1, columns], small));
  }
}

export function* dequantizeRowsF32(random: Random): Cases {
  for (const columns of WIDTHS) {
    const extents = [...leading(random), columns];
    const style = random.pick(FLOAT_STYLES);
    yield {
      name: `[${extents}] ${style}`,
      instruction: "dequantize_rows_f32",
      operands: {
        x: apart(random, value(random, "i32", extents, random.pick(STYLES))),
        scale: value(random, "f32", [columns], style),
        alpha: apart(random, value(random, "f32", [...extents.slice(0, -1), 1], style)),
      },
      results: { y: apart(random, { dtype: "f32", extents }) },
      symbolic: random.chance(0.2),
    };
  }
}

export function* embeddingScaledF32(random: Random): Cases {
  for (const channels of WIDTHS) {
    const [vocabulary, tokens] = [random.integer(1, 20), random.integer(1, 20)];
    const index = Array.from({ length: tokens }, () => random.integer(0, vocabulary - 1));
    yield {
      name: `${tokens} rows of [${vocabulary},${channels}]`,
      instruction: "embedding_scaled_f32",
      operands: {
        table: {
          ...value(random, "i8", [vocabulary, channels], random.pick(STYLES)),
          layout: "panel_8x4",
        },
        scale: value(random, "f32", [vocabulary], random.pick(FLOAT_STYLES)),
        index: { ...given("i32", [tokens], index), check: "below", limit: vocabulary },
      },
      results: { y: apart(random, { dtype: "f32", extents: [tokens, channels] }) },
    };
  }
}

export function* reluSquaredGluF32(random: Random): Cases {
  for (const channels of WIDTHS) {
    for (const style of ["any", "special"] as const) {
      const extents = [...leading(random), channels];
      yield {
        name: `[${extents}] ${style}`,
        instruction: "relu_squared_glu_f32",
        operands: {
          gate: apart(random, value(random, "f32", extents, style)),
          up: apart(random, value(random, "f32", extents, style)),
        },
        results: { y: apart(random, { dtype: "f32", extents }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}
