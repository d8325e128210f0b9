/** Cases of rotary embeddings in integers, and of attention over caches. */
import type { Case, Value } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS } from "./_shapes.ts";
import { dyadic, given, hostileDyadic, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

/** Bounds of sequences of `tokens` tokens together, and how much each had before. */
interface Ragged {
  readonly sessions: number;
  readonly slots: readonly number[];
  readonly offsets: readonly number[];
  readonly past: readonly number[];
}

function ragged(random: Random, tokens: number, pasts: readonly number[]): Ragged {
  const sessions = random.integer(1, 4);
  const slots = Array.from({ length: sessions }, (_, i) => i)
    .sort(() => random.unit() - 0.5)
    .slice(0, random.integer(1, sessions));
  const inner = slots.slice(1).map(() => random.integer(0, tokens)).sort((a, b) => a - b);
  return {
    sessions,
    slots,
    offsets: [0, ...inner, tokens],
    past: slots.map(() => random.pick(pasts)),
  };
}

function offsetsOf({ offsets }: Ragged): Value {
  const tokens = offsets[offsets.length - 1];
  return { ...given("i32", [offsets.length], offsets), check: "offsets", limit: tokens };
}

function pastOf({ past }: Ragged): Value {
  return { ...given("i32", [past.length], past), check: "past", limit: 2 ** 31 - 1 };
}

/** Cosines of a turn, as `rotary_angles_i16` reads them. */
const TURN = Array.from(
  { length: 1025 },
  (_, i) => Math.floor(Math.cos(2 * Math.PI * i / 1024) * 2 ** 30 + 0.5),
);

export function* rotaryAnglesI16(random: Random): Cases {
  for (const pairs of [...COLUMNS, ...COLUMNS, 4, 32, 32]) {
    const tokens = random.pick([1, 2, 5, 9, 33]);
    const batch = ragged(random, tokens, [0, 1, 5, 511, 100000, 2 ** 31 - 100]);
    yield {
      name: `${tokens} tokens, ${pairs} pairs`,
      instruction: "rotary_angles_i16",
      attributes: { last: random.pick([0, 0, 1, 7, 65535]) },
      operands: {
        frequency: value(random, "i32", [pairs], random.pick(STYLES)),
        turn: random.chance(0.8)
          ? given("i32", [1025], TURN)
          : value(random, "i32", [1025], random.pick(STYLES)),
        offsets: offsetsOf(batch),
        past: pastOf(batch),
      },
      results: { y: apart(random, { dtype: "i16", extents: [tokens, 2, pairs] }) },
    };
  }
}

export function* rotaryI16(random: Random): Cases {
  for (const pairs of [...COLUMNS.filter((n) => n <= 65), 4, 4, 32, 32]) {
    for (const zeroed of [false, true]) {
      const [tokens, heads] = [random.integer(1, 9), random.integer(1, 4)];
      const angles = value(random, "i16", [tokens, 2, pairs], random.pick(STYLES));
      // Mostly of at most 1, and now and then so that sums are at halves.
      const most = random.pick([16384, 16384, 32768]);
      for (let i = 0; i < angles.elements.length; i++) angles.elements[i] %= most + 1;
      const halves = random.chance(0.2);
      const x = value(random, "i16", [tokens, heads * 2 * pairs], random.pick(STYLES));
      if (halves) {
        for (let i = 0; i < angles.elements.length; i++) {
          angles.elements[i] = random.pick([-16384, 0, 16384]);
        }
        for (let i = 0; i < x.elements.length; i++) x.elements[i] &= ~63;
      }
      yield {
        name: `${tokens} tokens, ${heads} heads of ${pairs} pairs${zeroed ? ", zeros" : ""}`,
        instruction: "rotary_i16",
        attributes: { pair: 2 },
        operands: {
          x: apart(random, x),
          angles: apart(random, angles),
          zero_point: zeroed
            ? value(random, "i32", [heads * 2 * pairs], random.pick(["small", "small", "any"]))
            : undefined,
        },
        results: { y: apart(random, { dtype: "i8", extents: [tokens, heads * 2 * pairs] }) },
      };
    }
  }
}

const EXPONENTIALS = Array.from(
  { length: 4096 },
  (_, u) => u < 4095 ? Math.round(2 ** (20 - u / 256)) : 0,
);

/** Tokens, rows of a ring, rows of the prefix, heads of the cache, of a group, channels of a head. */
type Shape = readonly [
  tokens: number,
  ring: number,
  prefix: number,
  kvHeads: number,
  group: number,
  size: number,
];

function* attentions(random: Random): Generator<Shape> {
  for (let i = 0; i < 70; i++) {
    yield [
      random.pick([1, 1, 2, 3, 4, 5, 9, 17]),
      random.pick([1, 2, 7, 8, 9, 16, 20, 33]),
      random.pick([0, 0, 1, 1, 2, 3, 9]),
      random.integer(1, 3),
      random.integer(1, 4),
      random.pick([1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 32, 33]),
    ];
  }
  yield [1, 300, 1, 3, 3, 64];
  yield [2, 1100, 2, 1, 3, 64];
  yield [70, 160, 1, 2, 3, 64];
  yield [130, 90, 3, 1, 2, 16];
  yield [24, 24, 0, 4, 2, 8];
}

export function* attentionCachedI8(random: Random): Cases {
  for (const shape of attentions(random)) {
    const pinned = shape[2] > 0 && random.chance(0.5);
    yield attention(random, shape, pinned);
  }
}

function attention(
  random: Random,
  [tokens, ring, prefix, kvHeads, group, size]: Shape,
  pinned: boolean,
): Case {
  const [columns, rows] = [kvHeads * group * size, kvHeads * size];
  const batch = ragged(random, tokens, [0, 0, 1, 2, prefix, ring, 3 * ring, 1000]);
  const window = random.pick([0, 0, 1, 5, 8, ring, 48]);
  const bytes = (...extents: number[]): Value =>
    apart(random, value(random, "i8", extents, random.pick([...STYLES, "any", "any"])));
  const heads = [kvHeads, group];
  const { multiplier, shift } = random.chance(0.2)
    ? hostileDyadic(random, kvHeads * group)
    : dyadic(random, kvHeads * group, 2 ** 22, 100);
  const usual = random.integer(1000, 400_000);
  const rates = Array.from(
    { length: kvHeads * group },
    () => random.chance(0.8) ? usual : random.pick([1, 2 ** 30 - 1, 2 ** 31 - 1, 0, -9, 2 ** 24]),
  );
  return {
    name: `${tokens} tokens, ring of ${ring}, prefix of ${prefix}${pinned ? ", pinned" : ""}, ` +
      `window ${window}, ${kvHeads} × ${group} heads of ${size}`,
    instruction: "attention_cached_i8",
    attributes: { kv_heads: kvHeads, group, window },
    operands: {
      q: bytes(tokens, columns),
      offsets: offsetsOf(batch),
      slot: {
        ...given("i32", [batch.slots.length], batch.slots),
        check: "distinct",
        limit: batch.sessions,
      },
      past: pastOf(batch),
      keys: bytes(batch.sessions, ring, rows),
      values: bytes(batch.sessions, ring, rows),
      prefix: prefix > 0 ? { ...bytes(2, prefix, rows), constant: random.chance(0.5) } : undefined,
      q_pinned: pinned ? bytes(tokens, columns) : undefined,
      key_zero: pinned
        ? value(random, "i32", [rows], random.pick(["small", "small", "any"]))
        : undefined,
      exponentials: random.chance(0.8)
        ? given("i32", [4096], EXPONENTIALS)
        : value(random, "i32", [4096], random.pick(STYLES)),
      rate: apart(random, given("i32", heads, rates)),
      value_zero: value(random, "i8", [kvHeads], random.pick(STYLES)),
      multiplier: apart(random, { ...multiplier, extents: heads }),
      shift: given("i32", [1], [shift.elements[0]]),
      zero_point: given("i32", [1], [random.pick([0, -3, 17, 127, -128, 2 ** 31 - 1])]),
    },
    results: { y: apart(random, { dtype: "i8", extents: [tokens, columns] }) },
  };
}
