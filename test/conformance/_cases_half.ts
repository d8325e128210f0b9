/** Cases of the instructions that read and write 16-bit floats themselves. */
import type { DType } from "../../src/tensor.ts";
import type { Case, ResultValue, Value } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, leading } from "./_shapes.ts";
import { FLOAT_STYLES, given, value } from "./_values.ts";

type Cases = Generator<Case>;

const STORED = ["f32", "f16", "bf16"] as const;
const HALVES = ["f16", "bf16"] as const;
/** Numbers of rows: every remainder of the partial sums. */
const ROWS = [1, 2, 3, 5, 15, 16, 17, 33, 50];

/** An operand of some type; 16-bit floats are of all patterns, or near 1. */
function stored(random: Random, dtype: DType, ...extents: number[]): Value {
  if (dtype !== "f32") {
    const made = value(random, dtype, extents);
    const one = dtype === "f16" ? 0x3c00 : 0x3f80;
    if (random.chance(0.7)) {
      made.elements.forEach((bits, i) => made.elements[i] = bits & 0x80ff | one - 0x0100);
    }
    return apart(random, made);
  }
  return apart(random, value(random, "f32", extents, random.pick(FLOAT_STYLES)));
}

function result(random: Random, dtype: DType, ...extents: number[]): ResultValue {
  return apart(random, { dtype, extents });
}

export function* momentsF32(random: Random): Cases {
  for (const dtype of STORED) {
    for (const rows of ROWS) {
      for (const columns of [1, random.pick(COLUMNS)]) {
        const extents = [random.integer(1, 3), rows, columns];
        yield {
          name: `${dtype} [${extents}]`,
          instruction: "moments_f32",
          operands: {
            x: stored(random, dtype, ...extents),
            epsilon: given("f32", [1], [random.pick([1e-5, 1e-3, 0])]),
          },
          results: { moments: result(random, "f32", extents[0], 3, columns) },
        };
      }
    }
  }
}

/** A row of each of some operands. */
function rows(random: Random, names: readonly string[], columns: number): Record<string, Value> {
  return Object.fromEntries(
    names.map((name) => [name, value(random, "f32", [columns], random.pick(FLOAT_STYLES))]),
  );
}

export function* normalizeF32(random: Random): Cases {
  for (const x of STORED) {
    for (const y of STORED) {
      for (let i = 0; i < 6; i++) {
        const extents = [...leading(random), random.pick([...COLUMNS, 2100])];
        const columns = extents[extents.length - 1];
        yield {
          name: `${x} ${y} [${extents}]`,
          instruction: "normalize_f32",
          operands: {
            x: stored(random, x, ...extents),
            ...rows(random, ["mean", "inverse", "gamma", "beta"], columns),
          },
          results: { y: result(random, y, ...extents) },
          symbolic: random.chance(0.2),
        };
      }
    }
  }
}

export function* normalizeGradientF32(random: Random): Cases {
  for (const x of STORED) {
    for (const dy of STORED) {
      for (const dx of STORED) {
        for (const count of [random.pick(ROWS), random.pick(ROWS)]) {
          const columns = random.pick(COLUMNS);
          yield {
            name: `${x} ${dy} ${dx} [${count},${columns}]`,
            instruction: "normalize_gradient_f32",
            operands: {
              x: stored(random, x, count, columns),
              ...rows(random, ["mean", "inverse", "gamma"], columns),
              dy: stored(random, dy, count, columns),
            },
            results: {
              dgamma: { dtype: "f32", extents: [columns] },
              dbeta: { dtype: "f32", extents: [columns] },
              dx: result(random, dx, count, columns),
            },
          };
        }
      }
    }
  }
}

export function* mergeMasterF32(random: Random): Cases {
  for (const columns of COLUMNS) {
    const extents = [...leading(random), columns];
    yield {
      name: `[${extents}]`,
      instruction: "merge_master_f32",
      operands: {
        // Below the NaNs, of which hosts may change bits.
        high: clear(apart(random, value(random, "bf16", extents)), 0xbf7f),
        low: apart(random, value(random, "i16", extents)),
      },
      results: { y: result(random, "f32", ...extents) },
    };
  }
}

function clear(operand: Value, mask: number): Value {
  operand.elements.forEach((bits, i) => operand.elements[i] = bits & mask);
  return operand;
}

export function* splitMasterF32(random: Random): Cases {
  for (const columns of COLUMNS) {
    const extents = [...leading(random), columns];
    yield {
      name: `[${extents}]`,
      instruction: "split_master_f32",
      operands: { x: stored(random, "f32", ...extents) },
      results: {
        high: result(random, "bf16", ...extents),
        low: result(random, "i16", ...extents),
      },
    };
  }
}

export function* roundStochasticF32(random: Random): Cases {
  for (const dtype of HALVES) {
    for (const columns of COLUMNS) {
      const extents = [...leading(random), columns];
      const word = (): number => random.integer(-(2 ** 31), 2 ** 31 - 1);
      const x = stored(random, "f32", ...extents);
      // Around the least numbers of float16, and where it overflows.
      const scale = random.pick([1, 2 ** -13, 2 ** -20, 2 ** 14]);
      x.elements.forEach((v, i) => x.elements[i] = v * scale);
      yield {
        name: `${dtype} [${extents}]`,
        instruction: "round_stochastic_f32",
        operands: {
          x,
          random: given("i32", [6], [word(), word() & 0xfffff, word(), 0, word(), 0]),
          stream: given("i32", [1], [word()]),
        },
        results: { y: result(random, dtype, ...extents) },
      };
    }
  }
}

export function* kahanF32(random: Random): Cases {
  for (const dtype of HALVES) {
    for (const columns of [...COLUMNS, 300]) {
      const extents = [...leading(random), columns];
      yield {
        name: `${dtype} [${extents}]`,
        instruction: "kahan_f32",
        operands: {
          d: stored(random, "f32", ...extents),
          rest: stored(random, dtype, ...extents),
          p: stored(random, dtype, ...extents),
        },
        results: {},
      };
    }
  }
}

export function* assignWhere(random: Random): Cases {
  for (const dtype of ["i16", "f32"] as const) {
    for (const columns of COLUMNS) {
      const extents = [...leading(random), columns];
      const some = (): Value => apart(random, value(random, dtype, extents));
      yield {
        name: `${dtype} [${extents}]`,
        instruction: "assign_where",
        operands: {
          x: some(),
          condition: given("f32", [1], [random.pick([0, 1, 1, -0])]),
          y: some(),
        },
        results: {},
      };
    }
  }
}

export function* allFiniteF32(random: Random): Cases {
  for (const dtype of STORED) {
    for (const columns of COLUMNS) {
      const extents = [...leading(random), columns];
      yield {
        name: `${dtype} [${extents}]`,
        instruction: "all_finite_f32",
        operands: { x: stored(random, dtype, ...extents) },
        results: { y: { dtype: "f32", extents: [1] } },
      };
    }
  }
}

export function* matmulNt16(random: Random): Cases {
  for (const dtype of HALVES) {
    for (const order of [0, 1, 2]) {
      for (const fused of [0, 1]) {
        for (const k of [1, 2, 3, 8, 33]) {
          const [batch, rows, columns] = [1, 2, 3].map(() => random.integer(1, 3));
          const one = random.chance(0.5) ? 1 : batch;
          yield {
            name: `${dtype} ${order} ${fused} [${batch},${rows},${columns},${k}]`,
            instruction: "matmul_nt_16",
            attributes: { lanes: order, fused },
            operands: {
              a: finite(stored(random, dtype, batch, rows, k)),
              b: finite(stored(random, dtype, one, columns, k)),
            },
            results: { y: result(random, dtype, batch, rows, columns) },
          };
        }
      }
    }
  }
}

/** Without infinities and NaNs, of which sums here are not told apart. */
function finite(operand: Value): Value {
  return clear(operand, 0xbfff);
}
