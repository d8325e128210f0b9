/** Cases of the instructions around the recurrence of HGRN. */
import type { Case, Value } from "./_case.ts";
import type { Random } from "./_random.ts";
import { apart, COLUMNS, leading, maybe, perhapsConstant } from "./_shapes.ts";
import { FLOAT_STYLES, given, STYLES, value } from "./_values.ts";

type Cases = Generator<Case>;

/** Channels: every tail of a vector, then those of small models. */
const CHANNELS: readonly number[] = [1, 3, 4, 5, 16, 63, 64, 192, 1024];
const TOKENS: readonly number[] = [1, 2, 64, 65];
/** Arguments around which exponentials overflow, vanish or lose their bits. */
const EDGES: readonly number[] = [
  ...[0, -0, Infinity, -Infinity, NaN, 88, -88, 89, -89, 87.33, -87.33, 1e38, -1e38],
  ...[1e-40, -1e-40, 1e-45, 1.17549435e-38, 1e-20, -1e-20, 16.6, -16.6, 0.5, -0.5, 104, -104],
];

/** Floats of one of the styles, or of those edges among ordinary ones. */
export function floats(random: Random, extents: readonly number[]): Value {
  if (random.chance(0.5)) return value(random, "f32", extents, random.pick(FLOAT_STYLES));
  const drawn = value(random, "f32", extents);
  for (let i = 0; i < drawn.elements.length; i++) {
    if (random.chance(0.3)) drawn.elements[i] = random.pick(EDGES);
  }
  return drawn;
}

/** Bounds of sequences of `tokens` tokens together, empty ones among them, and their sessions. */
export interface Batch {
  readonly sessions: number;
  readonly operands: Readonly<Record<"offsets" | "slot" | "past", Value>>;
}

/** @param context Most tokens of a session; there are none in the way by default. */
export function batch(random: Random, tokens: number, context = 200): Batch {
  const sessions = random.integer(1, 5);
  const slots = Array.from({ length: sessions }, (_, i) => i)
    .sort(() => random.unit() - 0.5)
    .slice(0, random.integer(1, sessions));
  const inner = slots.slice(1).map(() => random.integer(0, tokens)).sort((a, b) => a - b);
  const bounds = [0, ...inner, tokens];
  const past = slots.map((_, s) =>
    Math.min(random.pick([0, 0, 1, 3, 20, context]), context - (bounds[s + 1] - bounds[s]))
  );
  return {
    sessions,
    operands: {
      offsets: {
        ...given("i32", [slots.length + 1], bounds),
        check: "offsets",
        limit: tokens,
      },
      slot: { ...given("i32", [slots.length], slots), check: "distinct", limit: sessions },
      past: { ...given("i32", [slots.length], past), check: "past", limit: context },
    },
  };
}

/** Tokens and channels. */
function* shapes(random: Random): Generator<[tokens: number, channels: number]> {
  for (const channels of CHANNELS) {
    for (const tokens of [...TOKENS, random.integer(3, 9)]) yield [tokens, channels];
  }
}

export function* hgrnScanF32(random: Random): Cases {
  for (const [tokens, channels] of [...shapes(random), ...shapes(random)]) {
    const { sessions, operands } = batch(random, tokens);
    const extents = [tokens, channels];
    yield {
      name: `${tokens} tokens of ${channels} channels, ${operands.slot.extents} of ${sessions}`,
      instruction: "hgrn_scan_f32",
      operands: {
        u: apart(random, floats(random, extents)),
        z: apart(random, floats(random, extents)),
        lower_bound: maybe(random, () => perhapsConstant(random, lowerBound(random, channels))),
        ...operands,
        state: apart(random, floats(random, [sessions, channels])),
      },
      results: { y: apart(random, { dtype: "f32", extents }) },
    };
  }
}

/** Mostly within 0 … 1, as a cumulative softmax is. */
function lowerBound(random: Random, channels: number): Value {
  if (random.chance(0.2)) return floats(random, [channels]);
  return given("f32", [channels], Array.from({ length: channels }, () => random.unit()));
}

export function* rmsNormF32(random: Random): Cases {
  for (const channels of [...COLUMNS, ...CHANNELS]) {
    const extents = [...leading(random), channels];
    yield {
      name: `[${extents}]`,
      instruction: "rms_norm_f32",
      operands: {
        x: apart(random, floats(random, extents)),
        gamma: perhapsConstant(random, value(random, "f32", [channels], random.pick(STYLES))),
        epsilon: given("f32", [1], [random.pick([1e-5, 1e-6, 1e-12, 0, 1])]),
      },
      results: { y: apart(random, { dtype: "f32", extents }) },
      symbolic: random.chance(0.2),
    };
  }
}

export function* hgrnGateF32(random: Random): Cases {
  for (const channels of [...COLUMNS, ...CHANNELS]) {
    const extents = [...leading(random), channels];
    yield {
      name: `[${extents}]`,
      instruction: "hgrn_gate_f32",
      operands: {
        p: apart(random, value(random, "f32", extents, random.pick(FLOAT_STYLES))),
        gamma: perhapsConstant(random, value(random, "f32", [channels], random.pick(STYLES))),
        epsilon: given("f32", [1], [random.pick([1e-5, 1e-6, 1e-12, 0, 1])]),
        x: apart(random, floats(random, extents)),
      },
      results: { y: apart(random, { dtype: "f32", extents }) },
      symbolic: random.chance(0.2),
    };
  }
}

export function* swigluF32(random: Random): Cases {
  for (const channels of [...COLUMNS, ...COLUMNS, ...CHANNELS]) {
    const extents = [...leading(random), channels];
    yield {
      name: `[${extents}]`,
      instruction: "swiglu_f32",
      operands: {
        gate: apart(random, floats(random, extents)),
        up: apart(random, floats(random, extents)),
      },
      results: { y: apart(random, { dtype: "f32", extents }) },
      symbolic: random.chance(0.2),
    };
  }
}

export function* embeddingF32(random: Random): Cases {
  for (const dtype of ["f32", "f16", "bf16"] as const) {
    for (const channels of [...COLUMNS, ...CHANNELS]) {
      const [vocabulary, tokens] = [random.integer(1, 20), random.integer(1, 20)];
      const index = Array.from({ length: tokens }, () => random.integer(0, vocabulary - 1));
      yield {
        name: `${tokens} rows of ${dtype} [${vocabulary},${channels}]`,
        instruction: "embedding_f32",
        operands: {
          table: perhapsConstant(
            random,
            apart(random, value(random, dtype, [vocabulary, channels], "special")),
          ),
          index: { ...given("i32", [tokens], index), check: "below", limit: vocabulary },
        },
        results: { y: apart(random, { dtype: "f32", extents: [tokens, channels] }) },
      };
    }
  }
  for (const channels of [...COLUMNS, ...CHANNELS]) {
    const [vocabulary, tokens] = [random.integer(1, 20), random.integer(1, 20)];
    const index = Array.from({ length: tokens }, () => random.integer(0, vocabulary - 1));
    yield {
      name: `${tokens} rows of panels [${vocabulary},${channels}]`,
      instruction: "embedding_f32",
      operands: {
        table: {
          ...value(random, "f32", [vocabulary, channels], random.pick(STYLES)),
          layout: "panel_8",
        },
        index: { ...given("i32", [tokens], index), check: "below", limit: vocabulary },
      },
      results: { y: apart(random, { dtype: "f32", extents: [tokens, channels] }) },
    };
  }
  yield* everyHalf();
}

/** Every 16-bit float once. */
function* everyHalf(): Cases {
  for (const dtype of ["f16", "bf16"] as const) {
    const bits = Array.from({ length: 65536 }, (_, i) => i);
    yield {
      name: `every ${dtype}`,
      instruction: "embedding_f32",
      operands: {
        table: given(dtype, [64, 1024], bits),
        index: {
          ...given("i32", [64], Array.from({ length: 64 }, (_, i) => i)),
          check: "below",
          limit: 64,
        },
      },
      results: { y: { dtype: "f32", extents: [64, 1024] } },
    };
  }
}

export function* shortConvF32(random: Random): Cases {
  for (const [tokens, channels] of [...shapes(random), ...shapes(random)]) {
    const { sessions, operands } = batch(random, tokens);
    const taps = random.pick([4, 4, 1, 2, 3, 7]);
    const extents = [tokens, channels];
    yield {
      name: `${tokens} tokens of ${channels} channels, ${taps} taps, ` +
        `${operands.slot.extents} of ${sessions}`,
      instruction: "short_conv_f32",
      operands: {
        x: apart(random, floats(random, extents)),
        weight: apart(
          random,
          perhapsConstant(random, value(random, "f32", [taps, channels], random.pick(STYLES))),
        ),
        ...operands,
        state: apart(random, floats(random, [sessions, taps, channels])),
      },
      results: { y: apart(random, { dtype: "f32", extents }) },
    };
  }
}
