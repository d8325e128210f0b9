/** Ops of Llamas beside linear layers, in integers. */
import type { Value } from "../../graph/graph.ts";
import { isNode } from "../../graph/op_names.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import {
  attentionCachedInteger,
  hadamardInteger,
  residualEmbedding,
  rmsNormInteger,
  rotaryAnglesInteger,
  rotaryInteger,
  swigluInteger,
} from "../../graph/ops/mod.ts";
import { roundHalfEven } from "../../numeric/half_even.ts";
import { exponentialTable, turnTable } from "../../numeric/integer_tables.ts";
import { sharedShift } from "../../numeric/shared_shift.ts";
import type { Codes } from "../integer_builder.ts";
import { knownScale } from "../integer_network.ts";
import type { DecoderRotation } from "../decoder_grids.ts";
import type { IntegerRewriter } from "../rewriter.ts";
import type { Site } from "../sites.ts";
import { paperSilu } from "../paper_sites.ts";
import { integers, one, residualRule, shiftedLinearRule } from "./decoder_linear.ts";
import type { AnyIntegerRule, IntegerRule } from "./rule.ts";

/** Codes of 12 bits begin here. */
const LEAST_GATE = -2048;

/** The table that the head reads, too, as the residual. */
const embeddingRule: IntegerRule<"Embedding"> = (rewriter, node) => {
  const { inputs: { table, index }, outputs: { y } } = node;
  const { builder, source } = rewriter;
  const settings = rewriter.decoder(node.op);
  const [n, k] = table.shape as number[];
  const key = `table ${table.id}`;
  const weight = () =>
    settings.table(
      key,
      n,
      () => source.constants.get(table.id)!.tensor(new Map()).data as Float32Array,
    );
  const { residualBits, rotation } = settings.all;
  // The instruction adds and subtracts; what H·code has too much is taken off here.
  const unit = 2 ** residualBits / (rotation === undefined ? 1 : Math.sqrt(k));
  const factors = () =>
    sharedShift(Float64Array.from(weight().scales, (scale) => scale * unit), y.name);
  const value = builder.graph.apply(
    residualEmbedding,
    {
      table: builder.constant(key, "i8", [n, k], [], () => weight().codes),
      index: rewriter.integerInput(index),
      multiplier: integers(builder, "rows multiplier", n, () => factors().multipliers),
      shift: integers(builder, "rows shift", 1, () => Int32Array.of(factors().shift)),
      limit: one(builder, "residual limit", settings.residual.limit),
      signs: rotation && signsOf(rewriter, rotation),
    },
    rotation === undefined ? {} : { paley: true },
    { name: y.name },
  );
  builder.taps.set(y.name, value);
  rewriter.keep(y, { value, scale: knownScale(2 ** -residualBits) });
};

/** The signs of a rotation as a constant. */
function signsOf({ builder }: IntegerRewriter, { signs }: DecoderRotation): Value {
  return builder.constant("rotation", "i8", [signs.length], [], () => signs);
}

/** The residual turned back, √C / 2^shift times as large, with the epsilon that belongs to it. */
function turnedBack(
  rewriter: IntegerRewriter,
  x: Value,
  rotation: DecoderRotation,
): { readonly x: Value; readonly epsilon: Value } {
  const { builder } = rewriter;
  const settings = rewriter.decoder("HadamardInteger");
  const { width, epsilon } = settings.sizes;
  // √C / 2^shift below 1: sums of squares stay below 2^62.
  const shift = Math.floor(Math.log2(width) / 2) + 1;
  const unit = 4 ** settings.all.residualBits * width / 4 ** shift;
  return {
    x: builder.graph.apply(
      hadamardInteger,
      { x, shift: one(builder, "shift back", shift), signs: signsOf(rewriter, rotation) },
      { paley: true },
    ),
    epsilon: one(builder, "epsilon back", Math.max(1, Math.round(width * epsilon * unit))),
  };
}

/** `gain / 2^shift = γ·√C / (divisor·scale)`. */
const normRule: IntegerRule<"RMSNormalization"> = (rewriter, node) => {
  const { inputs, outputs: { y } } = node;
  const { builder } = rewriter;
  const settings = rewriter.decoder(node.op);
  const site = rewriter.siteOf(y);
  const { scales: [scale], divisors } = settings.grid(site.name);
  const gamma = rewriter.floats(inputs.gamma);
  const root = Math.sqrt(gamma.length);
  const gains = settings.all.gains?.get(site.name);
  const factors = sharedShift(
    Float64Array.from(
      gamma,
      (g, c) =>
        (divisors === undefined ? g : Math.fround(g / divisors[c])) * root / scale *
        (gains === undefined ? 1 : gains[c]),
    ),
    site.name,
  );
  const x = rewriter.readAny(node, "x").value;
  const { rotation } = settings.all;
  // Weights of the layers are rotated, the table that the head shares with the embedding is not.
  const input = rotation !== undefined && site.name === "norm"
    ? turnedBack(rewriter, x, rotation)
    : { x, epsilon: one(builder, "residual epsilon", settings.residual.epsilon) };
  const value = builder.graph.apply(
    rmsNormInteger,
    {
      ...input,
      gain: integers(builder, `gain ${site.name}`, gamma.length, () => factors.multipliers),
      shift: one(builder, `shift ${site.name}`, factors.shift),
      zeroPoint: one(builder, `zero ${site.name}`, site.zeroPoint ?? 0),
    },
    { bits: site.bits },
    { name: site.name },
  );
  keepOnSite(rewriter, y, site, value);
};

const anglesRule: IntegerRule<"RotaryAngles"> = (rewriter, node) => {
  const value = angles(rewriter, node, 0);
  rewriter.keep(node.outputs.y, { value, scale: knownScale(2 ** -14) });
};

/** Angles of places up to `last`, 0: of all. */
function angles(
  rewriter: IntegerRewriter,
  { inputs }: NodeNamed<"RotaryAngles">,
  last: number,
): Value {
  const { builder } = rewriter;
  return builder.graph.apply(rotaryAnglesInteger, {
    ids: rewriter.integerInput(inputs.ids),
    frequency: rewriter.plain(inputs.frequency),
    turn: builder.constant("turn", "i32", [1025], [], turnTable),
    offsets: rewriter.integerInput(inputs.offsets),
    past: rewriter.integerInput(inputs.past),
  }, { last });
}

const rotaryRule: IntegerRule<"Rotary"> = (rewriter, node) => {
  const { outputs: { y } } = node;
  const { builder } = rewriter;
  const site = rewriter.siteOf(y);
  const { zeros } = rewriter.decoder(node.op).grid(site.name);
  const zeroPoint = zeros.length === y.shape[1]
    ? integers(builder, `zero ${site.name}`, zeros.length, () => zeros)
    : undefined;
  const value = builder.graph.apply(rotaryInteger, {
    x: rewriter.readAny(node, "x").value,
    angles: rewriter.readAny(node, "angles").value,
    zeroPoint,
  });
  keepOnSite(rewriter, y, site, value);
};

/** Angles at the edge of the window, by rewriter: all layers read the same. */
const PINNED: WeakMap<IntegerRewriter, Value> = new WeakMap();

/** q as it turns for the prefix, which stays next to the window's oldest row. */
function pinnedQuery(
  rewriter: IntegerRewriter,
  q: Value,
  window: number,
  prefix: number,
): Value {
  const node = rewriter.producer(q);
  if (!isNode(node, "Rotary")) throw rewriter.unsupported("AttentionCached");
  let pinned = PINNED.get(rewriter);
  if (pinned === undefined) {
    const turns = rewriter.producer(node.inputs.angles);
    if (!isNode(turns, "RotaryAngles")) throw rewriter.unsupported("AttentionCached");
    pinned = angles(rewriter, turns, prefix + window - 1);
    PINNED.set(rewriter, pinned);
  }
  const x = rewriter.readAny(node, "x").value;
  return rewriter.builder.graph.apply(rotaryInteger, { x, angles: pinned });
}

const attentionRule: IntegerRule<"AttentionCached"> = (rewriter, node) => {
  const { inputs, attributes: { kvHeads, window = 0 }, outputs: { y } } = node;
  const { builder } = rewriter;
  const { graph } = builder;
  const settings = rewriter.decoder(node.op);
  const { headSize, heads } = settings.sizes;
  const group = heads / kvHeads;
  const site = rewriter.siteOf(y);
  const siteOf = (input: "q" | "k" | "v"): string => rewriter.siteAt(node, input)!.name;
  const [q, k, v] = [siteOf("q"), siteOf("k"), siteOf("v")];
  const [queries, values] = [settings.grid(q), settings.grid(v)];
  const [scale] = settings.grid(site.name).scales;
  // 1/256 octaves a unit of the scores.
  const octaves = 256 * Math.LOG2E / Math.sqrt(headSize);
  const rates = Int32Array.from(
    queries.scales,
    (s) => Math.floor(s * octaves * 2 ** 18 + 0.5),
  );
  const factors = sharedShift(
    Float64Array.from(
      { length: heads },
      (_, h) => 2 ** -15 * values.scales[Math.floor(h / group)] / scale,
    ),
    site.name,
  );
  const columns = kvHeads * headSize;
  const { ids, rows } = settings.all.prefix;
  const prefix = ids.length === 0
    ? undefined
    : builder.constant(`prefix ${site.name}`, "i8", [2, ids.length, columns], [], () =>
      Int8Array.from([...rows.get(k)!, ...rows.get(v)!]));
  const keyZeros = settings.grid(k).zeros;
  const perHead = (key: string, data: Int32Array): Value =>
    builder.constant(`${key} ${site.name}`, "i32", [kvHeads, group], [], () => data);
  const value = graph.apply(
    attentionCachedInteger,
    {
      q: rewriter.readAny(node, "q").value,
      k: rewriter.readAny(node, "k").value,
      v: rewriter.readAny(node, "v").value,
      offsets: rewriter.integerInput(inputs.offsets),
      slot: rewriter.integerInput(inputs.slot),
      past: rewriter.integerInput(inputs.past),
      keys: graph.state(inputs.keys.name, "i8", inputs.keys.shape),
      values: graph.state(inputs.values.name, "i8", inputs.values.shape),
      prefix,
      ...window > 0 && prefix !== undefined && {
        qPinned: pinnedQuery(rewriter, inputs.q, window, ids.length),
        keyZero: integers(builder, `zero ${k}`, keyZeros.length, () => keyZeros),
      },
      exponentials: builder.constant("exponentials", "i32", [4096], [], exponentialTable),
      rate: perHead("rate", rates),
      valueZero: builder.constant(
        `heads' zero ${v}`,
        "i8",
        [kvHeads],
        [],
        () => Int8Array.from(values.zeros),
      ),
      multiplier: perHead("multiplier", factors.multipliers),
      shift: one(builder, `shift ${site.name}`, factors.shift),
      zeroPoint: one(builder, `zero ${site.name}`, site.zeroPoint ?? 0),
    },
    { kvHeads, window },
    { name: site.name },
  );
  keepOnSite(rewriter, y, site, value);
};

/** The table's scale is chosen so that the product is requantised by a shift. */
const swigluRule: IntegerRule<"SwiGlu"> = (rewriter, node) => {
  const { outputs: { y } } = node;
  const { builder } = rewriter;
  const settings = rewriter.decoder(node.op);
  const site = rewriter.siteOf(y);
  const gate = settings.grid(rewriter.siteAt(node, "gate")!.name);
  const [up] = settings.grid(rewriter.siteAt(node, "up")!.name).scales;
  const [down] = settings.grid(site.name).scales;
  const own = settings.all.grids.get(`${site.name.slice(0, -"down".length)}silu`);
  const silu = Float64Array.from({ length: 4096 }, (_, i) => {
    if (own !== undefined) return paperSilu(gate, own, i + LEAST_GATE);
    const x = (i + LEAST_GATE - gate.zeros[0]) * gate.scales[0];
    return x / (1 + Math.exp(-x));
  });
  const largest = silu.reduce((most, y) => Math.max(most, Math.abs(y)), 0);
  const shift = Math.floor(Math.log2(down / (largest / 32767 * up)));
  if (!(shift >= 1 && shift <= 30)) throw rewriter.unsupported(`SwiGlu of "${site.name}"`);
  const table = Int16Array.from(silu, (y) => roundHalfEven(y * up * 2 ** shift / down));
  const value = builder.graph.apply(
    swigluInteger,
    {
      gate: rewriter.readAny(node, "gate").value,
      up: rewriter.readAny(node, "up").value,
      table: builder.constant(`table ${site.name}`, "i16", [4096], [], () => table),
      shift: one(builder, `shift ${site.name}`, shift),
      zeroPoint: one(builder, `zero ${site.name}`, site.zeroPoint ?? 0),
    },
    { bits: site.bits },
    { name: site.name },
  );
  keepOnSite(rewriter, y, site, value);
};

/** Says that a value's codes are on its site. */
function keepOnSite(rewriter: IntegerRewriter, y: Value, site: Site, value: Value): void {
  const { scales: [scale] } = rewriter.decoder("").grid(site.name);
  rewriter.builder.taps.set(site.name, value);
  const codes: Codes = {
    value,
    scale: knownScale(scale),
    divisors: site.divisors,
    zeroPoint: site.zeroPoint,
  };
  rewriter.keep(y, codes);
}

/** What becomes of the ops of a Llama. */
export const DECODER_RULES = {
  Add: residualRule,
  AttentionCached: attentionRule,
  Embedding: embeddingRule,
  Linear: shiftedLinearRule,
  RMSNormalization: normRule,
  Rotary: rotaryRule,
  RotaryAngles: anglesRule,
  SwiGlu: swigluRule,
} as Readonly<Record<string, AnyIntegerRule>>;
