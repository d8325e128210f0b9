/**
 * Times the instructions of integer language models at the shapes of SmolLM2-135M: products for one token beside a
 * loop that only reads, products for prompts, attention at some lengths, and what stands around them.
 *
 *     deno run -A bench/kernels/integer_language.ts [relaxed] [name]
 */
import { INSTRUCTIONS } from "../../src/instructions/mod.ts";
import { exponentialTable, octaveTable, samplingRate } from "../../src/numeric/integer_tables.ts";
import type { Layout } from "../../src/layouts/mod.ts";
import { KernelModule } from "../../test/kernels/kernel_module.ts";
import { compileModule } from "../../tools/asc.ts";

/** Reads memory and does nothing with it: what no product of one token is faster than. */
const READ = `
export function read(from: usize, bytes: usize): i32 {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  for (const end = from + bytes; from < end; from += 64) {
    a = v128.or(a, v128.load(from));
    b = v128.or(b, v128.load(from, 16));
    c = v128.or(c, v128.load(from, 32));
    d = v128.or(d, v128.load(from, 48));
  }
  return i32x4.extract_lane(v128.or(v128.or(a, b), v128.or(c, d)), 0);
}
`;
const KERNELS = INSTRUCTIONS.filter(({ family }) => family === "integer").map(({ name }) =>
  `export { exec_${name}, scratch_${name} } from "./asm/ops/${name}";\n`
);

const relaxed = Deno.args.includes("relaxed");
const only = Deno.args.find((each) => each !== "relaxed") ?? "";
let state = 3;
const module = new WebAssembly.Module(
  await compileModule(relaxed ? "relaxed" : "simd", {
    entries: ["kernels.ts"],
    sources: new Map([["kernels.ts", KERNELS.join("") + READ]]),
  }),
);

type Case = Parameters<KernelModule["place"]>[0];
type Value = NonNullable<Case["operands"][string]>;

const ARRAYS = { i8: Int8Array, u8: Uint8Array, i16: Int16Array, i32: Int32Array };

/** An operand with the given elements. */
function given(
  dtype: keyof typeof ARRAYS,
  extents: readonly number[],
  from: ArrayLike<number>,
): Value {
  return { dtype, extents, elements: ARRAYS[dtype].from(from) };
}

/** One with random elements, below `limit` where there is one (a power of two). */
function value(dtype: keyof typeof ARRAYS, extents: readonly number[], limit = 0): Value {
  const elements = new ARRAYS[dtype](extents.reduce((a, b) => a * b, 1));
  for (let i = 0; i < elements.length; i++) {
    state = Math.imul(state, 1103515245) + 12345 | 0;
    elements[i] = limit > 0 ? state >>> 16 & limit - 1 : state >> 16;
  }
  return { dtype, extents, elements };
}

/** Milliseconds of the best run in about a second. */
function bestOf(run: () => void): number {
  for (const until = performance.now() + 150; performance.now() < until;) run();
  let best = Infinity;
  for (const until = performance.now() + 1000; performance.now() < until;) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function print(name: string, time: () => number, ...figures: ((ms: number) => string)[]): void {
  if (!name.includes(only)) return;
  const ms = time();
  console.log(
    [name.padEnd(44), `${ms.toFixed(4).padStart(9)} ms`, ...figures.map((f) => f(ms))].join("  "),
  );
}

function timed(
  name: string,
  make: () => Omit<Case, "name">,
  ...figures: ((ms: number) => string)[]
): void {
  print(name, () => bestOf(new KernelModule(module).place({ name, ...make() }).exec), ...figures);
}

const one = (number: number): Value => given("i32", [1], [number]);
const words = (count: number, from: number): Value =>
  given("i32", [count], Array.from({ length: count }, (_, i) => from + i));
const laid = (v: Value, layout: Layout): Value => ({ ...v, layout });

for (const megabytes of [64, 0.4]) {
  const bytes = Math.round(megabytes * 2 ** 14) * 64;
  print(`read loop of ${megabytes} MiB`, () => {
    const exports = new WebAssembly.Instance(module).exports;
    const memory = exports.memory as WebAssembly.Memory;
    memory.grow(Math.ceil(bytes / 65536) + 1);
    new Uint8Array(memory.buffer).fill(1, 65536);
    return bestOf(() => (exports.read as CallableFunction)(65536, bytes));
  }, (ms) => `${(bytes / ms / 1e6).toFixed(1)} GB/s`);
}

/** A product of m rows, with weights of 8 bits, or of 4 in groups of `group` columns, 0: one of all. */
function product(m: number, k: number, n: number, group?: number, x: "i8" | "i16" = "i8"): void {
  const four = group !== undefined, groups = group ? Math.ceil(k / group) : 1;
  const bytes = k * n / (four ? 2 : 1) + (group ? 2 : 1) * Number(four) * groups * n;
  const codes = value(four ? "u8" : "i8", [n, k]);
  if (four) { for (let i = 0; i < codes.elements.length; i++) codes.elements[i] &= 15; }
  timed(
    `${four ? `linear_w4, ${group ? `groups of ${group}` : "by row"}` : `linear_w8 of ${x}`}, ` +
      `${m}×${k}×${n}`,
    () => ({
      instruction: four ? "linear_w4" : "linear_w8",
      attributes: { bits: 8, group: group ? Math.log2(group / 16) : 3 },
      operands: {
        x: value(x, [m, k]),
        weight: four
          ? laid(value("u8", [n, k], 16), "panel_8x16_u4")
          : laid(value("i8", [n, k]), "panel_8x4"),
        ...four && { zero: laid(value("u8", [n, groups]), "panel_8_u8") },
        ...group && { factor: laid(value("u8", [n, groups]), "panel_8_u8") },
        bias: words(n, 0),
        multiplier: words(n, 2 ** 30),
        shift: one(45),
      },
      results: { y: { dtype: "i8", extents: [m, n] } },
    }),
    (ms) => `${(2 * m * k * n / ms / 1e6).toFixed(1)} GOP/s`,
    ...(m === 1 ? [(ms: number) => `${(bytes / ms / 1e6).toFixed(1)} GB/s`] : []),
  );
}

for (const group of [undefined, 0, 64, 32]) {
  for (const [k, n] of [[576, 1536], [1536, 576], [576, 98_304]]) product(1, k, n, group);
  for (const m of [2, 4, 64]) product(m, 576, 1536, group);
}
product(1, 576, 49_152, undefined, "i16");

/** Attention of `tokens` tokens behind `past` others: 3 heads of the cache, 3 of q for each, 64 channels. */
function attention(tokens: number, past: number): void {
  const [heads, group, size] = [3, 3, 64], rows = heads * size, ring = past + tokens;
  const each = (number: number): Value =>
    given("i32", [heads, group], Array(heads * group).fill(number));
  const bytes = (...extents: number[]): Value => value("i8", extents);
  const pairs = tokens * (past + (tokens + 1) / 2) * heads * group;
  timed(`attention_cached_i8 of ${tokens} at ${past}`, () => ({
    instruction: "attention_cached_i8",
    attributes: { kv_heads: heads, group, window: 0 },
    operands: {
      q: bytes(tokens, rows * group),
      offsets: given("i32", [2], [0, tokens]),
      slot: one(0),
      past: one(past),
      keys: bytes(1, ring, rows),
      values: bytes(1, ring, rows),
      prefix: bytes(2, 1, rows),
      exponentials: given("i32", [4096], exponentialTable()),
      rate: each(3000),
      value_zero: bytes(heads),
      multiplier: each(2 ** 30),
      shift: one(45),
      zero_point: one(0),
    },
    results: { y: { dtype: "i8", extents: [tokens, rows * group] } },
  }), (ms) => `${(ms * 1e6 / pairs).toFixed(2)} ns a key and head`);
}

for (const past of [127, 1023, 2047]) attention(1, past);
for (const [tokens, past] of [[16, 1023], [64, 0], [64, 1023]]) attention(tokens, past);

timed("rms_norm_i32 of 576", () => ({
  instruction: "rms_norm_i32",
  attributes: { bits: 8 },
  operands: {
    x: words(576, -300),
    epsilon: one(1000),
    gain: words(576, 2 ** 28),
    shift: one(20),
    zero_point: one(3),
  },
  results: { y: { dtype: "i8", extents: [1, 576] } },
}));
timed("swiglu_i16 of 1536", () => ({
  instruction: "swiglu_i16",
  operands: {
    gate: value("i16", [1, 1536]),
    up: value("i16", [1, 1536]),
    table: value("i16", [4096]),
    shift: one(22),
    zero_point: one(3),
  },
  results: { y: { dtype: "i8", extents: [1, 1536] } },
}));
timed("rotary_i16 of 9 heads of 64", () => ({
  instruction: "rotary_i16",
  attributes: { pair: 2 },
  operands: { x: value("i16", [1, 576]), angles: value("i16", [1, 2, 32]) },
  results: { y: { dtype: "i8", extents: [1, 576] } },
}));
timed("hadamard_i32 of 576", () => ({
  instruction: "hadamard_i32",
  attributes: { paley: 1 },
  operands: { x: words(576, -300), shift: one(5), signs: value("i8", [576]) },
  results: { y: { dtype: "i32", extents: [1, 576] } },
}));
for (
  const [name, temperature, topK, topP] of [
    ["greedy", 0, 0, 65536],
    ["plain", 1, 0, 65536],
    ["top_k 40, top_p 0.9", 1, 40, 58982],
    ["top_p 0.9", 1, 0, 58982],
  ] as const
) {
  timed(`sample_i32 of 49152, ${name}`, () => ({
    instruction: "sample_i32",
    operands: {
      logits: value("i32", [1, 49_152], 65_536),
      octave: given("i32", [257], octaveTable()),
      rate: one(samplingRate(temperature)),
      top_k: one(topK),
      top_p: one(topP),
      min_p: one(0),
      random: given("i32", [1, 4], [1, 2, 3, 0]),
    },
    results: { y: { dtype: "i32", extents: [1] } },
  }));
}
