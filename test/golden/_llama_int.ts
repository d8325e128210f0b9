/** The oracle's integer Llama of stories260K as a program of instructions, from the constants of its goldens. */
import { eightBits, fourBits } from "../conformance/_oracle_weights.ts";
import { packed } from "../../src/layouts/elements.ts";
import type { Layout } from "../../src/layouts/mod.ts";
import { exponentialTable, turnTable } from "../../src/numeric/integer_tables.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Index } from "../../src/program/program.ts";
import { bytesOf } from "../../src/tensor.ts";
import { fromBits, SHARED } from "./_shared.ts";

const ARRAYS = { i8: Int8Array, u8: Uint8Array, i16: Int16Array, i32: Int32Array };

/** Multipliers and their shift. */
interface Pair {
  readonly m: readonly number[];
  readonly e: number;
}

/** What a golden says of the network. */
// deno-lint-ignore no-explicit-any
export type Golden = any;

/** A program, and the tensor of each node by its name in the golden. */
export interface LlamaProgram {
  readonly file: Uint8Array<ArrayBuffer>;
  /** Node by the number of the instruction that computes it, with the tensor. */
  readonly nodes: ReadonlyMap<number, { readonly name: string; readonly tensor: Index }>;
  readonly order: readonly Index[];
}

/** How many sessions, rows of a ring, and which window; 0: everything is seen. */
export interface CacheOptions {
  readonly sessions?: number;
  readonly ring?: number;
  readonly window?: number;
}

/** Tensors of a llama2.c file by the oracle's names. */
function readWeights(): Map<string, Float32Array> {
  const bytes = Deno.readFileSync(`${SHARED}/data/stories260K/stories260K.bin`);
  const [dim, hidden, layers, , kvHeads, pieces] = new Int32Array(bytes.buffer, 0, 7);
  const floats = new Float32Array(bytes.buffer, 28);
  const kv = kvHeads * 8;
  const sizes = {
    emb: pieces * dim,
    att: layers * dim,
    q: layers * dim * dim,
    k: layers * kv * dim,
    v: layers * kv * dim,
    o: layers * dim * dim,
    ffn: layers * dim,
    gate: layers * hidden * dim,
    down: layers * dim * hidden,
    up: layers * hidden * dim,
    final: dim,
  };
  let at = 0;
  return new Map(
    Object.entries(sizes).map(([name, size]) => [name, floats.subarray(at, at += size)]),
  );
}

/** Builds the program of a golden. */
export async function llamaProgram(
  golden: Golden,
  { sessions = 1, ring = 320, window = 0 }: CacheOptions = {},
): Promise<LlamaProgram> {
  const { config, constants, weights: kind, bits } = golden;
  const { dim, hidden, layers, heads, kv_heads: kvHeads, vocab } = config;
  const size = dim / heads, columns = kvHeads * size, four = kind !== "w8a8";
  const floats = readWeights();
  const b = new ProgramBuilder();
  const nodes = new Map<number, { name: string; tensor: Index }>();
  const symbol = (name: string, max: number): Index => {
    const index = b.symbol({ name, kind: "run", min: 1, max: b.expression(max), default: 1 });
    return b.expression(0, [[1, index]]);
  };
  const [tokens, sequences] = [symbol("tokens", 256), symbol("sequences", 64)];
  const bounds = b.expression(1, [[1, 1]]);
  const e = (n: number): Index => b.expression(n);

  const constant = (
    dtype: "i8" | "u8" | "i16" | "i32",
    shape: readonly number[],
    values: ArrayLike<number>,
    layout: Layout = "rows",
  ): Index => {
    const data = ARRAYS[dtype].from(values);
    const bytes = layout === "rows" ? bytesOf(data) : packed({ dtype, shape, data }, layout);
    return b.whole(
      b.tensor({ region: "constant", dtype, layout, extents: shape.map(e), data: bytes }),
    );
  };
  const one = (value: number): Index => constant("i32", [1], [value]);
  const words = (values: readonly number[]): Index => constant("i32", [values.length], values);
  const arena = (dtype: "i8" | "i16" | "i32", ...extents: Index[]): Index =>
    b.whole(b.tensor({ region: "arena", dtype, extents }));
  const input = (name: string, extent: Index, more: object): Index =>
    b.tensor({ region: "input", name, dtype: "i32", extents: [extent], ...more });
  /** Adds an instruction; its result is a node. */
  const node = (
    name: string,
    instruction: string,
    operands: Record<string, Index | undefined>,
    attributes: Record<string, number> = {},
  ): Index => {
    const index = b.instruction(instruction, operands, attributes);
    nodes.set(index, { name, tensor: b.tensorOf(operands.y!) });
    return operands.y!;
  };

  const ids = input("ids", tokens, { check: "below", limit: e(vocab) });
  const offsets = input("offsets", bounds, { check: "offsets", limit: tokens });
  const slot = input("slot", sequences, { check: "distinct", limit: e(sessions) });
  const past = input("past", sequences, { check: "past", limit: e(2 ** 31 - 1), offsets });
  const batch = { offsets: b.whole(offsets), past: b.whole(past) };
  const session = { ...batch, slot: b.whole(slot) };

  /** Weights of a linear layer with what a product needs of them, for inputs with a zero point. */
  const linear = (
    w: Float32Array,
    n: number,
    k: number,
    zero: number,
    { m, e: shift }: Pair,
  ): { name: string; operands: Record<string, Index>; attributes: Record<string, number> } => {
    const group = kind === "w4a8g64" ? 64 : k, groups = Math.ceil(k / group);
    const q = four ? fourBits(w, n, k, group, kind === "w4a8g64" ? 255 : 0) : eightBits(w, n, k);
    const bias = Array.from({ length: n }, (_, r) => {
      let sum = 0;
      for (let i = 0; i < k; i++) {
        const g = r * groups + Math.floor(i / group);
        const code = q.codes[r * k + i];
        sum += four ? q.factor[g] * (code - q.zero[g]) : code;
      }
      return -zero * sum;
    });
    const common = { bias: words(bias), multiplier: words(m), shift: one(shift) };
    if (!four) {
      const weight = constant("i8", [n, k], q.codes, "panel_8x4");
      return { name: "linear_w8", operands: { ...common, weight }, attributes: {} };
    }
    return {
      name: "linear_w4",
      operands: {
        ...common,
        weight: constant("u8", [n, k], q.codes, "panel_8x16_u4"),
        zero: constant("u8", [n, groups], q.zero, "panel_8_u8"),
        ...kind === "w4a8g64" && { factor: constant("u8", [n, groups], q.factor, "panel_8_u8") },
      },
      attributes: { group: 2 },
    };
  };

  const { k, E, R } = constants.residual;
  const [epsilon, limit, zero] = [one(E), one(R), one(0)];
  const table = eightBits(floats.get("emb")!, vocab, dim);
  const embedding = constant("i8", [vocab, dim], table.codes, "panel_8x4");
  let r = node("embedding", "embedding_i32", {
    table: embedding,
    index: b.whole(ids),
    multiplier: words(constants.embedding.m),
    shift: one(constants.embedding.e),
    limit,
    y: arena("i32", tokens, e(dim)),
  });
  const frequency = words(constants.rope_increments.map((f: number) => f | 0));
  const turn = constant("i32", [1025], turnTable());
  const anglesOf = (last: number): Index => {
    const y = arena("i16", tokens, e(2), e(size / 2));
    b.instruction("rotary_angles_i16", { frequency, turn, ...batch, y }, { last });
    return y;
  };
  const pinnedRows = constants.prefix.ids.length;
  const angles = anglesOf(0);
  const near = window > 0 ? anglesOf(pinnedRows + window - 1) : undefined;
  const exponentials = constant("i32", [4096], exponentialTable());

  const norm = (name: string, x: Index, { m, e: shift }: Pair, zero: Index, width: number): Index =>
    node(name, "rms_norm_i32", {
      x,
      epsilon,
      gain: words(m),
      shift: one(shift),
      zero_point: zero,
      y: arena(width > 8 ? "i16" : "i8", tokens, e(dim)),
    }, { bits: width });

  for (let l = 0; l < layers; l++) {
    const L = constants.layers[l], name = (node: string): string => `layers.${l}.${node}`;
    const scale = (site: string): number => fromBits(golden.constants.scales_f32_bits[name(site)]);
    const smooth = (site: string): number[] =>
      golden.constants.scales_f32_bits[name(`${site}.smooth`)].map(fromBits);
    const weights = (tensor: string, n: number, inner: number, site?: string): Float32Array => {
      const w = floats.get(tensor)!.subarray(l * n * inner, (l + 1) * n * inner);
      if (site === undefined) return w;
      const factors = smooth(site);
      return w.map((v, i) => v * factors[i % inner]);
    };
    /** A product of the rows of h. */
    const project = (
      node_: string,
      x: Index,
      w: Float32Array,
      n: number,
      inner: number,
      zeroOfX: number,
      pair: Pair,
      dtype: "i8" | "i16" | "i32",
      more: { bits: number; operands?: Record<string, Index> },
    ): Index => {
      const { name: instruction, operands, attributes } = linear(w, n, inner, zeroOfX, pair);
      return node(name(node_), instruction, {
        x,
        ...operands,
        ...more.operands,
        y: arena(dtype, tokens, e(n)),
      }, { ...attributes, bits: more.bits });
    };
    const rotate = (node_: string, x: Index, by: Index, width: number, zeros?: Index): Index =>
      node(name(node_), "rotary_i16", {
        x,
        angles: by,
        zero_point: zeros,
        y: arena("i8", tokens, e(width)),
      }, { pair: 2 });

    const h = norm(name("norm1"), r, L.norm1, one(L.norm1_zero), bits.norm1);
    const of = (tensor: string, n: number) => weights(tensor, n, dim, "norm1");
    const z1 = L.norm1_zero;
    const q16 = project("q16", h, of("q", dim), dim, dim, z1, L.q_requantize, "i16", { bits: 16 });
    const k16 = project("k16", h, of("k", columns), columns, dim, z1, L.k_requantize, "i16", {
      bits: 16,
    });
    const valueZeros = L.v_zero.flatMap((z: number) => Array(size).fill(z));
    const v = project("v", h, of("v", columns), columns, dim, z1, L.v_requantize, "i8", {
      bits: 8,
      operands: { zero_point: words(valueZeros) },
    });
    const q = rotate("q", q16, angles, dim);
    const keyZeros = words(L.k_zero.flat());
    const key = rotate("k", k16, angles, columns, keyZeros);
    const pinned = near === undefined ? undefined : rotate("q pinned", q16, near, dim);
    const caches = [["keys", key], ["values", v]].map(([cache, x]) => {
      const state = b.whole(b.tensor({
        region: "state",
        name: `${cache}.${l}`,
        dtype: "i8",
        extents: [e(sessions), e(ring), e(columns)],
        encoding: "zero",
      }));
      b.instruction("append_rows", { x: x as Index, ...session, cache: state });
      return state;
    });
    const context = node(name("context"), "attention_cached_i8", {
      q,
      ...session,
      keys: caches[0],
      values: caches[1],
      prefix: constant("i8", [2, pinnedRows, columns], [
        ...constants.prefix.k_i8[l].flat(2),
        ...constants.prefix.v_i8[l].flat(2),
      ]),
      q_pinned: pinned,
      key_zero: pinned === undefined ? undefined : keyZeros,
      exponentials,
      rate: constant("i32", [kvHeads, heads / kvHeads], L.softmax_m),
      value_zero: constant("i8", [kvHeads], L.v_zero),
      multiplier: constant("i32", [kvHeads, heads / kvHeads], L.context_requantize.m),
      shift: one(L.context_requantize.e),
      zero_point: one(L.context_zero),
      y: arena("i8", tokens, e(dim)),
    }, { kv_heads: kvHeads, group: heads / kvHeads, window });
    const zc = L.context_zero;
    r = project("residual1", context, weights("o", dim, dim), dim, dim, zc, L.o_requantize, "i32", {
      bits: 32,
      operands: { identity: r, limit },
    });

    const g = norm(name("norm2"), r, L.norm2, one(L.norm2_zero), bits.norm2);
    const wide = (tensor: string) => weights(tensor, hidden, dim, "norm2");
    const z2 = L.norm2_zero;
    const gate = project("gate", g, wide("gate"), hidden, dim, z2, L.gate_requantize, "i16", {
      bits: bits.gate,
      operands: { zero_point: one(L.gate_zero) },
    });
    const up = project("up", g, wide("up"), hidden, dim, z2, L.up_requantize, "i16", { bits: 16 });
    const down = node(name("down"), "swiglu_i16", {
      gate,
      up,
      table: constant(
        "i16",
        [4096],
        silu(scale("gate"), L.gate_zero, scale("up"), scale("down"), L),
      ),
      shift: one(L.product_shift),
      zero_point: one(L.down_zero),
      y: arena("i8", tokens, e(hidden)),
    });
    r = project(
      "residual2",
      down,
      weights("down", dim, hidden, "down"),
      dim,
      hidden,
      L.down_zero,
      L.down_requantize,
      "i32",
      { bits: 32, operands: { identity: r, limit } },
    );
  }
  const last = norm("norm", r, constants.norm, zero, bits.final);
  const logits = b.tensor({
    region: "output",
    name: "logits",
    dtype: "i32",
    extents: [tokens, e(vocab)],
  });
  node("logits", "linear_w8", {
    x: last,
    weight: embedding,
    multiplier: words(constants.head.m),
    shift: one(constants.head.e),
    y: b.whole(logits),
  }, { bits: 32 });
  b.entry("main");
  if (k < 0) throw new Error("the residual has fractional bits");
  const { order, ...program } = b.finish();
  return { file: await encodeProgram(program), nodes, order };
}

/** SiLU of the gate's codes, its scale chosen so that the product is shifted. */
function silu(
  gateScale: number,
  gateZero: number,
  upScale: number,
  downScale: number,
  { product_shift: shift }: { product_shift: number },
): number[] {
  return Array.from({ length: 4096 }, (_, i) => {
    const x = (i - 2048 - gateZero) * gateScale;
    const y = x / (1 + Math.exp(-x)) * upScale * 2 ** shift / downScale;
    const floor = Math.floor(y), rest = y - floor;
    return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  });
}
