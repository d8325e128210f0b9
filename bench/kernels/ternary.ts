/**
 * Times the ternary product and what stands before it: the kernels alone, and float32 in, float32 out through the engine, beside
 * onnxruntime-web's product with 2-bit weights, which normalises nothing.
 *
 *     deno run -A bench/kernels/ternary.ts [--rounds 15] [--shapes 197x192x576,…] [--vectors 1024x1024,…]
 *
 * Shapes are M×K×N, those of vectors N×K. Beside the vectors stands how fast a wasm loop reads memory of that size.
 *
 * @module
 */
import wabt from "../../tools/wabt.ts";
import { load } from "../../src/engines/load.ts";
import { packBase3 } from "../../src/numeric/base3.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { PANEL_ELEMENTS } from "../../src/layouts/elements.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { interleave } from "../interleave.ts";
import type { Contender } from "../interleave.ts";
import { openWeb } from "../onnxruntime.ts";
import { table, times } from "../../tools/markdown_table.ts";
import { matmulNBitsOnnx } from "../onnx/matmul_nbits.ts";
import { Kernels, Random } from "./load.ts";

const PEER = "onnxruntime-web f32 → f32", SCALE = 0.02;
const rounds = Number(option("--rounds") ?? 15);
const shapes = sizes("--shapes", "197x192x576,197x768x192,197x1536x576,384x384x384,768x768x768");
const vectors = sizes("--vectors", "1024x1024,5632x1024,1024x2816,4096x4096");
const builds = { simd: await Kernels.load("simd", 64), relaxed: await Kernels.load("relaxed", 64) };

/** Kernels alone, int32 and float32 out, both builds. */
function kernelsOf([m, k, n]: readonly number[], trits: Int8Array): Contender[] {
  const random = new Random(5), x = random.i8(m * k), alpha = random.f32(m);
  return (["simd", "relaxed"] as const).flatMap((build) => {
    const kernels = builds[build], { e } = kernels;
    kernels.reset();
    const [px, pa, pw] = [x, alpha, PANEL_ELEMENTS.panel_8x16_t2.pack(trits, n, k)].map((array) =>
      kernels.put(array)
    );
    const [y, scratch] = [kernels.alloc(m * n * 4), kernels.alloc(e.gemm_t2_scratch(m, k))];
    const run = (factors: number) => () =>
      e.gemm_t2(px, k, m, k, pw, n, y, n * 4, factors, 4, SCALE, 0, 0, scratch);
    return [{ name: `${build} → i32`, run: run(0) }, { name: `${build} → f32`, run: run(pa) }];
  });
}

/** float32 in, float32 out: RMSNorm, codes, product. Of the product one row is handed out. */
function program([m, k, n]: readonly number[], trits: Int8Array): CompiledProgram {
  const builder = new ProgramBuilder();
  const [one, rows, inner, columns] = [1, m, k, n].map((extent) => builder.expression(extent));
  const numbers = (values: number[], extents: number[]) =>
    builder.tensor({
      region: "constant",
      dtype: "f32",
      extents,
      data: new Uint8Array(Float32Array.from(values).buffer),
    });
  const arena = (dtype: "i8" | "f32", extents: number[]) =>
    builder.tensor({ region: "arena", dtype, extents });
  const x = builder.tensor({ region: "input", name: "x", dtype: "f32", extents: [rows, inner] });
  const y = builder.tensor({ region: "output", name: "y", dtype: "f32", extents: [one, columns] });
  const weight = builder.tensor({
    region: "constant",
    dtype: "i8",
    layout: "panel_8x16_t2",
    encoding: "base3",
    extents: [columns, inner],
    data: packBase3(trits),
  });
  const gamma = numbers(Array(k).fill(1), [one, inner]), epsilon = numbers([1e-6], [one]);
  const scale = numbers([SCALE], [one]);
  const q = arena("i8", [one, rows, inner]), alpha = arena("f32", [one, rows]);
  const product = arena("f32", [rows, columns]);
  builder.instruction("rms_norm_quantize_i8", {
    x: builder.whole(x),
    gamma: builder.whole(gamma),
    epsilon: builder.whole(epsilon),
    q: builder.whole(q),
    alpha: builder.whole(alpha),
  });
  builder.instruction("linear_ternary", {
    x: builder.view(q, [rows, inner], inner),
    alpha: builder.view(alpha, [rows, one], one),
    weight: builder.whole(weight),
    weight_scale: builder.whole(scale),
    y: builder.whole(product),
  });
  const row = builder.view(product, [one, columns], columns);
  builder.instruction("copy", { x: row, y: builder.whole(y) });
  builder.entry("main");
  return builder.finish();
}

async function enginesOf(shape: readonly number[], trits: Int8Array): Promise<Contender[]> {
  const [m, k] = shape, x = new Random(7).f32(m * k);
  return await Promise.all((["wasm-simd", "wasm-relaxed"] as const).map(async (engine) => {
    const instance = await load(program(shape, trits), { engine });
    return {
      name: `${engine} f32 → f32`,
      run: () => instance.begin({ x }).advance(),
    };
  }));
}

/** onnxruntime-web; the first row of what it gives is compared with the definition. */
async function peer(shape: readonly number[], trits: Int8Array): Promise<Contender> {
  const [m, k] = shape, x = new Random(7).f32(m * k);
  const session = await openWeb(
    matmulNBitsOnnx(2, shape, { trits, scale: SCALE }).encode(),
    { x: { type: "float32", dims: [m, k], data: x } },
  );
  const { y } = await session.run();
  (y.data as Float32Array).forEach((got, j) => {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += x[i] * trits[j * k + i];
    // It makes int8 of x.
    if (Math.abs(got - sum * SCALE) > SCALE * k / 127) {
      throw new Error(`onnxruntime gave ${got} for ${sum * SCALE}`);
    }
  });
  return { name: PEER, run: () => session.run() };
}

const { instance: reader } = await WebAssembly.instantiate(await readerModule());
const readMemory = reader.exports.memory as WebAssembly.Memory;
const read = reader.exports.read as (bytes: number) => void;
// Pages that were never written may all be the same one.
new Uint8Array(readMemory.buffer).fill(1);

/** Loads of 16 bytes, four in a turn. */
async function readerModule(): Promise<Uint8Array<ArrayBuffer>> {
  const line = (i: number) =>
    `(local.set $s${i} (v128.or (local.get $s${i}) (v128.load offset=${16 * i} (local.get $p))))`;
  const text = `(module (memory (export "memory") 2048)
    (func (export "read") (param $n i32) (local $p i32) ${
    [0, 1, 2, 3].map((i) => `(local $s${i} v128)`).join("")
  }
      (loop $l ${[0, 1, 2, 3].map(line).join("")}
        (br_if $l (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const 64))) (local.get $n))))
      (v128.store (i32.const 0) (v128.or (v128.or (local.get $s0) (local.get $s1))
        (v128.or (local.get $s2) (local.get $s3))))))`;
  const module = (await wabt()).parseWat("read.wat", text, { simd: true });
  return Uint8Array.from(module.toBinary({}).buffer);
}

for (const shape of shapes) {
  const [m, k, n] = shape, trits = new Random(3).i8(n * k, -1, 1);
  const contenders = [
    await peer(shape, trits),
    ...kernelsOf(shape, trits),
    ...await enginesOf(shape, trits),
  ];
  const timings = await interleave(contenders, { rounds });
  const gops = (ms: number) => (2 * m * k * n / 1e6 / ms).toFixed(1);
  console.log(`\n${shape.join("×")}\n`);
  console.log(table(
    ["", "GOP/s", "best", "to onnxruntime-web"],
    contenders.map(({ name }) => {
      const ratio = times(timings.ratio(name, PEER), timings.bestRatio(name, PEER));
      return [name, gops(timings.median(name)), gops(timings.best(name)), ratio];
    }),
  ));
}

for (const [n, k] of vectors) {
  const shape = [1, k, n], trits = new Random(3).i8(n * k, -1, 1), bytes = n * k / 4;
  if (readMemory.buffer.byteLength < bytes) throw new Error(`${bytes} bytes are too many`);
  const contenders = [
    ...kernelsOf(shape, trits),
    ...await enginesOf(shape, trits),
    { name: "read", run: () => read(bytes) },
  ];
  const timings = await interleave(contenders, { rounds });
  const rate = (ms: number) => (n * k / 1e6 / ms).toFixed(1);
  const bandwidth = (ms: number) => (bytes / 1e6 / ms).toFixed(1);
  console.log(`\n${n}×${k}\n`);
  console.log(table(
    ["", "Gw/s", "best", "GB/s, best"],
    contenders.map(({ name }) => [
      name,
      ...name === "read" ? ["", ""] : [rate(timings.median(name)), rate(timings.best(name))],
      bandwidth(timings.best(name)),
    ]),
  ));
}

function sizes(name: string, otherwise: string): number[][] {
  const text = option(name) ?? otherwise;
  return text === "" ? [] : text.split(",").map((shape) => shape.split("x").map(Number));
}

function option(name: string): string | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Deno.args[at + 1];
}
