/**
 * Times single instructions at the shapes of one DeiT-T layer (197 tokens, 192 channels, 3 heads, MLP 768).
 *
 *     deno run -A bench/kernels/ops.ts [relaxed] [name]
 */
import { compileOps, KernelModule } from "./_kernel_module.ts";
import type { TestOperand } from "./_kernel_module.ts";
import type { DType } from "../../src/tensor.ts";

const T = 197, C = 192, H = 3, M = 768;
let state = 7;
const random = (): number => (state = Math.imul(state, 1103515245) + 12345 >>> 0) / 2 ** 32;
const fill = (n: number, low: number, high: number): number[] =>
  Array.from({ length: n }, () => Math.floor(low + random() * (high - low + 1)));
const gauss = (n: number, sigma: number, limit: number): number[] =>
  Array.from(
    { length: n },
    () =>
      Math.max(
        -limit,
        Math.min(limit, Math.round(sigma * (random() + random() + random() + random() - 2) * 1.7)),
      ),
  );
const reals = (n: number): number[] => Array.from({ length: n }, () => random() * 4 - 2);
const t = (dtype: DType, shape: number[], data?: number[]): TestOperand => ({ dtype, shape, data });
const one = (v: number): TestOperand => t("i32", [1], [v]);
const exponentials = t(
  "i32",
  [256],
  Array.from({ length: 256 }, (_, d) => Math.round(Math.exp(-d * 0.06) * 2 ** 20)),
);
const m31 = (ratio: number): [number, number] => {
  const e = 30 - Math.floor(Math.log2(ratio));
  return [Math.round(ratio * 2 ** e), e];
};
const qkv = {
  q: t("i8", [1, T, C], gauss(T * C, 40, 127)),
  k: t("i8", [1, T, C], gauss(T * C, 40, 127)),
  v: t("i8", [1, T, C], gauss(T * C, 40, 127)),
};
const [sm, se] = m31(1 / 500), [vm, ve] = m31(1 / 20000), [rm, re] = m31(0.7);
const attention = {
  ...qkv,
  multiplier: one(sm),
  shift: one(se),
  value_multiplier: one(vm),
  value_shift: one(ve),
  y: t("i8", [1, T, C]),
};
const norms = Array.from({ length: C }, () => m31((0.5 + random()) * 40 / 2 ** 26));
const fq = {
  q: t("f32", [1, T, C], reals(T * C)),
  k: t("f32", [1, T, C], reals(T * C)),
  v: t("f32", [1, T, C], reals(T * C)),
  scale: t("f32", [1], [0.125]),
  y: t("f32", [1, T, C]),
};
const linear = (k: number, n: number, layout: "panel_8x4" | "panel_8x4_u7") => ({
  x: t("i8", [T, k], gauss(T * k, 40, 127)),
  weight: {
    dtype: "i8",
    shape: [n, k],
    data: fill(n * k, layout === "panel_8x4" ? -127 : 1, 127),
    layout,
  } as TestOperand,
  bias: t("i32", [n], fill(n, -5000, 5000)),
  multiplier: t("i32", [n], Array.from({ length: n }, () => m31(0.0005)[0])),
  shift: t("i32", [n], Array.from({ length: n }, () => m31(0.0005)[1])),
});

type Case = [name: string, op: string, operands: Record<string, TestOperand>, attributes: number[]];
const CASES: Case[] = [
  ["attention_i8 table", "attention_i8", { ...attention, exponentials }, [H, 0, 0]],
  ["attention_i8 shift", "attention_i8", { ...attention, x0: one(-17) }, [H, 0, 0]],
  ["attention_i8 Swin 64×49, bias, mask", "attention_i8", {
    q: t("i8", [64, 49, 96], gauss(64 * 49 * 96, 40, 127)),
    k: t("i8", [64, 49, 96], gauss(64 * 49 * 96, 40, 127)),
    v: t("i8", [64, 49, 96], gauss(64 * 49 * 96, 40, 127)),
    multiplier: one(sm),
    shift: one(se),
    multiplier2: one(rm),
    shift2: one(re),
    bias: t("i32", [3, 49, 49], fill(3 * 49 * 49, -20, 20)),
    mask: t("u8", [64, 49, 49], fill(64 * 49 * 49, 0, 1)),
    exponentials,
    value_multiplier: one(vm),
    value_shift: one(ve),
    y: t("i8", [64, 49, 96]),
  }, [3, 0, 0]],
  ["layer_norm_i16 197×192 → i8", "layer_norm_i16", {
    x: t("i16", [T, C], gauss(T * C, 6000, 32767)),
    bias: t("i32", [C], fill(C, -(2 ** 24), 2 ** 24)),
    multiplier: t("i32", [C], norms.map((n) => n[0])),
    shift: t("i32", [C], norms.map((n) => n[1])),
    y: t("i8", [T, C]),
  }, [0]],
  ["softmax_i8 table 3×197×197", "softmax_i8", {
    x: t("i8", [1, H, T, T], gauss(H * T * T, 30, 127)),
    exponentials,
    y: t("i16", [1, H, T, T]),
  }, []],
  ["requantize residual 197×192", "requantize", {
    x: t("i16", [T, C], gauss(T * C, 6000, 32767)),
    multiplier: one(rm),
    shift: one(re),
    identity: t("i16", [T, C], gauss(T * C, 6000, 32767)),
    identity_multiplier: one(rm),
    identity_shift: one(re),
    y: t("i16", [T, C]),
  }, [0]],
  ["requantize i32 → i8 197×768", "requantize", {
    x: t("i32", [T, M], gauss(T * M, 60000, 2 ** 22)),
    multiplier: one(sm),
    shift: one(se),
    y: t("i8", [T, M]),
  }, [0]],
  ["shift_gelu 197×768 → i8", "shift_gelu", {
    x: t("i8", [T, M], gauss(T * M, 40, 127)),
    x0: one(-10),
    multiplier: one(m31(1 / 100)[0]),
    shift: one(m31(1 / 100)[1]),
    y: t("i8", [T, M]),
  }, [0]],
  ["lookup 197×768", "lookup", {
    x: t("i8", [T, M], gauss(T * M, 40, 127)),
    table: t("i8", [1, 256], fill(256, -128, 127)),
    y: t("i8", [T, M]),
  }, []],
  ["lookup 224×224×3", "lookup", {
    x: t("u8", [224, 672], fill(224 * 672, 0, 255)),
    table: t("i8", [3, 256], fill(768, -128, 127)),
    y: t("i8", [224, 672]),
  }, []],
  ["patches 224×224×3 i8 HWC", "patches", {
    x: t("i8", [1, 224, 672], fill(150528, -128, 127)),
    y: t("i8", [1, 196, 768]),
  }, [224, 224, 3, 16, 0]],
  ["patches 224×224×3 i8 CHW", "patches", {
    x: t("i8", [1, 672, 224], fill(150528, -128, 127)),
    y: t("i8", [1, 196, 768]),
  }, [224, 224, 3, 16, 1]],
  ["mean_rows 49×768 i8", "mean_rows", {
    x: t("i8", [1, 49, 768], fill(49 * 768, -128, 127)),
    y: t("i8", [1, 768]),
  }, []],
  ["quantize_linear 224×672", "quantize_linear", {
    x: t("f32", [224, 672], reals(150528)),
    scale: t("f32", [1], [0.02]),
    y: t("i8", [224, 672]),
  }, []],
  ["linear_i8 197×192×768, no table", "linear_i8", {
    ...linear(C, M, "panel_8x4"),
    y: t("i8", [T, M]),
  }, [0]],
  ["linear_i8 197×192×768, table", "linear_i8", {
    ...linear(C, M, "panel_8x4"),
    table: t("i8", [256], fill(256, -128, 127)),
    y: t("i8", [T, M]),
  }, [0]],
  ["linear_i8 197×192×768, u7, table", "linear_i8", {
    ...linear(C, M, "panel_8x4_u7"),
    table: t("i8", [256], fill(256, -128, 127)),
    y: t("i8", [T, M]),
  }, [0]],
  ["linear_i8 197×768×192, identity", "linear_i8", {
    ...linear(M, C, "panel_8x4"),
    multiplier2: one(rm),
    shift2: one(re),
    identity: t("i16", [T, C], gauss(T * C, 6000, 32767)),
    identity_multiplier: one(rm),
    identity_shift: one(re),
    y: t("i16", [T, C]),
  }, [0]],
  ["attention_f32", "attention_f32", fq, [H, 0]],
  ["attention_f32 fast", "attention_f32", fq, [H, 1]],
  ["softmax_f32 3×197×197", "softmax_f32", {
    x: t("f32", [H * T, T], reals(H * T * T)),
    y: t("f32", [H * T, T]),
  }, []],
  ["layer_norm_f32 197×192", "layer_norm_f32", {
    x: t("f32", [T, C], reals(T * C)),
    gamma: t("f32", [C], reals(C)),
    beta: t("f32", [C], reals(C)),
    epsilon: t("f32", [1], [1e-6]),
    y: t("f32", [T, C]),
  }, []],
  ...([[1, 1024], [256, 1024]] as const).map(([tokens, channels]) =>
    [
      `hgrn_scan_f32 ${tokens}×${channels}`,
      "hgrn_scan_f32",
      {
        u: t("f32", [tokens, channels], reals(tokens * channels)),
        z: t("f32", [tokens, channels], reals(tokens * channels)),
        lower_bound: t("f32", [channels], Array.from({ length: channels }, random)),
        offsets: t("i32", [2], [0, tokens]),
        slot: one(0),
        past: one(1),
        state: t("f32", [1, channels], reals(channels)),
        y: t("f32", [tokens, channels]),
      },
      [],
    ] as Case
  ),
  ["hgrn_gate_f32 256×1024", "hgrn_gate_f32", {
    p: t("f32", [256, 1024], reals(256 * 1024)),
    gamma: t("f32", [1024], reals(1024)),
    epsilon: t("f32", [1], [1e-6]),
    x: t("f32", [256, 1024], reals(256 * 1024)),
    y: t("f32", [256, 1024]),
  }, []],
  ["swiglu_f32 64×2816", "swiglu_f32", {
    gate: t("f32", [64, 2816], reals(64 * 2816)),
    up: t("f32", [64, 2816], reals(64 * 2816)),
    y: t("f32", [64, 2816]),
  }, []],
  ...(["f32", "f16", "bf16"] as const).map((dtype) =>
    [
      `embedding_f32 256×1024 ${dtype}`,
      "embedding_f32",
      {
        table: t(dtype, [999, 1024], fill(999 * 1024, 0x2000, 0x3000)),
        index: t("i32", [256], fill(256, 0, 998)),
        y: t("f32", [256, 1024]),
      },
      [],
    ] as Case
  ),
  ["short_conv_f32 256×1024, 4 taps", "short_conv_f32", {
    x: t("f32", [256, 1024], reals(256 * 1024)),
    weight: t("f32", [4, 1024], reals(4 * 1024)),
    offsets: t("i32", [2], [0, 256]),
    slot: one(0),
    past: one(1),
    state: t("f32", [1, 4, 1024], reals(4 * 1024)),
    y: t("f32", [256, 1024]),
  }, []],
  ["gelu_f32 197×768", "gelu_f32", { x: t("f32", [T, M], reals(T * M)), y: t("f32", [T, M]) }, []],
];

if (import.meta.main) {
  const k = new KernelModule(await compileOps(Deno.args.includes("relaxed")));
  const only = Deno.args.find((a) => a !== "relaxed");
  for (const [name, op, operands, attributes] of CASES) {
    if (only && !name.includes(only)) continue;
    const { exec } = k.prepare(op, operands, attributes);
    const until = performance.now() + 150; // TurboFan
    while (performance.now() < until) exec();
    let best = Infinity;
    for (let i = 0; i < 60; i++) {
      const start = performance.now();
      exec();
      best = Math.min(best, performance.now() - start);
    }
    const elements = (operands.y ?? operands.x).shape.reduce((a, b) => a * b, 1);
    const each = `${(best * 1e6 / elements).toFixed(2)} ns an element`;
    console.log(`${name.padEnd(40)} ${best.toFixed(3).padStart(7)} ms ${each}`);
  }
}
