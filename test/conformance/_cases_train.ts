/** Cases of the instructions of training that work element by element, along an extent, or on rows. */
import { BINARY_FUNCTIONS } from "../../src/instructions/binary_functions.ts";
import { UNARY_FUNCTIONS } from "../../src/instructions/unary_functions.ts";
import type { Case, Value } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, leading, maybe } from "./_shapes.ts";
import { FLOAT_STYLES, given, value } from "./_values.ts";

type Cases = Generator<Case>;

/** A float operand in some style, sometimes with rows that are apart. */
function floats(random: Random, ...extents: number[]): Value {
  return apart(random, value(random, "f32", extents, random.pick(FLOAT_STYLES)));
}

/** A result. */
function result(random: Random, ...extents: number[]) {
  return apart(random, { dtype: "f32" as const, extents });
}

export function* unaryF32(random: Random): Cases {
  for (const [unary, name] of UNARY_FUNCTIONS.entries()) {
    for (const style of [...FLOAT_STYLES, "any", "extreme"] as const) {
      const extents = [...leading(random), random.pick(COLUMNS)];
      const x = value(random, "f32", extents, style);
      if (random.chance(0.5)) { for (let i = 0; i < x.elements.length; i++) x.elements[i] *= 12; }
      yield {
        name: `${name} [${extents}] ${style}`,
        instruction: "unary_f32",
        attributes: { unary },
        operands: { x: apart(random, x) },
        results: { y: result(random, ...extents) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* unaryGradientF32(random: Random): Cases {
  for (const c of unaryF32(random)) {
    const { extents } = c.operands.x!;
    const kinks = [-3, 0, -0, 3, 6];
    if (random.chance(0.3)) {
      c.operands.x!.elements.forEach((_, i, all) => all[i] = random.pick(kinks));
    }
    yield {
      ...c,
      instruction: "unary_gradient_f32",
      operands: { ...c.operands, dy: floats(random, ...extents) },
      results: { dx: result(random, ...extents) },
    };
  }
}

/** Extents of what repeats over others: over leading ones, over columns, over both. */
function repeating(random: Random, extents: readonly number[]): number[] {
  const suffix = extents.slice(random.integer(0, extents.length - 1));
  return random.chance(0.4) ? [...suffix.slice(0, -1), 1] : suffix;
}

export function* binaryF32(random: Random): Cases {
  for (const [binary, name] of BINARY_FUNCTIONS.entries()) {
    for (let i = 0; i < 24; i++) {
      const extents = [...leading(random), random.pick(COLUMNS)];
      const other = repeating(random, extents);
      yield {
        name: `${name} [${extents}], [${other}]`,
        instruction: "binary_f32",
        attributes: { binary },
        operands: { a: floats(random, ...extents), b: floats(random, ...other) },
        results: { y: result(random, ...extents) },
      };
    }
  }
}

export function* whereF32(random: Random): Cases {
  for (let i = 0; i < 60; i++) {
    const extents = [...leading(random), random.pick(COLUMNS)];
    const condition = value(random, "f32", repeating(random, extents), "special");
    condition.elements.forEach((_, i, all) => random.chance(0.5) && (all[i] = 0));
    yield {
      name: `[${extents}], [${condition.extents}]`,
      instruction: "where_f32",
      operands: {
        a: floats(random, ...extents),
        b: floats(random, ...extents),
        condition: apart(random, condition),
      },
      results: { y: result(random, ...extents) },
    };
  }
}

export function* transposeF32(random: Random): Cases {
  for (const d of [1, 1, 1, 2, 4, 7]) {
    for (const c of [1, 3, 4, 9, 16]) {
      const extents = [random.integer(1, 3), random.pick([1, 2, 4, 5, 8, 11]), c, d];
      const [a, b] = extents;
      yield {
        name: `[${extents}]`,
        instruction: "transpose_f32",
        operands: { x: floats(random, ...extents) },
        results: { y: result(random, a, c, b, d) },
        symbolic: false,
      };
    }
  }
}

/** Numbers of rows: every remainder of the partial sums. */
const ROWS = [1, 2, 3, 5, 8, 15, 16, 17, 31, 32, 33, 50];

export function* reduceF32(random: Random): Cases {
  for (const reduction of [0, 1]) {
    for (const rows of ROWS) {
      for (const columns of [1, random.pick(COLUMNS)]) {
        const extents = [random.integer(1, 3), rows, columns];
        yield {
          name: `${reduction} [${extents}]`,
          instruction: "reduce_f32",
          attributes: { reduction },
          operands: { x: floats(random, ...extents) },
          results: { y: result(random, extents[0], columns) },
        };
      }
    }
  }
}

export function* expandF32(random: Random): Cases {
  for (const columns of COLUMNS) {
    const [a, b] = [random.integer(1, 4), random.integer(1, 5)];
    yield {
      name: `[${a}, ${b}, ${columns}]`,
      instruction: "expand_f32",
      operands: { x: floats(random, a, columns) },
      results: { y: result(random, a, b, columns) },
    };
  }
}

export function* meanVarianceF32(random: Random): Cases {
  for (const center of [0, 1]) {
    for (const rows of ROWS) {
      for (const columns of [1, random.pick(COLUMNS)]) {
        const extents = [random.integer(1, 3), rows, columns];
        const x = floats(random, ...extents);
        if (random.chance(0.3)) x.elements.forEach((_, i) => x.elements[i] += 1000);
        yield {
          name: `${center} [${extents}]`,
          instruction: "mean_variance_f32",
          attributes: { center },
          operands: { x, epsilon: given("f32", [1], [random.pick([1e-5, 1e-3, 0])]) },
          results: {
            moments: result(random, extents[0], 3, columns),
            y: result(random, ...extents),
          },
        };
      }
    }
  }
}

export function* meanVarianceGradientF32(random: Random): Cases {
  for (const center of [0, 1]) {
    for (const rows of ROWS) {
      for (const columns of [1, random.pick(COLUMNS)]) {
        const extents = [random.integer(1, 3), rows, columns];
        yield {
          name: `${center} [${extents}]`,
          instruction: "mean_variance_gradient_f32",
          attributes: { center },
          operands: {
            y: floats(random, ...extents),
            inverse: floats(random, extents[0], columns),
            dy: floats(random, ...extents),
          },
          results: { dx: result(random, ...extents) },
        };
      }
    }
  }
}

export function* logSoftmaxF32(random: Random): Cases {
  for (const columns of [...COLUMNS, ...COLUMNS, 301]) {
    const extents = [...leading(random), columns];
    yield {
      name: `[${extents}]`,
      instruction: "log_softmax_f32",
      operands: { x: floats(random, ...extents) },
      results: { y: result(random, ...extents) },
      symbolic: random.chance(0.2),
    };
  }
}

export function* embeddingGradientF32(random: Random): Cases {
  for (const columns of COLUMNS) {
    const [rows, tokens] = [random.integer(1, 6), random.integer(1, 9)];
    const ids = Array.from({ length: tokens }, () => random.integer(0, rows - 1));
    yield {
      name: `[${rows}, ${columns}], ${tokens}`,
      instruction: "embedding_gradient_f32",
      operands: {
        index: { ...given("i32", [tokens], ids), check: "below", limit: rows },
        dy: floats(random, tokens, columns),
      },
      results: { dtable: result(random, rows, columns) },
    };
  }
}

export function* oneHotF32(random: Random): Cases {
  for (const columns of COLUMNS) {
    const tokens = random.integer(1, 9);
    const ids = Array.from(
      { length: tokens },
      () => random.pick([random.integer(0, columns - 1), columns, -1, -100, 2 ** 31 - 1]),
    );
    yield {
      name: `[${tokens}, ${columns}]`,
      instruction: "one_hot_f32",
      operands: {
        index: given("i32", [tokens], ids),
        values: given("f32", [2], [random.unit(), random.unit()]),
      },
      results: { y: result(random, tokens, columns) },
    };
  }
}

export function* dropoutF32(random: Random): Cases {
  for (const columns of COLUMNS) {
    const extents = [...leading(random), columns];
    const word = (): number => random.integer(-(2 ** 31), 2 ** 31 - 1);
    // The first element is below 2^34, the others words of any value.
    const counters = [word(), word() & 0xfffff, word(), word() & 0xfffff, word(), 0];
    yield {
      name: `[${extents}]`,
      instruction: "dropout_f32",
      operands: {
        x: floats(random, ...extents),
        random: given("i32", [6], counters),
        mask: given("i32", [2], [random.pick([0, -1, word()]), word()]),
        scale: given("f32", [1], [1.25]),
      },
      results: { y: result(random, ...extents) },
    };
  }
}

export function* scanF32(random: Random): Cases {
  for (const reverse of [0, 1]) {
    for (const columns of COLUMNS) {
      const extents = [random.pick(ROWS), columns];
      yield {
        name: `${reverse} [${extents}]`,
        instruction: "scan_f32",
        attributes: { reverse },
        operands: {
          f: floats(random, ...extents),
          x: floats(random, ...extents),
          initial: maybe(random, () => value(random, "f32", [columns])),
        },
        results: { y: result(random, ...extents) },
      };
    }
  }
}

/** Cases of a step of an optimiser. */
function* updates(
  random: Random,
  instruction: string,
  states: readonly string[],
  given_: Readonly<Record<string, number>>,
  attributes: readonly Readonly<Record<string, number>>[] = [{}],
): Cases {
  for (const chosen of attributes) {
    for (const columns of COLUMNS) {
      const extents = [...leading(random), columns];
      const scalars = Object.entries(given_).map(([name, count]) =>
        [name, given("f32", [count], Array.from({ length: count }, () => random.unit()))] as const
      );
      const kept = states.flatMap((name) => {
        if (name.endsWith("?") && random.chance(0.5)) return [];
        return [[name.replace("?", ""), floats(random, ...extents)] as const];
      });
      yield {
        name: `${Object.values(chosen)} [${extents}]`,
        instruction,
        attributes: chosen,
        operands: {
          g: floats(random, ...extents),
          ...Object.fromEntries([...scalars, ...kept]),
          p: floats(random, ...extents),
        },
        results: {},
      };
    }
  }
}

export function* sgdF32(random: Random): Cases {
  const nesterov = [{ nesterov: 0 }, { nesterov: 1 }];
  yield* updates(random, "sgd_f32", ["buffer?"], { rate: 1, hyper: 2 }, nesterov);
}

export function* adamF32(random: Random): Cases {
  yield* updates(random, "adam_f32", ["m", "v"], { scalars: 3, hyper: 6 });
}

export function* rmspropF32(random: Random): Cases {
  yield* updates(random, "rmsprop_f32", ["v", "buffer?"], { rate: 1, hyper: 5 });
}

export function* adagradF32(random: Random): Cases {
  yield* updates(random, "adagrad_f32", ["s"], { rate: 1, hyper: 2 });
}

export function* lionF32(random: Random): Cases {
  yield* updates(random, "lion_f32", ["m"], { scalars: 2, hyper: 4 });
}
