/**
 * Times the GEMM kernels alone, every build and output, beside onnxruntime-web: for who tunes them.
 *
 *     deno run -A bench/kernels/gemm.ts [--rounds 21] [--shapes 197x192x576,…] [--only f32]
 *
 * Shapes are M×K×N. Ours packs the activations and stores all of the product.
 *
 * @module
 */
import { PANEL_ELEMENTS } from "../../src/layouts/elements.ts";
import { interleave } from "../interleave.ts";
import type { Contender } from "../interleave.ts";
import { openWeb } from "../onnxruntime.ts";
import { table, times } from "../../tools/markdown_table.ts";
import { transpose } from "../transpose.ts";
import { matmulOnnx } from "../onnx/matmul.ts";
import { dotLimit } from "./dot_limit.ts";
import { type Build, Kernels, Random } from "./load.ts";

const rounds = Number(option("--rounds") ?? 21);
const only = option("--only") ?? "";
const shapes = (option("--shapes") ?? "197x192x576,197x768x192,197x768x768,384x384x384,768x768x768")
  .split(",").map((shape) => shape.split("x").map(Number));
const builds = { simd: await Kernels.load("simd", 64), relaxed: await Kernels.load("relaxed", 64) };

/** Number of a form of the dot product (`wasm/fewbit.h`). */
const SEVEN = 1;
const own = builds.relaxed.e.dot_form();
const LIMIT = "dot products alone";
const limit = await dotLimit();
console.log(`dot: ${["none", "seven", "signed", "unsigned"][own]}`);

for (const shape of shapes) {
  const [m, k, n] = shape;
  for (const kernels of Object.values(builds)) kernels.reset();
  const random = new Random(3);
  const data: Data = {
    x8: random.i8(m * k),
    xf: random.f32(m * k),
    w8: random.i8(n * k),
    w7: random.i8(n * k, -63, 63),
    wf: random.f32(n * k),
  };
  const contenders = [
    ...await peers(shape, data),
    ...kernelsOf("simd", shape, data),
    ...kernelsOf("relaxed", shape, data),
    ...kernelsOf("relaxed", shape, data, SEVEN),
    { name: LIMIT, run: () => limit(m * k * n) },
  ].filter(({ name }) => name.includes(only) || name.startsWith("web") || name === LIMIT);
  const timings = await interleave(contenders, { rounds });
  const gops = (ms: number) => (2 * m * k * n / 1e6 / ms).toFixed(1);
  const rows = contenders.map(({ name }) => {
    const peer = name.includes("f32") ? "web f32" : "web int8";
    const ratio = times(timings.ratio(name, peer), timings.bestRatio(name, peer));
    const share = timings.ratio(name, LIMIT).toFixed(2);
    return [name, gops(timings.median(name)), gops(timings.best(name)), ratio, share];
  });
  console.log(`\n${shape.join("×")}\n`);
  console.log(table(["", "GOP/s", "best", "to onnxruntime-web", "to the limit"], rows));
}

interface Data {
  readonly x8: Int8Array<ArrayBuffer>;
  readonly xf: Float32Array<ArrayBuffer>;
  readonly w8: Int8Array<ArrayBuffer>;
  readonly w7: Int8Array<ArrayBuffer>;
  readonly wf: Float32Array<ArrayBuffer>;
}

async function peers(shape: readonly number[], { x8, xf, w8, wf }: Data): Promise<Contender[]> {
  const [m, k, n] = shape;
  const bytes = Uint8Array.from(x8, (v) => v + 128);
  const integer = await openWeb(
    matmulOnnx("MatMulInteger", shape, transpose(w8, n, k)).encode(),
    { x: { type: "uint8", dims: [m, k], data: bytes } },
  );
  const float = await openWeb(
    matmulOnnx("MatMul", shape, transpose(wf, n, k)).encode(),
    { x: { type: "float32", dims: [m, k], data: xf } },
  );
  return [
    { name: "web int8", run: () => integer.run() },
    { name: "web f32", run: () => float.run() },
  ];
}

function kernelsOf(
  build: Build,
  [m, k, n]: readonly number[],
  data: Data,
  dot = build === "simd" ? 0 : own,
): Contender[] {
  const kernels = builds[build];
  const { e } = kernels;
  const random = new Random(5);
  const [x8, xf] = [data.x8, data.xf].map((x) => kernels.put(x));
  const w8 = kernels.put(PANEL_ELEMENTS.panel_8x4.pack(data.w8, n, k));
  const w7 = kernels.put(PANEL_ELEMENTS.panel_8x4_u7.pack(data.w7, n, k));
  const wf = kernels.put(PANEL_ELEMENTS.panel_8.pack(data.wf, n, k));
  const y = kernels.alloc(m * n * 4);
  const scratch = kernels.alloc(Math.max(e.gemm_i8_scratch(m, k, n), e.gemm_f32_scratch(m, k, n)));
  const raw = kernels.epilogue({ out: 0 });
  const requantize = kernels.epilogue({
    out: 1,
    bias: kernels.put(new Int32Array(n)),
    m: kernels.put(Int32Array.from({ length: n }, () => random.int(1 << 30, 2147483647))),
    e: kernels.put(new Int32Array(n).fill(31 + 9 + Math.round(Math.log2(k) / 2))),
    perChannel: 1,
  });
  const i8 = (ep: number, size: number) =>
    e.gemm_i8(x8, k, m, k, w8, n, y, n * size, ep, scratch, 0, 0, dot);
  const i7 = (ep: number, size: number) =>
    e.gemm_i8(x8, k, m, k, w7, n, y, n * size, ep, scratch, 64, 0, dot);
  const name = dot === SEVEN ? `${build} seven` : build;
  const contenders: Contender[] = [
    { name: `${name} i8`, run: () => i8(raw, 4) },
    { name: `${name} i8→i8`, run: () => i8(requantize, 1) },
    { name: `${name} i7`, run: () => i7(raw, 4) },
    { name: `${name} i7→i8`, run: () => i7(requantize, 1) },
  ];
  if (dot === SEVEN && own !== SEVEN) return contenders;
  contenders.push(
    {
      name: `${build} f32`,
      run: () => e.gemm_f32(xf, k * 4, m, k, wf, n, y, n * 4, 0, 0, 0, scratch),
    },
  );
  if (build === "simd") return contenders;
  return [
    ...contenders,
    {
      name: "relaxed f32 fast",
      run: () => e.gemm_f32_fast(xf, k * 4, m, k, wf, n, y, n * 4, 0, 0, 0, scratch),
    },
  ];
}

function option(name: string): string | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Deno.args[at + 1];
}
