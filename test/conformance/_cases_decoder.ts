/** Cases of the instructions of language models with attention. */
import type { Case, Value } from "./_case.ts";
import { batch, floats } from "./_cases_hgrn.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, perhapsConstant } from "./_shapes.ts";
import { FLOAT_STYLES, given, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

const TOKENS: readonly number[] = [1, 2, 5, 17];
/** Units around the quarters of a turn, at which the polynomials change places. */
const PHASES: readonly number[] = [0, 2 ** 29, 2 ** 30, 3 * 2 ** 29, -(2 ** 31), -(2 ** 30), 1]
  .flatMap((phase) => [phase - 1, phase, phase + 1]);

export function* rotaryAnglesF32(random: Random): Cases {
  for (const pairs of COLUMNS) {
    for (const tokens of TOKENS) {
      const { operands: { offsets, past } } = batch(random, tokens, 2 ** 31 - 1);
      const frequency = value(random, "i32", [pairs], random.pick(STYLES));
      yield {
        name: `${tokens} tokens, ${pairs} pairs`,
        instruction: "rotary_angles_f32",
        operands: { frequency: perhapsConstant(random, frequency), offsets, past },
        results: { y: apart(random, { dtype: "f32", extents: [tokens, 2, pairs] }) },
      };
    }
  }
  // At place 1, so that frequencies are phases.
  yield {
    name: "around quarters of a turn",
    instruction: "rotary_angles_f32",
    operands: {
      frequency: given("i32", [PHASES.length], PHASES),
      offsets: { ...given("i32", [2], [0, 1]), check: "offsets", limit: 1 },
      past: { ...given("i32", [1], [1]), check: "past", limit: 2 },
    },
    results: { y: { dtype: "f32", extents: [1, 2, PHASES.length] } },
  };
}

export function* rotaryF32(random: Random): Cases {
  for (const pairs of COLUMNS) {
    for (const heads of [1, 3]) {
      const tokens = random.pick(TOKENS);
      const extents = [tokens, 2 * pairs * heads];
      yield {
        name: `${tokens} tokens, ${heads} heads of ${pairs} pairs`,
        instruction: "rotary_f32",
        attributes: { pair: 2 },
        operands: {
          x: apart(random, floats(random, extents)),
          angles: apart(
            random,
            value(random, "f32", [tokens, 2, pairs], random.pick(FLOAT_STYLES)),
          ),
        },
        results: { y: apart(random, { dtype: "f32", extents }) },
      };
    }
  }
}

/** Tokens, heads of the cache, heads of queries for each, channels of a head, rows of a session. */
function shapes(random: Random): number[][] {
  const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 48, 64, 65];
  const drawn = sizes.flatMap((size) =>
    Array.from({ length: 3 }, () => [
      random.pick(TOKENS),
      random.integer(1, 3),
      random.integer(1, 4),
      size,
      random.pick([17, 18, 23, 40, 67]),
    ])
  );
  return [...drawn, [33, 3, 3, 64, 80], [1, 1, 1, 16, 300], [64, 2, 2, 8, 64]];
}

export function* attentionCachedF32(random: Random): Cases {
  for (const [tokens, heads, group, size, context] of shapes(random)) {
    const { sessions, operands } = batch(random, tokens, context);
    const rows = [sessions, context, heads * size];
    const cache = (): Value =>
      apart(
        random,
        random.chance(0.7) ? value(random, "f32", rows) : floats(random, rows),
      );
    const columns = heads * group * size;
    yield {
      name: `${tokens} tokens, ${heads}×${group} heads of ${size}, ` +
        `${operands.slot.extents} of ${sessions} sessions of ${context}`,
      instruction: "attention_cached_f32",
      attributes: { kv_heads: heads, group },
      operands: {
        q: apart(random, value(random, "f32", [tokens, columns], random.pick(FLOAT_STYLES))),
        ...operands,
        keys: cache(),
        values: cache(),
        scale: given("f32", [1], [random.pick([0.125, 0.3, 1, 4])]),
      },
      results: { y: apart(random, { dtype: "f32", extents: [tokens, columns] }) },
    };
  }
}
