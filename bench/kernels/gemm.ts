/**
 * Times the GEMM kernels against onnxruntime-web (wasm, one thread) in one process, interleaved.
 * `deno run -A bench/kernels/gemm.ts [--rounds 21] [--shapes 197x192x576,…] [--only f32]` — shapes are M×K×N.
 *
 * The weights are a constant initializer on both sides. Our time includes packing the activations and storing the result, as does ORT's
 * MatMulInteger (u8 × s8 → i32) and MatMul. Ratios are medians of paired rounds: above 1 ours is faster.
 *
 * @module
 */
// deno-lint-ignore no-import-prefix -- a peer, wanted only here
import * as ort from "npm:onnxruntime-web@1.30.0";
import { packPanelsF32, packPanelsI7, packPanelsI8 } from "../../src/program/pack.ts";
import { Kernels, Random } from "./load.ts";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

// ONNX is protobuf: just enough of a writer for a graph of one node.
type Piece = Uint8Array | number[];
const text = new TextEncoder();
function varint(n: number): number[] {
  const out: number[] = [];
  do {
    out.push(n % 128 + (n >= 128 ? 128 : 0));
    n = Math.floor(n / 128);
  } while (n);
  return out;
}
function join(...pieces: Piece[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(pieces.reduce((s, p) => s + p.length, 0));
  pieces.reduce((at, p) => (out.set(p, at), at + p.length), 0);
  return out;
}
const integer = (field: number, n: number) => join(varint(field << 3), varint(n));
function block(field: number, content: Piece | string): Uint8Array {
  const bytes = typeof content === "string" ? text.encode(content) : content;
  return join(varint(field << 3 | 2), varint(bytes.length), bytes);
}
const TYPE = { f32: 1, u8: 2, i8: 3, i32: 6 };
function value(name: string, type: number, dims: number[]): Uint8Array {
  return join(
    block(1, name),
    block(
      2,
      block(1, join(integer(1, type), block(2, join(...dims.map((d) => block(1, integer(1, d))))))),
    ),
  );
}
function model(
  op: string,
  m: number,
  k: number,
  n: number,
  types: [number, number, number],
  b: ArrayBufferView,
): Uint8Array {
  const raw = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  const constant = join(
    integer(1, k),
    integer(1, n),
    integer(2, types[1]),
    block(8, "b"),
    block(9, raw),
  );
  const node = join(block(1, "a"), block(1, "b"), block(2, "c"), block(4, op));
  const graph = join(
    block(1, node),
    block(2, "g"),
    block(5, constant),
    block(11, value("a", types[0], [m, k])),
    block(12, value("c", types[2], [m, n])),
  );
  return join(integer(1, 8), block(7, graph), block(8, integer(2, 17)));
}

function option(name: string): string | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Deno.args[at + 1];
}
const rounds = Number(option("--rounds") ?? 21);
const shapes = (option("--shapes") ?? "197x192x576,197x768x192,197x768x768,384x384x384,768x768x768")
  .split(",").map((s) => s.split("x").map(Number));
const median = (a: number[]) => [...a].sort((x, y) => x - y)[a.length >> 1];

const builds = { simd: await Kernels.load("simd", 64), relaxed: await Kernels.load("relaxed", 64) };
const random = new Random(3);
console.log(
  `V8 ${Deno.version.v8}, Deno ${Deno.version.deno}, ${rounds} rounds; GOP/s best (median), ratio = median of paired rounds`,
);

for (const [m, k, n] of shapes) {
  const w8 = random.i8(n * k), w7 = random.i8(n * k, -63, 63), wf = random.f32(n * k);
  const a8 = random.i8(m * k), af = random.f32(m * k);
  const transpose = <T extends Int8Array | Float32Array>(w: T, to: T): T => {
    for (let j = 0; j < n; j++) for (let i = 0; i < k; i++) to[i * n + j] = w[j * k + i];
    return to;
  };
  const session = async (bytes: Uint8Array, a: ort.Tensor): Promise<() => Promise<unknown>> => {
    const s = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    return () => s.run({ a });
  };
  const variants: Record<string, () => unknown> = {
    "ort i8": await session(
      model(
        "MatMulInteger",
        m,
        k,
        n,
        [TYPE.u8, TYPE.i8, TYPE.i32],
        transpose(w8, new Int8Array(k * n)),
      ),
      new ort.Tensor("uint8", Uint8Array.from(a8, (v) => v + 128), [m, k]),
    ),
    "ort f32": await session(
      model(
        "MatMul",
        m,
        k,
        n,
        [TYPE.f32, TYPE.f32, TYPE.f32],
        transpose(wf, new Float32Array(k * n)),
      ),
      new ort.Tensor("float32", af, [m, k]),
    ),
  };
  for (const [build, kernels] of Object.entries(builds)) {
    kernels.reset();
    const e = kernels.e;
    const x8 = kernels.put(a8),
      xf = kernels.put(af),
      p8 = kernels.put(packPanelsI8(w8, n, k)),
      p7 = kernels.put(packPanelsI7(w7, n, k)),
      pf = kernels.put(packPanelsF32(wf, n, k));
    const y = kernels.alloc(m * n * 4),
      scratch = kernels.alloc(Math.max(e.gemm_i8_scratch(m, k, n), e.gemm_f32_scratch(m, k, n)));
    const raw = kernels.epilogue({ out: 0 });
    const mul = kernels.put(Int32Array.from({ length: n }, () => random.int(1 << 30, 2147483647))),
      exp = kernels.put(new Int32Array(n).fill(31 + 9 + Math.round(Math.log2(k) / 2)));
    const requant = kernels.epilogue({
      out: 1,
      bias: kernels.put(new Int32Array(n)),
      m: mul,
      e: exp,
      perChannel: 1,
    });
    const relaxed = build === "relaxed";
    const set = (tune: number) => relaxed && (e.tune.value = tune);
    variants[`${build} i8`] = () => (set(1), e.gemm_i8(x8, k, m, k, p8, n, y, n * 4, raw, scratch));
    variants[`${build} i8→i8`] =
      () => (set(1), e.gemm_i8(x8, k, m, k, p8, n, y, n, requant, scratch));
    variants[`${build} i7`] = () => (set(1), e.gemm_i7(x8, k, m, k, p7, n, y, n * 4, raw, scratch));
    variants[`${build} i7→i8`] =
      () => (set(1), e.gemm_i7(x8, k, m, k, p7, n, y, n, requant, scratch));
    if (relaxed) {
      variants["relaxed i7 tune=0"] =
        () => (set(0), e.gemm_i7(x8, k, m, k, p7, n, y, n * 4, raw, scratch));
      variants["relaxed f32 fast"] = () =>
        e.gemm_f32_fast(xf, k * 4, m, k, pf, n, y, n * 4, 0, 0, 0, scratch);
    }
    variants[`${build} f32`] = () => e.gemm_f32(xf, k * 4, m, k, pf, n, y, n * 4, 0, 0, 0, scratch);
  }
  for (const name of Object.keys(variants)) {
    if (!name.includes(option("--only") ?? "")) delete variants[name];
  }
  const times: Record<string, number[]> = {}, repeats: Record<string, number> = {};
  for (const [name, run] of Object.entries(variants)) {
    const start = performance.now();
    let count = 0;
    for (; performance.now() - start < 60 || count < 3; count++) {
      const p = run();
      if (p instanceof Promise) await p;
    }
    repeats[name] = Math.max(1, Math.ceil(count * 5 / (performance.now() - start)));
    times[name] = [];
  }
  for (let r = 0; r < rounds; r++) {
    for (const [name, run] of Object.entries(variants)) {
      const start = performance.now();
      for (let i = 0; i < repeats[name]; i++) {
        const p = run();
        if (p instanceof Promise) await p;
      }
      times[name].push((performance.now() - start) / repeats[name]);
    }
  }
  console.log(`\n${m}×${k}×${n}`);
  const work = 2 * m * k * n / 1e6;
  for (const [name, t] of Object.entries(times)) {
    const peer = times[name.includes("f32") ? "ort f32" : "ort i8"];
    const ratio = median(t.map((v, i) => peer[i] / v));
    console.log(
      `  ${name.padEnd(20)} ${(work / Math.min(...t)).toFixed(1).padStart(7)} (${
        (work / median(t)).toFixed(1).padStart(6)
      })  ${ratio.toFixed(2)}`,
    );
  }
}
