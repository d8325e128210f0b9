/**
 * Times single instructions at the shapes of networks: one DeiT-T layer (197 tokens, 192 channels, 3
 * heads, MLP 768), and layers of language models. Operands are those of the conformance cases, repeated.
 *
 *     deno run -A bench/kernels/ops.ts [relaxed] [name]
 */
import { instructionNamed } from "../../src/instructions/mod.ts";
import { caseLike } from "../../test/conformance/case_like.ts";
import type { Likeness } from "../../test/conformance/case_like.ts";
import { resize } from "../../test/conformance/resize.ts";
import type { Sizes } from "../../test/conformance/resize.ts";
import { compileOps, KernelModule } from "../../test/kernels/kernel_module.ts";

/** What is timed: an instruction, its sizes, and what else its case is like. */
type Row = readonly [instruction: string, sizes: Sizes, like?: Likeness];

const ATTENTION = { B: 1, Q: 197, L: 197, C: 192, "@heads": 3, "@precision": 0 };
const SEQUENCE = { B: 1, S: 1, T: 256, C: 1024, W: 4 };
const RESIDUAL = ["multiplier2", "shift2", "identity_multiplier", "identity_shift"];
const REQUANTIZED = ["bias", "multiplier", "shift"];

const ROWS: readonly Row[] = [
  ["attention_i8", ATTENTION, { has: ["exponentials"] }],
  ["attention_i8", ATTENTION, { has: ["x0"] }],
  ["attention_i8", { B: 64, W: 64, Q: 49, L: 49, C: 96, "@heads": 3 }, {
    has: ["exponentials", "bias", "mask", "multiplier2", "shift2"],
  }],
  ["layer_norm_i16", { "*": [197], C: 192 }, {
    has: ["multiplier", "shift"],
    types: { x: "i16", y: "i8" },
  }],
  ["softmax_i8", { B: 1, H: 3, Q: 197, L: 197 }, { has: ["exponentials"], types: { y: "i16" } }],
  ["requantize", { "*": [197], N: 192 }, {
    has: ["identity", "identity_multiplier", "identity_shift"],
    types: { x: "i16", identity: "i16", y: "i16" },
  }],
  ["requantize", { "*": [197], N: 768 }, { has: [], types: { x: "i32", y: "i8" } }],
  ["requantize", { "*": [197], N: 192 }, { has: [], types: { x: "i32", y: "i32" } }],
  ["residual_i32", { "*": [64], N: 576 }, { has: ["identity"] }],
  ["shift_gelu", { "*": [197], C: 768 }, { has: ["multiplier", "shift"], types: { y: "i8" } }],
  ["lookup", { "*": [197], K: 768, T: 1 }, { types: { x: "i8", y: "i8" } }],
  ["lookup", { "*": [224], K: 672, T: 3 }, { types: { x: "u8", y: "i8" } }],
  ...[0, 1].map((order): Row => [
    "patches",
    {
      ...{ B: 1, I: order === 0 ? 224 : 672, W: order === 0 ? 672 : 224, P: 196, K: 768 },
      ...{ "@height": 224, "@width": 224, "@channels": 3, "@patch": 16, "@order": order },
    },
    { types: { x: "i8" } },
  ]),
  ["mean_rows", { B: 1, N: 49, C: 768 }, { types: { x: "i8" } }],
  ["quantize_linear", { "*": [224], K: 672 }, { has: [], types: { y: "i8" } }],
  ["linear_i8", { "*": [197], K: 192, N: 768 }, {
    has: REQUANTIZED,
    types: { y: "i8" },
    layouts: { weight: "panel_8x4" },
  }],
  ...(["panel_8x4", "panel_8x4_u7"] as const).map((weight): Row => [
    "linear_i8",
    { "*": [197], K: 192, N: 768 },
    { has: [...REQUANTIZED, "table"], layouts: { weight } },
  ]),
  ["linear_i8", { "*": [197], K: 768, N: 192 }, {
    has: [...REQUANTIZED, "identity", ...RESIDUAL],
    types: { identity: "i16" },
    layouts: { weight: "panel_8x4" },
  }],
  ["attention_f32", ATTENTION, { has: [] }],
  ["attention_f32", { ...ATTENTION, "@precision": 1 }, { has: [] }],
  // SmolLM2: a token behind 2,047 and behind 127, and the last 256 of 512.
  ...[[1, 2048], [1, 128], [256, 512]].map(([T, R]): Row => [
    "attention_cached_f32",
    { T, R, B: 1, S: 1, C: 576, K: 192, "@kv_heads": 3, "@group": 3 },
  ]),
  ["rotary_f32", { T: 256, C: 576, H: 32, "@pair": 2 }],
  ["rotary_angles_f32", { T: 256, H: 32, B: 1 }],
  ["softmax_f32", { "*": [591], L: 197 }],
  ["layer_norm_f32", { "*": [197], C: 192 }, { has: ["beta"] }],
  ["hgrn_scan_f32", { ...SEQUENCE, T: 1 }, { has: ["lower_bound"] }],
  ["hgrn_scan_f32", SEQUENCE, { has: ["lower_bound"] }],
  ["hgrn_gate_f32", { "*": [256], C: 1024 }],
  ["swiglu_f32", { "*": [64], C: 2816 }],
  ...(["f32", "f16", "bf16"] as const).map((table): Row => [
    "embedding_f32",
    { T: 256, V: 999, C: 1024 },
    { types: { table } },
  ]),
  ["short_conv_f32", SEQUENCE],
  ["gelu_f32", { "*": [197], K: 768 }],
];

/** Milliseconds of the best run, after the compiler has optimised. */
function bestOf(exec: () => void): number {
  for (const until = performance.now() + 150; performance.now() < until;) exec();
  let best = Infinity;
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    exec();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

const relaxed = Deno.args.includes("relaxed");
const only = Deno.args.find((each) => each !== "relaxed") ?? "";
const kernels = new KernelModule(await compileOps(relaxed ? "relaxed" : "simd"));
for (const [instruction, sizes, like = {}] of ROWS) {
  const c = resize(caseLike(instruction, like), { "@rounding": 0, ...sizes });
  const extents = Object.values({ ...c.operands, ...c.results }).at(-1)!.extents;
  const { has = [], types = {}, layouts = {} } = like;
  const name = [
    instruction,
    extents.join("×"),
    ...Object.values(types),
    ...Object.values(layouts),
    ...has.filter((each) => !RESIDUAL.includes(each) && !REQUANTIZED.includes(each)),
    ...instructionNamed(instruction).attributes?.map((a) => `${a.name} ${c.attributes![a.name]}`) ??
      [],
  ].join(" ");
  if (!name.includes(only)) continue;
  const best = bestOf(kernels.place(c).exec);
  const each = best * 1e6 / extents.reduce((a, b) => a * b, 1);
  console.log(
    `${name.padEnd(72)} ${best.toFixed(3).padStart(7)} ms ${each.toFixed(2)} ns an element`,
  );
}
