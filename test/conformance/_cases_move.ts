/** Cases of the instructions that move rows, and of means and sums. */
import type { Case } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, leading, perhapsConstant } from "./_shapes.ts";
import { FLOAT_STYLES, given, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

export function* patches(random: Random): Cases {
  for (const dtype of ["i8", "f32"] as const) {
    for (const order of [0, 1]) {
      for (let i = 0; i < 30; i++) {
        const patch = random.pick([1, 2, 3, 4, 7, 8, 16]);
        const [down, across] = [random.integer(1, 3), random.integer(1, 3)];
        const channels = random.pick([1, 2, 3, 4, 5]);
        const [height, width] = [patch * down, patch * across];
        const batch = random.integer(1, 3);
        // What the extents I and W are does not matter, only their product.
        const rows = random.pick([height, channels * height, 1]);
        const extents = [batch, rows, height * width * channels / rows];
        yield {
          name: `${dtype} ${height}×${width}×${channels}, patch ${patch}, order ${order}`,
          instruction: "patches",
          attributes: { height, width, channels, patch, order },
          operands: { x: apart(random, value(random, dtype, extents, "special")) },
          results: {
            y: apart(random, { dtype, extents: [batch, down * across, patch * patch * channels] }),
          },
          symbolic: random.chance(0.2),
        };
      }
    }
  }
}

export function* concatRows(random: Random): Cases {
  for (const dtype of ["i8", "i16", "f32"] as const) {
    for (const columns of COLUMNS) {
      const [batch, length] = [random.integer(1, 4), random.integer(1, 9)];
      const extra = random.pick([1, 1, 2, 3]);
      yield {
        name: `${dtype} ${extra} + [${batch},${length},${columns}]`,
        instruction: "concat_rows",
        operands: {
          first: apart(
            random,
            perhapsConstant(random, value(random, dtype, [extra, columns], "special")),
          ),
          x: apart(random, value(random, dtype, [batch, length, columns], "special")),
        },
        results: { y: apart(random, { dtype, extents: [batch, extra + length, columns] }) },
      };
    }
  }
}

export function* gatherRows(random: Random): Cases {
  for (const dtype of ["i8", "i16", "i32", "f32"] as const) {
    for (const columns of COLUMNS) {
      const [batch, rows, count] = [
        random.integer(1, 3),
        random.integer(1, 20),
        random.integer(1, 20),
      ];
      const index = Array.from({ length: count }, () => random.integer(0, rows - 1));
      const constant = random.chance(0.5);
      yield {
        name: `${dtype} [${batch},${rows},${columns}] → ${count} rows`,
        instruction: "gather_rows",
        operands: {
          x: apart(random, value(random, dtype, [batch, rows, columns], "special")),
          index: {
            ...given("i32", [count], index),
            ...(constant ? { constant } : { check: "below" as const, limit: rows }),
          },
        },
        results: { y: apart(random, { dtype, extents: [batch, count, columns] }) },
      };
    }
  }
}

export function* meanRows(random: Random): Cases {
  for (const dtype of ["i8", "i16", "f32"] as const) {
    for (const columns of [...COLUMNS, 1]) {
      // Sums of more than 2^16 rows leave 32 bits.
      const many = columns === 1 && random.chance(0.5);
      const [batch, rows] = [
        random.integer(1, 3),
        many ? 70_000 : random.pick([1, 2, 3, 4, 6, 7, 8, 49, 64]),
      ];
      const style = random.pick(dtype === "f32" ? FLOAT_STYLES : STYLES);
      yield {
        name: `${dtype} [${batch},${rows},${columns}]`,
        instruction: "mean_rows",
        operands: {
          x: apart(random, value(random, dtype, [batch, rows, columns], style)),
        },
        results: { y: apart(random, { dtype, extents: [batch, columns] }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* copy(random: Random): Cases {
  for (const dtype of ["i8", "u8", "i16", "i32", "f32"] as const) {
    for (const columns of COLUMNS) {
      const extents = [...leading(random), columns];
      yield {
        name: `${dtype} [${extents}]`,
        instruction: "copy",
        operands: { x: apart(random, value(random, dtype, extents, "special")) },
        results: { y: apart(random, { dtype, extents }) },
        symbolic: random.chance(0.2),
      };
    }
  }
}

export function* accumulate(random: Random): Cases {
  for (const dtype of ["i32", "f32"] as const) {
    for (const columns of COLUMNS) {
      const extents = [...leading(random), columns];
      const style = random.pick(dtype === "f32" ? FLOAT_STYLES : STYLES);
      yield {
        name: `${dtype} [${extents}]`,
        instruction: "accumulate",
        operands: {
          x: apart(random, value(random, dtype, extents, style)),
          y: apart(random, value(random, dtype, extents, style)),
        },
        results: {},
      };
    }
  }
}

export function* appendRows(random: Random): Cases {
  for (const dtype of ["i8", "i16", "i32", "f32"] as const) {
    for (const columns of COLUMNS) {
      const sessions = random.integer(1, 4);
      const ring = random.pick([1, 2, 5, 8]);
      const slots = Array.from({ length: sessions }, (_, i) => i)
        .sort(() => random.unit() - 0.5)
        .slice(0, random.integer(1, sessions));
      const offsets = [0];
      for (const _ of slots) offsets.push(offsets[offsets.length - 1] + random.integer(0, 4));
      const tokens = offsets[offsets.length - 1];
      if (tokens === 0) offsets[offsets.length - 1] = 1;
      const x = [Math.max(tokens, 1), columns];
      const past = slots.map(() => random.integer(0, 20));
      yield {
        name: `${dtype} ${
          x[0]
        } rows of ${columns} to ${slots.length} of ${sessions} rings of ${ring}`,
        instruction: "append_rows",
        operands: {
          x: apart(random, value(random, dtype, x, "special")),
          offsets: {
            ...given("i32", [slots.length + 1], offsets),
            check: "offsets",
            limit: x[0],
          },
          slot: { ...given("i32", [slots.length], slots), check: "distinct", limit: sessions },
          past: { ...given("i32", [slots.length], past), check: "past", limit: 30 },
          cache: apart(random, value(random, dtype, [sessions, ring, columns], "special")),
        },
        results: {},
      };
    }
  }
}
