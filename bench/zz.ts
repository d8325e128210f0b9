import { compileModule } from "../tools/asc.ts";
import { compileOps, KernelModule } from "../test/kernels/kernel_module.ts";
import { INSTRUCTIONS } from "../src/instructions/mod.ts";
const build = (Deno.args[0] ?? "relaxed") as "simd" | "relaxed";
const what = Deno.args[1] ?? "gemv";
const names = INSTRUCTIONS.map((s) => s.name).filter((n) =>
  /w4|w8|cached|rms_norm_i32|swiglu_i16|rotary|sample|hadamard|linear_i8|linear_i16/.test(n)
);
const entry =
  names.map((name) => `export { exec_${name}, scratch_${name} } from "./asm/ops/${name}";`).join(
    "\n",
  ) + `
export function read(p: usize, n: usize): i32 { let a = i32x4.splat(0), b = a, c = a, d = a; for (const e = p + n; p < e; p += 64) { a = v128.or(a, v128.load(p)); b = v128.or(b, v128.load(p, 16)); c = v128.or(c, v128.load(p, 32)); d = v128.or(d, v128.load(p, 48)); } return i32x4.extract_lane(v128.or(v128.or(a,b),v128.or(c,d)),0); }`;
const wasm = await compileModule(build, {
  entries: ["ops.ts"],
  sources: new Map([["ops.ts", entry]]),
});
const module = new WebAssembly.Module(wasm);
const fill = (a: any) => {
  let s = 12345;
  for (let i = 0; i < a.length; i++) {
    s = (s * 1103515245 + 12345) | 0;
    a[i] = s >> 16;
  }
  return a;
};
function best(f: () => void, ms = 1500) {
  for (let i = 0; i < 3; i++) f();
  let b = Infinity;
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const t = performance.now();
    f();
    b = Math.min(b, performance.now() - t);
  }
  return b;
}
const v = (dtype: string, extents: number[], layout?: string) => {
  const n = extents.reduce((a, b) => a * b, 1);
  const A: any = { i8: Int8Array, u8: Uint8Array, i16: Int16Array, i32: Int32Array }[dtype];
  const e = fill(new A(n));
  if (layout === "panel_8x16_u4") { for (let i = 0; i < n; i++) e[i] &= 15; }
  return { dtype, extents, elements: e, layout } as any;
};
const one = (x: number) => ({ dtype: "i32", extents: [1], elements: Int32Array.of(x) }) as any;
function linear(
  kind: "linear_w8" | "linear_w4",
  m: number,
  k: number,
  n: number,
  group?: number,
  xt = "i8",
) {
  const four = kind === "linear_w4";
  const G = group ? Math.ceil(k / group) : 1;
  const mult = v("i32", [n]);
  for (let i = 0; i < n; i++) mult.elements[i] = 2 ** 30 + i;
  return {
    name: "",
    instruction: kind,
    attributes: { bits: 8, group: group ? Math.log2(group / 16) : 3 },
    operands: {
      x: v(xt, [m, k]),
      weight: four ? v("u8", [n, k], "panel_8x16_u4") : v("i8", [n, k], "panel_8x4"),
      ...(four
        ? {
          zero: v("u8", [n, G], "panel_8_u8"),
          factor: group ? v("u8", [n, G], "panel_8_u8") : undefined,
        }
        : {}),
      bias: v("i32", [n]),
      multiplier: mult,
      shift: one(45),
    },
    results: { y: { dtype: "i8", extents: [m, n] } },
  } as any;
}
const only = Deno.args[2] ?? "";
const time = (label: string, c: any, per: (ms: number) => string) => {
  if (!label.includes(only)) return;
  const k = new KernelModule(module);
  const ms = best(k.place(c).exec);
  console.log(label.padEnd(44), ms.toFixed(3).padStart(9), "ms", per(ms));
};
if (what === "gemv") {
  {
    const k = new KernelModule(module) as any;
    const c = linear("linear_w4", 1, 576, 8);
    k.place(c);
    const e = k as any;
    // read loop
    const inst = new WebAssembly.Instance(module).exports as any;
    const bytes = 64 << 20;
    inst.memory.grow(bytes / 65536 + 20);
    const p = 1 << 20;
    new Uint8Array(inst.memory.buffer, p, bytes).fill(1);
    const ms = best(() => inst.read(p, bytes), 2500);
    console.log("read loop 64 MB", (bytes / ms / 1e6).toFixed(1), "GB/s");
    const small = 400 << 10;
    const ms2 = best(() => {
      for (let i = 0; i < 50; i++) inst.read(p, small);
    }, 800);
    console.log("read loop 400 KB", (50 * small / ms2 / 1e6).toFixed(1), "GB/s");
  }
  for (
    const [kind, g] of [["linear_w8", 0], ["linear_w4", 0], ["linear_w4", 64], [
      "linear_w4",
      32,
    ]] as const
  ) {
    for (const [k, n] of [[576, 1536], [1536, 576], [576, 98304]]) {
      const bytes = k * n * (kind === "linear_w4" ? 0.5 : 1) + (g ? 2 * k * n / g : 0);
      time(
        `${kind} g${g} 1x${k}x${n}`,
        linear(kind, 1, k, n, g || undefined),
        (ms) => `${(bytes / ms / 1e6).toFixed(1)} GB/s ${(2 * k * n / ms / 1e6).toFixed(1)} GOP/s`,
      );
    }
  }
  time(
    `linear_w8 i16 1x576x49152`,
    linear("linear_w8", 1, 576, 49152, undefined, "i16"),
    (ms) => `${(576 * 49152 / ms / 1e6).toFixed(1)} GB/s`,
  );
}
if (what === "gemm") {
  for (
    const [kind, g] of [["linear_w8", 0], ["linear_w4", 0], ["linear_w4", 64], [
      "linear_w4",
      32,
    ]] as const
  ) {
    for (
      const [m, k, n] of [[64, 576, 1536], [64, 1536, 576], [256, 576, 576], [4, 576, 1536], [
        2,
        576,
        1536,
      ], [3, 576, 1536]]
    ) {
      time(
        `${kind} g${g} ${m}x${k}x${n}`,
        linear(kind, m, k, n, g || undefined),
        (ms) => `${(2 * m * k * n / ms / 1e6).toFixed(1)} GOP/s`,
      );
    }
  }
}
function attention(tokens: number, past: number, ring = 2112, kv = 3, group = 3, size = 64) {
  const rows = kv * size;
  const rate = {
    dtype: "i32",
    extents: [kv, group],
    elements: new Int32Array(kv * group).fill(3000),
  };
  const mult = {
    dtype: "i32",
    extents: [kv, group],
    elements: new Int32Array(kv * group).fill(2 ** 30),
  };
  return {
    name: "",
    instruction: "attention_cached_i8",
    attributes: { kv_heads: kv, group, window: 0 },
    operands: {
      q: v("i8", [tokens, rows * group]),
      offsets: { dtype: "i32", extents: [2], elements: Int32Array.of(0, tokens) },
      slot: one(0),
      past: one(past),
      keys: v("i8", [1, ring, rows]),
      values: v("i8", [1, ring, rows]),
      prefix: v("i8", [2, 1, rows]),
      exponentials: {
        dtype: "i32",
        extents: [4096],
        elements: Int32Array.from(
          { length: 4096 },
          (_, u) => u < 4095 ? Math.round(2 ** (20 - u / 256)) : 0,
        ),
      },
      rate,
      value_zero: { dtype: "i32", extents: [kv], elements: new Int32Array(kv) },
      multiplier: mult,
      shift: one(45),
      zero_point: one(0),
    },
    results: { y: { dtype: "i8", extents: [tokens, rows * group] } },
  } as any;
}
if (what === "attention") {
  for (
    const [t, p] of [[1, 127], [1, 1023], [1, 2047], [2, 1023], [3, 1023], [16, 1023], [64, 0], [
      64,
      1023,
    ], [256, 0]]
  ) {
    time(`attention ${t} at ${p}`, attention(t, p), (ms) => {
      const keys = t * (p + (t + 1) / 2);
      return `${(ms * 1e6 / keys / 9).toFixed(1)} ns a key and head, ${
        (4 * keys * 9 * 64 / ms / 1e6).toFixed(1)
      } GOP/s`;
    });
  }
}
if (what === "ops") {
  time("rms_norm 1x576", {
    name: "",
    instruction: "rms_norm_i32",
    attributes: { bits: 8 },
    operands: {
      x: v("i32", [1, 576]),
      epsilon: one(1000),
      gain: v("i32", [576]),
      shift: one(20),
      zero_point: one(3),
    },
    results: { y: { dtype: "i8", extents: [1, 576] } },
  }, () => "");
  time("swiglu 1x1536", {
    name: "",
    instruction: "swiglu_i16",
    operands: {
      gate: v("i16", [1, 1536]),
      up: v("i16", [1, 1536]),
      table: v("i16", [4096]),
      shift: one(20),
      zero_point: one(3),
    },
    results: { y: { dtype: "i8", extents: [1, 1536] } },
  }, () => "");
  time("rotary 1x576", {
    name: "",
    instruction: "rotary_i16",
    attributes: { pair: 2 },
    operands: { x: v("i16", [1, 576]), angles: v("i16", [1, 2, 32]) },
    results: { y: { dtype: "i8", extents: [1, 576] } },
  }, () => "");
  time("hadamard 1x576", {
    name: "",
    instruction: "hadamard_i32",
    attributes: { paley: 1 },
    operands: { x: v("i32", [1, 576]), shift: one(5), signs: v("i8", [576]) },
    results: { y: { dtype: "i32", extents: [1, 576] } },
  }, () => "");
  const z = v("i32", [1, 49152]);
  for (let i = 0; i < 49152; i++) z.elements[i] = z.elements[i] & 65535;
  const oct = {
    dtype: "i32",
    extents: [257],
    elements: Int32Array.from({ length: 257 }, (_, i) => Math.floor(2 ** (30 - i / 256) + 0.5)),
  };
  const R = (rate: number, k: number, p: number) => ({
    name: "",
    instruction: "sample_i32",
    operands: {
      logits: z,
      octave: oct,
      rate: one(rate),
      top_k: one(k),
      top_p: one(p),
      min_p: one(0),
      random: v("i32", [1, 4]),
    },
    results: { y: { dtype: "i32", extents: [1] } },
  });
  time("sample plain", R(1512775, 0, 65536), () => "");
  time("sample greedy", R(0, 0, 65536), () => "");
  time("sample k40 p.9", R(1512775, 40, 58982), () => "");
  time("sample p.9", R(1512775, 0, 58982), () => "");
}
if (what === "over") {
  for (const [kind, g] of [["linear_w8", 0], ["linear_w4", 0], ["linear_w4", 64]] as const) {
    for (const k of [16, 64, 576]) {
      time(
        `${kind} g${g} 1x${k}x8192`,
        linear(kind, 1, k, 8192, g || undefined),
        (ms) => `${(ms * 1e6 / 1024).toFixed(1)} ns a panel`,
      );
    }
  }
}
