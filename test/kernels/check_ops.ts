/**
 * Checks every `asm/ops/*.ts` against plain definitions on random and hostile operands, and against the golden vectors
 * where they are there (FEWBIT_SHARED, default /work/shared).
 *
 *     deno run -A test/kernels/check_ops.ts [seed] [rounds]
 */
import { compileOps, KernelModule } from "./_kernel_module.ts";
import type { TestOperand } from "./_kernel_module.ts";
import * as oracle from "./_oracles.ts";
import type { DType } from "../../src/tensor.ts";

const f = Math.fround;
let state = Number(Deno.args[0] ?? 1) >>> 0;
const rounds = Number(Deno.args[1] ?? 60);

function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ state >>> 15, 1 | state);
  t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
  return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
}
/** low … high, both included. */
const int = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const pick = <T>(...of: readonly T[]): T => of[int(0, of.length - 1)];
const some = <T>(n: number, make: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => make(i));

const RANGE: Record<string, [number, number]> = {
  i8: [-128, 127],
  u8: [0, 255],
  i16: [-32768, 32767],
  i32: [-(2 ** 31), 2 ** 31 - 1],
};

/** Uniform, small, extreme or constant values. */
function values(n: number, dtype: string): number[] {
  const [low, high] = RANGE[dtype];
  const constant = int(low, high);
  switch (int(0, 5)) {
    case 0:
      return some(n, () => pick(low, high, 0, 1, low + 1));
    case 1:
      return some(n, () => Math.max(low, int(-5, 5)));
    case 2:
      return some(n, () => constant);
    default:
      return some(n, () => int(low, high));
  }
}

const extent = (): number =>
  pick(1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 33, 64, 97, int(1, 70));
const gap = (): number => pick(0, 0, 3, 16);

/** Multiplier and shift: mostly those that bring `size` to `target`, sometimes anything. */
function dyadic(size: number, target: number): [number, number] {
  const kind = int(0, 9);
  if (kind === 0) {
    return [
      pick(0, 1, -1, 2 ** 31 - 1, -(2 ** 31 - 1), -(2 ** 31), int(-(2 ** 31), 2 ** 31 - 1)),
      pick(-3, 0, 1, 2, 31, 61, 62, 63, 64, 1000, int(-5, 70)),
    ];
  }
  if (kind === 1) return [pick(1, -1, 3) * 2 ** pick(0, 10, 29), int(1, 40)]; // many exact ties
  const ratio = target / size * 2 ** (random() * 4 - 2) || 1;
  const e = 30 - Math.floor(Math.log2(ratio));
  return [Math.min(2 ** 31 - 1, Math.round(ratio * 2 ** e)) * pick(1, 1, 1, -1), e];
}

/** Multipliers and shifts, each one a column or one for all. */
function columnsOrOne(channels: [number, number][]): [number[], number[]] {
  const same = channels.map((c) => [c[0], channels[0][1]]);
  const [m, e] = pick(
    [channels.length, channels.length],
    [channels.length, channels.length],
    [1, 1],
    [1, channels.length],
    [channels.length, 1],
  );
  return [
    (e === 1 ? same : channels).map((c) => c[0]).slice(0, m),
    channels.map((c) => c[1]).slice(0, e),
  ];
}

let checked = 0;
function same(what: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  if (actual.length !== expected.length) {
    throw new Error(`${what}: ${actual.length} elements, expected ${expected.length}`);
  }
  for (let i = 0; i < actual.length; i++) {
    if (
      !Object.is(actual[i], expected[i]) &&
      !(actual[i] === 0 && expected[i] === 0 && !/f32/.test(what))
    ) {
      throw new Error(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
    }
  }
  checked += actual.length;
}

const i32 = (...data: number[]): TestOperand => ({ dtype: "i32", shape: [data.length], data });
const columnsOf = (list: number[], n: number, c: number): number =>
  list[list.length === n && n > 1 ? c : 0];
const real = (): number => f((random() * 2 - 1) * 2 ** int(-3, 3));
const reals = (n: number): number[] =>
  some(n, () => int(0, 300) === 0 ? f(pick(0, -0, 1e30, -1e30, 1e-40, -80, 80)) : real());
const wrap = (v: bigint, bits: number): number => Number(BigInt.asIntN(bits, v));

type Check = (k: KernelModule) => void;
const CHECKS: Record<string, Check> = {
  quantize_linear(k) {
    const m = int(1, 4),
      n = extent(),
      dtype = pick<DType>("i8", "i16"),
      scale = f(random() * 0.1 + 1e-3);
    const x = some(
      m * n,
      () =>
        int(0, 20) === 0
          ? pick(NaN, Infinity, -Infinity, 1e30, 0.5 * scale, 1.5 * scale, -0)
          : real() * 10,
    ).map(f);
    const [low, high] = RANGE[dtype], inverse = f(1 / scale);
    const expected = x.map((v) => {
      const t = f(inverse * v), b = Math.floor(t), r = t - b;
      return Number.isNaN(t) ? 0 : Math.min(
        high,
        Math.max(low, Number.isFinite(t) ? (r < .5 || (r === .5 && b % 2 === 0) ? b : b + 1) : t),
      );
    });
    same(
      "quantize_linear",
      k.run("quantize_linear", {
        x: { dtype: "f32", shape: [m, n], data: x, gap: gap() },
        scale: { dtype: "f32", shape: [1], data: [scale] },
        y: { dtype, shape: [m, n], gap: gap() },
      }).y,
      expected,
    );
  },
  dequantize_linear(k) {
    const m = int(1, 4),
      n = extent(),
      dtype = pick<DType>("i8", "i16", "i32"),
      x = values(m * n, dtype),
      scale = reals(pick(1, n));
    const zero = pick<number[] | null>(null, [0], [int(-300, 300)], values(1, "i32"));
    same(
      "dequantize_linear f32",
      k.run("dequantize_linear", {
        x: { dtype, shape: [m, n], data: x, gap: gap() },
        scale: { dtype: "f32", shape: [scale.length], data: scale },
        ...(zero && { zero_point: i32(...zero) }),
        y: { dtype: "f32", shape: [m, n], gap: gap() },
      }).y,
      x.map((v, i) => f(f(v - (zero?.[0] ?? 0)) * columnsOf(scale, n, i % n))),
    );
  },
  requantize(k) {
    const m = int(1, 5),
      n = extent(),
      dtype = pick<DType>("i8", "i16", "i32"),
      y = pick<DType>("i8", "i16", "i32"),
      rounding = pick(0, 0, 0, 1, 2, 3);
    const x = values(m * n, dtype), target = y === "i8" ? 100 : 20000, [, size] = RANGE[dtype];
    const channels = some(n, () => dyadic(size, target)), [M, E] = columnsOrOne(channels);
    const idType = pick<DType>("i8", "i16", "i32"),
      repeat = pick(1, m),
      withIdentity = pick(true, false);
    const identity = values(repeat * n, idType), [m2, e2] = dyadic(RANGE[idType][1], target);
    const zero = pick<number[] | null>(null, null, [int(-50, 50)], values(1, "i32"));
    const expected = x.map((v, i) => {
      let sum = oracle.rounded(v, columnsOf(M, n, i % n), columnsOf(E, n, i % n), rounding) +
        BigInt(zero?.[0] ?? 0);
      if (withIdentity) sum += oracle.rounded(identity[i % (repeat * n)], m2, e2, rounding);
      return oracle.saturate(sum, y);
    });
    same(
      `requantize ${dtype} ${y} ${rounding} ${withIdentity}`,
      k.run("requantize", {
        x: { dtype, shape: [m, n], data: x, gap: gap() },
        multiplier: i32(...M),
        shift: i32(...E),
        ...(withIdentity &&
          {
            identity: { dtype: idType, shape: [repeat, n], data: identity, gap: gap() },
            identity_multiplier: i32(m2),
            identity_shift: i32(e2),
          }),
        ...(zero && { zero_point: i32(...zero) }),
        y: { dtype: y, shape: [m, n], gap: gap() },
      }, [rounding]).y,
      expected,
    );
  },
  layer_norm_i16(k) {
    const m = int(1, 4),
      n = pick(extent(), 192, 384),
      dtype = pick<DType>("i8", "i16"),
      y = pick<DType>("i8", "i16", "i32"),
      rounding = pick(0, 0, 1, 2, 3);
    const x = values(m * n, dtype),
      bias = pick(some(n, () => int(-(2 ** 29), 2 ** 29)), values(n, "i32"));
    const channels = some(n, () => dyadic(2 ** 27, y === "i8" ? 60 : 10000)),
      [M, E] = columnsOrOne(channels);
    const z = some(m, (r) => oracle.layerNorm(x.slice(r * n, r * n + n), bias)).flat();
    const expected = y === "i32" ? z : z.map((v, i) =>
      oracle.saturate(
        oracle.rounded(v, columnsOf(M, n, i % n), columnsOf(E, n, i % n), rounding),
        y,
      )
    );
    same(
      "layer_norm_i16",
      k.run("layer_norm_i16", {
        x: { dtype, shape: [m, n], data: x, gap: gap() },
        bias: i32(...bias),
        ...(y !== "i32" && { multiplier: i32(...M), shift: i32(...E) }),
        y: { dtype: y, shape: [m, n], gap: gap() },
      }, [rounding]).y,
      expected,
    );
  },
  shift_gelu(k) {
    const m = int(1, 4),
      n = extent(),
      y = pick<DType>("i8", "i16", "i32"),
      rounding = pick(0, 0, 1, 2, 3);
    const x = pick(values(m * n, "i8"), some(m * n, () => int(-128, -1))),
      x0 = pick(-int(1, 300), -10, 0, 5, -65536, -(2 ** 31), -1, 2 ** 31 - 1),
      [M, E] = dyadic(16256, 100);
    const expected = some(m, (r) => oracle.shiftGelu(x.slice(r * n, r * n + n), x0)).flat().map((
      v,
    ) =>
      y === "i32"
        ? wrap(v, 32)
        : oracle.saturate(oracle.rounded(oracle.saturate(v, "i32"), M, E, rounding), y)
    );
    same(
      `shift_gelu ${x0}`,
      k.run("shift_gelu", {
        x: { dtype: "i8", shape: [m, n], data: x, gap: gap() },
        x0: i32(x0),
        ...(y !== "i32" && { multiplier: i32(M), shift: i32(E) }),
        y: { dtype: y, shape: [m, n], gap: gap() },
      }, [rounding]).y,
      expected,
    );
  },
  lookup(k) {
    const m = int(1, 4),
      n = extent(),
      t = pick(1, 3, 5),
      dtype = pick<DType>("i8", "u8"),
      y = pick<DType>("i8", "i16");
    const x = values(m * n, dtype), table = values(t * 256, y);
    same(
      "lookup",
      k.run("lookup", {
        x: { dtype, shape: [m, n], data: x, gap: gap() },
        table: { dtype: y, shape: [t, 256], data: table },
        y: { dtype: y, shape: [m, n], gap: gap() },
      }).y,
      x.map((v, i) => table[i % n % t * 256 + v + (dtype === "i8" ? 128 : 0)]),
    );
  },
  patches(k) {
    const b = int(1, 3),
      P = int(1, 5),
      h = P * int(1, 3),
      w = P * int(1, 4),
      c = int(1, 4),
      order = pick(0, 1),
      dtype = pick<DType>("i8", "f32");
    const data = dtype === "i8" ? values(b * h * w * c, "i8") : reals(b * h * w * c);
    const [I, W] = pick([h, w * c], [h * w, c], [c * h, w], [1, h * w * c]);
    const expected: number[] = [];
    for (let i = 0; i < b; i++) {
      for (let Y = 0; Y < h; Y += P) {
        for (let X = 0; X < w; X += P) {
          for (let v = 0; v < P; v++) {
            for (let u = 0; u < P; u++) {
              for (let ch = 0; ch < c; ch++) {
                expected.push(
                  data[
                    i * h * w * c +
                    (order ? (ch * h + Y + v) * w + X + u : ((Y + v) * w + X + u) * c + ch)
                  ],
                );
              }
            }
          }
        }
      }
    }
    const count = h / P * (w / P), size = P * P * c;
    same(
      `patches ${dtype}`,
      k.run("patches", {
        x: { dtype, shape: [b, I, W], data, gap: gap() },
        y: { dtype, shape: [b, count, size], gap: gap() },
      }, [h, w, c, P, order]).y,
      expected,
    );
  },
  concat_rows(k) {
    const b = int(1, 3),
      p = int(1, 3),
      l = int(1, 5),
      c = extent(),
      dtype = pick<DType>("i8", "i16", "f32");
    const make = (n: number) => dtype === "f32" ? reals(n) : values(n, dtype),
      first = make(p * c),
      x = make(b * l * c);
    same(
      "concat_rows",
      k.run("concat_rows", {
        first: { dtype, shape: [p, c], data: first, gap: gap() },
        x: { dtype, shape: [b, l, c], data: x, gap: gap() },
        y: { dtype, shape: [b, p + l, c], gap: gap() },
      }).y,
      some(b, (i) => [...first, ...x.slice(i * l * c, (i + 1) * l * c)]).flat(),
    );
  },
  gather_rows(k) {
    const b = int(1, 3),
      r = int(1, 7),
      s = int(1, 9),
      c = extent(),
      dtype = pick<DType>("i8", "i16", "i32", "f32");
    const x = dtype === "f32" ? reals(b * r * c) : values(b * r * c, dtype),
      index = some(s, () => int(0, r - 1));
    same(
      "gather_rows",
      k.run("gather_rows", {
        x: { dtype, shape: [b, r, c], data: x, gap: gap() },
        index: i32(...index),
        y: { dtype, shape: [b, s, c], gap: gap() },
      }).y,
      some(b, (i) => index.map((j) => x.slice((i * r + j) * c, (i * r + j + 1) * c)).flat()).flat(),
    );
  },
  copy(k) {
    const m = int(1, 4),
      n = extent(),
      dtype = pick<DType>("i8", "u8", "i16", "i32", "f32"),
      x = dtype === "f32" ? reals(m * n) : values(m * n, dtype);
    same(
      "copy",
      k.run("copy", {
        x: { dtype, shape: [m, n], data: x, gap: gap() },
        y: { dtype, shape: [m, n], gap: gap() },
      }).y,
      x,
    );
  },
  accumulate(k) {
    const m = int(1, 4),
      n = extent(),
      dtype = pick<DType>("i32", "f32"),
      make = () => dtype === "f32" ? reals(m * n) : values(m * n, "i32"),
      x = make(),
      y = make();
    same(
      `accumulate ${dtype}`,
      k.run("accumulate", {
        x: { dtype, shape: [m, n], data: x, gap: gap() },
        y: { dtype, shape: [m, n], data: y, gap: gap() },
      }).y,
      x.map((v, i) => dtype === "f32" ? f(v + y[i]) : v + y[i] | 0),
    );
  },
  add_f32(k) {
    const m = int(1, 3),
      r = int(1, 3),
      n = extent(),
      deep = pick(true, false),
      a = reals(m * r * n),
      b = reals((deep ? r : 1) * n);
    same(
      "add_f32",
      k.run("add_f32", {
        a: { dtype: "f32", shape: [m, r, n], data: a, gap: gap() },
        b: { dtype: "f32", shape: deep ? [r, n] : [n], data: b, gap: gap() },
        y: { dtype: "f32", shape: [m, r, n], gap: gap() },
      }).y,
      a.map((v, i) => f(v + b[i % b.length])),
    );
  },
  append_rows(k) {
    const s = int(1, 4),
      r = int(1, 6),
      c = extent(),
      b = int(1, s),
      dtype = pick<DType>("i8", "i16", "i32", "f32");
    const offsets = [0];
    for (let i = 0; i < b; i++) offsets.push(offsets[i] + int(i ? 0 : 1, r));
    const t = offsets[b],
      slots = some(s, (i) => i).sort(() => random() - .5).slice(0, b),
      past = some(b, () => int(0, 3 * r));
    const make = (n: number) => dtype === "f32" ? reals(n) : values(n, dtype),
      x = make(t * c),
      cache = make(s * r * c),
      expected = [...cache];
    for (let i = 0; i < b; i++) {
      for (let j = offsets[i]; j < offsets[i + 1]; j++) {
        for (let e = 0; e < c; e++) {
          expected[(slots[i] * r + (past[i] + j - offsets[i]) % r) * c + e] = x[j * c + e];
        }
      }
    }
    same(
      "append_rows",
      k.run("append_rows", {
        x: { dtype, shape: [t, c], data: x, gap: gap() },
        offsets: i32(...offsets),
        slot: i32(...slots),
        past: i32(...past),
        cache: { dtype, shape: [s, r, c], data: cache, gap: gap() },
      }).cache,
      expected,
    );
  },
  mean_rows(k) {
    const b = int(1, 3),
      n = pick(int(1, 9), 49, 196),
      c = extent(),
      dtype = pick<DType>("i8", "i16", "f32"),
      x = dtype === "f32" ? reals(b * n * c) : values(b * n * c, dtype);
    const expected = some(b, (i) =>
      some(c, (e) => {
        const column = some(n, (r) => x[(i * n + r) * c + e]);
        return dtype === "f32"
          ? f(column.reduce((s, v) => f(s + v), 0) * f(1 / n))
          : Number(oracle.meanHalfEven(column.reduce((s, v) => s + BigInt(v), 0n), BigInt(n)));
      })).flat();
    same(
      `mean_rows ${dtype}`,
      k.run("mean_rows", {
        x: { dtype, shape: [b, n, c], data: x, gap: gap() },
        y: { dtype, shape: [b, c], gap: gap() },
      }).y,
      expected,
    );
  },
  softmax_i8(k) {
    const b = int(1, 3),
      h = int(1, 2),
      q = int(1, 4),
      l = extent(),
      table = pick(true, false),
      y = table ? "i16" : pick<DType>("i8", "i16"),
      w = int(1, 2);
    const x = values(b * h * q * l, "i8"),
      exponentials = exponentialsOf(),
      x0 = pick(-int(1, 300), -13, 0, -65535, -(2 ** 31)),
      mask = masks(w * q * l);
    const expected = some(b * h * q, (r) => {
      const row = (Math.floor(r / (h * q)) % w) * q + r % q;
      return oracle.softmaxI8(
        x.slice(r * l, r * l + l),
        table ? exponentials : null,
        x0,
        y === "i8" ? 8 : 16,
        mask && mask.slice(row * l, row * l + l),
      );
    }).flat();
    same(
      `softmax_i8 ${table} ${x0}`,
      k.run("softmax_i8", {
        x: { dtype: "i8", shape: [b, h, q, l], data: x, gap: gap() },
        ...(table ? { exponentials: i32(...exponentials) } : { x0: i32(x0) }),
        ...(mask && { mask: { dtype: "u8", shape: [w, q, l], data: mask } }),
        y: { dtype: y, shape: [b, h, q, l], gap: gap() },
      }).y,
      expected,
    );
  },
  attention_scores_i8(k) {
    const b = int(1, 2),
      heads = int(1, 3),
      d = pick(1, 2, 3, 8, 13, 32),
      q = int(1, 9),
      l = extent(),
      c = heads * d,
      raw = pick(true, false),
      rounding = pick(0, 0, 1, 2, 3);
    const Q = values(b * q * c, "i8"), K = values(b * l * c, "i8"), [m, e] = dyadic(d * 5000, 60);
    const expected = scores(b, heads, d, q, l, Q, K).map((v) =>
      raw ? v : oracle.saturate(oracle.rounded(v, m, e, rounding), "i8")
    );
    same(
      "attention_scores_i8",
      k.run("attention_scores_i8", {
        q: { dtype: "i8", shape: [b, q, c], data: Q, gap: gap() },
        k: { dtype: "i8", shape: [b, l, c], data: K, gap: gap() },
        ...(!raw && { multiplier: i32(m), shift: i32(e) }),
        y: { dtype: raw ? "i32" : "i8", shape: [b, heads, q, l], gap: gap() },
      }, [heads, rounding]).y,
      expected,
    );
  },
  attention_values_i8(k) {
    const b = int(1, 2),
      heads = int(1, 3),
      d = pick(1, 2, 3, 8, 13, 32),
      q = int(1, 9),
      l = extent(),
      c = heads * d,
      raw = pick(true, false),
      rounding = pick(0, 0, 1, 2, 3),
      dtype = pick<DType>("i8", "i16");
    const P = values(b * heads * q * l, dtype),
      V = values(b * l * c, "i8"),
      [m, e] = dyadic(l * 50 * RANGE[dtype][1], 60);
    const expected = attended(b, heads, d, q, l, P, V).map((v) =>
      raw ? v : oracle.saturate(oracle.rounded(v, m, e, rounding), "i8")
    );
    same(
      "attention_values_i8",
      k.run("attention_values_i8", {
        p: { dtype, shape: [b, heads, q, l], data: P, gap: gap() },
        v: { dtype: "i8", shape: [b, l, c], data: V, gap: gap() },
        ...(!raw && { multiplier: i32(m), shift: i32(e) }),
        y: { dtype: raw ? "i32" : "i8", shape: [b, q, c], gap: gap() },
      }, [heads, rounding]).y,
      expected,
    );
  },
  attention_i8(k) {
    const b = int(1, 3),
      heads = int(1, 3),
      d = pick(1, 3, 8, 13, 32),
      q = int(1, 9),
      l = extent(),
      c = heads * d,
      rounding = pick(0, 0, 0, 1, 2, 3),
      w = int(1, 2);
    const Q = values(b * q * c, "i8"), K = values(b * l * c, "i8"), V = values(b * l * c, "i8");
    const [m, e] = dyadic(d * 5000, 60),
      [m2, e2] = dyadic(100, 100),
      [vm, ve] = dyadic(2 ** 15 * 50, 60);
    const bias = pick<number[] | null>(
      null,
      some(heads * q * l, () => int(-100, 100)),
      values(heads * q * l, "i32"),
    );
    const mask = masks(w * q * l),
      table = pick(true, false),
      exponentials = exponentialsOf(),
      x0 = pick(-int(1, 300), -13, 0, -65535, -(2 ** 31)),
      bits = pick(0, 1);
    let s = scores(b, heads, d, q, l, Q, K).map((v) =>
      oracle.saturate(oracle.rounded(v, m, e, rounding), "i8")
    );
    if (bias) {
      s = s.map((v, i) =>
        oracle.saturate(oracle.rounded(v, m2, e2, rounding) + BigInt(bias[i % bias.length]), "i8")
      );
    }
    const p = some(b * heads * q, (r) => {
      const row = (Math.floor(r / (heads * q)) % w) * q + r % q;
      return oracle.softmaxI8(
        s.slice(r * l, r * l + l),
        table ? exponentials : null,
        x0,
        bits ? 8 : 16,
        mask && mask.slice(row * l, row * l + l),
      );
    }).flat();
    const expected = attended(b, heads, d, q, l, p, V).map((v) =>
      oracle.saturate(oracle.rounded(v, vm, ve, rounding), "i8")
    );
    same(
      `attention_i8 table ${table} bias ${!!bias} mask ${!!mask}`,
      k.run("attention_i8", {
        q: { dtype: "i8", shape: [b, q, c], data: Q, gap: gap() },
        k: { dtype: "i8", shape: [b, l, c], data: K, gap: gap() },
        v: { dtype: "i8", shape: [b, l, c], data: V, gap: gap() },
        multiplier: i32(m),
        shift: i32(e),
        ...(bias &&
          {
            multiplier2: i32(m2),
            shift2: i32(e2),
            bias: { dtype: "i32", shape: [heads, q, l], data: bias, gap: gap() },
          }),
        ...(mask && { mask: { dtype: "u8", shape: [w, q, l], data: mask, gap: gap() } }),
        ...(table ? { exponentials: i32(...exponentials) } : { x0: i32(x0) }),
        value_multiplier: i32(vm),
        value_shift: i32(ve),
        y: { dtype: "i8", shape: [b, q, c], gap: gap() },
      }, [heads, bits, rounding]).y,
      expected,
    );
  },
  linear_i8(k) {
    const m = pick(1, 3, 7, 8, 9, 20),
      K = extent(),
      n = extent(),
      seven = pick(true, false),
      rounding = pick(0, 0, 0, 1, 2, 3),
      kind = pick("raw", "plain", "table", "identity");
    const x = values(m * K, "i8"),
      weight = seven ? some(n * K, () => int(-63, 63)) : values(n * K, "i8");
    const y = kind === "raw"
        ? "i32"
        : kind === "table"
        ? "i8"
        : kind === "identity"
        ? "i16"
        : pick<DType>("i8", "i16"),
      target = y === "i8" ? 60 : 10000;
    const channels = some(n, () => dyadic(K * 3000, target)), [M, E] = columnsOrOne(channels);
    const bias = pick<number[] | null>(
        null,
        some(n, () => int(-(2 ** 20), 2 ** 20)),
        values(n, "i32"),
      ),
      table = values(256, "i8"),
      idType = pick<DType>("i8", "i16"),
      identity = values(m * n, idType);
    const zero = kind === "raw" || kind === "identity"
      ? null
      : pick<number[] | null>(null, [int(-50, 50)], values(1, "i32"));
    const [m2, e2] = dyadic(target, target), [m3, e3] = dyadic(RANGE[idType][1], target);
    const expected = some(m * n, (i) => {
      const r = Math.floor(i / n), c = i % n;
      let acc = bias?.[c] ?? 0;
      for (let j = 0; j < K; j++) acc += x[r * K + j] * weight[c * K + j];
      acc |= 0;
      if (kind === "raw") return acc;
      let v = oracle.saturate(
        oracle.rounded(acc, columnsOf(M, n, c), columnsOf(E, n, c), rounding) +
          BigInt(zero?.[0] ?? 0),
        y,
      );
      if (kind === "table") v = table[v + 128];
      if (kind === "identity") {
        v = oracle.saturate(
          oracle.rounded(v, m2, e2, rounding) + oracle.rounded(identity[i], m3, e3, rounding),
          y,
        );
      }
      return v;
    });
    const k4 = Math.ceil(K / 4),
      n8 = Math.ceil(n / 8),
      panels = new Int8Array(n8 * k4 * 32).fill(seven ? 64 : 0);
    for (let c = 0; c < n; c++) {
      for (let j = 0; j < K; j++) {
        panels[((c >> 3) * k4 + (j >> 2)) * 32 + (c & 7) * 4 + (j & 3)] = weight[c * K + j] +
          (seven ? 64 : 0);
      }
    }
    same(
      `linear_i8 ${kind} ${y} ${seven} ${rounding}`,
      k.run("linear_i8", {
        x: { dtype: "i8", shape: [m, K], data: x, gap: gap() },
        weight: {
          dtype: "i8",
          shape: [n, K],
          data: panels,
          layout: seven ? "panel_8x4_u7" : "panel_8x4",
        },
        ...(bias && { bias: i32(...bias) }),
        ...(kind !== "raw" && { multiplier: i32(...M), shift: i32(...E) }),
        ...(zero && { zero_point: i32(...zero) }),
        ...(kind === "table" && { table: { dtype: "i8", shape: [256], data: table } }),
        ...(kind === "identity" &&
          {
            multiplier2: i32(m2),
            shift2: i32(e2),
            identity: { dtype: idType, shape: [m, n], data: identity, gap: gap() },
            identity_multiplier: i32(m3),
            identity_shift: i32(e3),
          }),
        y: { dtype: y, shape: [m, n], gap: gap() },
      }, [rounding]).y,
      expected,
    );
  },
  linear_f32(k) {
    const m = pick(1, 2, 3, 9),
      K = extent(),
      n = extent(),
      x = some(m * K, real),
      weight = some(n * K, real),
      bias = pick(null, some(n, real)),
      identity = pick(null, some(m * n, real));
    const n8 = Math.ceil(n / 8), panels = new Float32Array(n8 * K * 8);
    for (let c = 0; c < n; c++) {
      for (let j = 0; j < K; j++) panels[((c >> 3) * K + j) * 8 + (c & 7)] = weight[c * K + j];
    }
    same(
      "linear_f32",
      k.run("linear_f32", {
        x: { dtype: "f32", shape: [m, K], data: x, gap: gap() },
        weight: { dtype: "f32", shape: [n, K], data: panels, layout: "panel_8" },
        ...(bias && { bias: { dtype: "f32", shape: [n], data: bias } }),
        ...(identity && { identity: { dtype: "f32", shape: [m, n], data: identity, gap: gap() } }),
        y: { dtype: "f32", shape: [m, n], gap: gap() },
      }, [0]).y,
      some(m * n, (i) => {
        const r = Math.floor(i / n), c = i % n;
        let s = 0;
        for (let j = 0; j < K; j++) s = f(s + f(x[r * K + j] * weight[c * K + j]));
        if (bias) s = f(s + bias[c]);
        return identity ? f(s + identity[i]) : s;
      }),
    );
  },
  layer_norm_f32(k) {
    const m = int(1, 4),
      n = extent(),
      x = pick(reals(m * n), some(m * n, () => 2)),
      gamma = reals(n),
      beta = pick(null, reals(n)),
      epsilon = f(1e-6);
    same(
      "layer_norm_f32",
      k.run("layer_norm_f32", {
        x: { dtype: "f32", shape: [m, n], data: x, gap: gap() },
        gamma: { dtype: "f32", shape: [n], data: gamma },
        ...(beta && { beta: { dtype: "f32", shape: [n], data: beta } }),
        epsilon: { dtype: "f32", shape: [1], data: [epsilon] },
        y: { dtype: "f32", shape: [m, n], gap: gap() },
      }).y,
      some(m, (r) => oracle.layerNormF32(x.slice(r * n, r * n + n), gamma, beta, epsilon)).flat(),
    );
  },
  softmax_f32(k) {
    const m = int(1, 4), n = extent(), size = pick(1, 10, 100);
    const x = some(
      m * n,
      () =>
        int(0, 60) === 0
          ? pick(-Infinity, int(0, 9) ? 0 : NaN, int(0, 9) ? -1e30 : Infinity)
          : f(real() * size),
    );
    if (pick(0, 1)) x.fill(-Infinity, 0, n);
    same(
      "softmax_f32",
      k.run("softmax_f32", {
        x: { dtype: "f32", shape: [m, n], data: x, gap: gap() },
        y: { dtype: "f32", shape: [m, n], gap: gap() },
      }).y,
      some(m, (r) => oracle.softmaxF32(x.slice(r * n, r * n + n))).flat(),
    );
  },
  gelu_f32(k) {
    const m = int(1, 4),
      n = extent(),
      x = some(
        m * n,
        () =>
          int(0, 30) === 0
            ? pick(0, -0, NaN, Infinity, -Infinity, 14, -14, 1e30, -1e30, 1e-42)
            : f(real() * 2),
      ).map(f);
    same(
      "gelu_f32",
      k.run("gelu_f32", {
        x: { dtype: "f32", shape: [m, n], data: x, gap: gap() },
        y: { dtype: "f32", shape: [m, n], gap: gap() },
      }).y,
      x.map(oracle.geluF32),
    );
  },
  attention_f32(k) {
    const b = int(1, 3),
      heads = int(1, 3),
      d = pick(1, 3, 8, 13),
      q = int(1, 9),
      l = extent(),
      c = heads * d,
      w = int(1, 2),
      scale = f(0.3);
    const Q = some(b * q * c, real),
      K = some(b * l * c, real),
      V = some(b * l * c, real),
      bias = pick(null, some(heads * q * l, real)),
      mask = masks(w * q * l);
    const expected = new Array<number>(b * q * c);
    for (let i = 0; i < b; i++) {
      for (let h = 0; h < heads; h++) {
        for (let r = 0; r < q; r++) {
          const row = some(l, (j) => {
            let s = 0;
            for (let e = 0; e < d; e++) {
              s = f(s + f(Q[(i * q + r) * c + h * d + e] * K[(i * l + j) * c + h * d + e]));
            }
            s = f(s * scale);
            if (bias) s = f(s + bias[(h * q + r) * l + j]);
            return mask?.[(i % w * q + r) * l + j] ? -Infinity : s;
          });
          const p = oracle.softmaxF32(row);
          for (let e = 0; e < d; e++) {
            let s = 0;
            for (let j = 0; j < l; j++) s = f(s + f(p[j] * V[(i * l + j) * c + h * d + e]));
            expected[(i * q + r) * c + h * d + e] = s;
          }
        }
      }
    }
    same(
      "attention_f32",
      k.run("attention_f32", {
        q: { dtype: "f32", shape: [b, q, c], data: Q, gap: gap() },
        k: { dtype: "f32", shape: [b, l, c], data: K, gap: gap() },
        v: { dtype: "f32", shape: [b, l, c], data: V, gap: gap() },
        scale: { dtype: "f32", shape: [1], data: [scale] },
        ...(bias && { bias: { dtype: "f32", shape: [heads, q, l], data: bias, gap: gap() } }),
        ...(mask && { mask: { dtype: "u8", shape: [w, q, l], data: mask, gap: gap() } }),
        y: { dtype: "f32", shape: [b, q, c], gap: gap() },
      }, [heads, 0]).y,
      expected,
    );
  },
};

function exponentialsOf(): number[] {
  const s = 0.3 * random();
  return pick(
    some(256, (d) => Math.round(Math.exp(-d * s) * 2 ** 20)),
    some(256, (d) => Math.round(Math.exp(-d * s) * 2 ** 20)),
    values(256, "i32"),
    some(256, () => int(0, 3)),
  );
}

function masks(n: number): number[] | null {
  return pick(null, some(n, () => pick(0, 0, 0, 1, 255)), some(n, () => 1), some(n, () => 0));
}

function scores(
  b: number,
  heads: number,
  d: number,
  q: number,
  l: number,
  Q: number[],
  K: number[],
): number[] {
  const c = heads * d;
  return some(b * heads * q * l, (x) => {
    const j = x % l,
      r = Math.floor(x / l) % q,
      h = Math.floor(x / l / q) % heads,
      i = Math.floor(x / l / q / heads);
    let s = 0;
    for (let e = 0; e < d; e++) {
      s += Q[(i * q + r) * c + h * d + e] * K[(i * l + j) * c + h * d + e];
    }
    return s;
  });
}

function attended(
  b: number,
  heads: number,
  d: number,
  q: number,
  l: number,
  P: number[],
  V: number[],
): number[] {
  const c = heads * d;
  return some(b * q * c, (x) => {
    const h = Math.floor(x % c / d), r = Math.floor(x / c) % q, i = Math.floor(x / c / q);
    let s = 0;
    for (let j = 0; j < l; j++) {
      s += P[((i * heads + h) * q + r) * l + j] * V[(i * l + j) * c + x % c];
    }
    return s | 0;
  });
}

/** The golden vectors of spec/ivit.md. */
async function golden(k: KernelModule): Promise<void> {
  const shared = Deno.env.get("FEWBIT_SHARED") ?? "/work/shared";
  const read = async (name: string) =>
    JSON.parse(await Deno.readTextFile(`${shared}/golden/ivit/${name}`));
  const bits = (hex: number) => new Float32Array(new Uint32Array([hex]).buffer)[0];
  const x0Of = (s: number) => Math.floor(-f(1 / s));
  const o = await read("op_vectors.json"), t = await read("vectors_table.json");
  const rq = (z: number[], m: number, e: number, dtype: DType) =>
    k.run("requantize", {
      x: { dtype: "i32", shape: [1, z.length], data: z },
      multiplier: i32(m),
      shift: i32(e),
      y: { dtype, shape: [1, z.length] },
    }, [0]).y;
  for (const v of o.requant) {
    if (v.m < 2 ** 31) same("golden requant", rq(v.z, v.m, v.e, "i32"), v.rne);
  }
  for (const v of t.requantize_exact) {
    if (v.m < 2 ** 31) same("golden requantize_exact", rq([v.z], v.m, v.e, "i32"), [v.r]);
  }
  // an f64 product that is a tie where the exact one is not: the vector path must notice
  const near = [33596946, -33596946, 33596945, 5, 33596946, 0, 1, 33596946, -33596946];
  for (const dtype of ["i8", "i16"] as const) {
    same(
      "near tie",
      rq(near, 1491282745, 50, dtype),
      near.map((z) => oracle.saturate(oracle.rounded(z, 1491282745, 50, 0), dtype)),
    );
  }
  const softmax = (x: number[][], operands: Record<string, TestOperand>, dtype: DType) =>
    k.run("softmax_i8", {
      x: { dtype: "i8", shape: [1, 1, x.length, x[0].length], data: x.flat() },
      ...operands,
      y: { dtype, shape: [1, 1, x.length, x[0].length] },
    }).y;
  for (const v of o.softmax) {
    same("golden softmax 16", softmax(v.x, { x0: i32(x0Of(bits(v.s))) }, "i16"), v.y16.flat());
    same("golden softmax 8", softmax(v.x, { x0: i32(x0Of(bits(v.s))) }, "i8"), v.y8.flat());
  }
  const exponentials = (s: number) =>
    i32(...some(256, (d) => {
      const e = Math.exp(-d * s) * 2 ** 20, b = Math.floor(e);
      return e - b > .5 || (e - b === .5 && b % 2) ? b + 1 : b;
    }));
  for (const v of t.softmax_table) {
    same(
      "golden softmax_table",
      softmax(v.x, { exponentials: exponentials(bits(v.s)) }, "i16"),
      v.p.flat(),
    );
  }
  {
    const v = t.softmax_table_masked, w = t.softmax_shift_masked_8_bit;
    const mask = (m: number[][]): TestOperand => ({
      dtype: "u8",
      shape: [1, m.length, m[0].length],
      data: m.flat().map(Number),
    });
    const rows = (x: number[][] | number[]) => (Array.isArray(x[0]) ? x : [x]) as number[][];
    same(
      "golden softmax_table_masked",
      softmax(
        rows(v.x),
        { exponentials: exponentials(bits(v.s)), mask: mask(rows(v.masked)) },
        "i16",
      ),
      rows(v.p).flat(),
    );
    same(
      "golden softmax_shift_masked_8_bit",
      softmax(rows(w.x), { x0: i32(x0Of(bits(w.s))), mask: mask(rows(w.masked)) }, "i8"),
      rows(w.p).flat(),
    );
  }
  const gelu = (x: number[][], x0: number) =>
    k.run("shift_gelu", {
      x: { dtype: "i8", shape: [x.length, x[0].length], data: x.flat() },
      x0: i32(x0),
      y: { dtype: "i32", shape: [x.length, x[0].length] },
    }, [0]).y;
  for (const v of o.gelu) same("golden gelu", gelu(v.x, x0Of(f(bits(v.s) * f(1.702)))), v.y.flat());
  for (const v of t.gelu_shift_small_scale) {
    same("golden gelu small scale", gelu(v.x, v.x0), v.y.flat());
  }
  const norm = (x: number[][], bias: number[]) =>
    k.run("layer_norm_i16", {
      x: { dtype: "i16", shape: [x.length, x[0].length], data: x.flat() },
      bias: i32(...bias),
      y: { dtype: "i32", shape: [x.length, x[0].length] },
    }, [0]).y;
  for (const v of o.layernorm) same("golden layernorm", norm(v.x, v.bias), v.y.flat());
  const g = t.layernorm_negative_and_small_gamma;
  same("golden layernorm gamma", norm(g.x, g.bias_int), g.y.flat());
  const r = t.residual,
    dyadicOf = (a: number, b: number): [number, number] => {
      const ratio = bits(a) / bits(b), e = 30 - Math.floor(Math.log2(Math.abs(ratio)));
      return [Math.round(ratio * 2 ** e), e];
    };
  const [m, e] = dyadicOf(r.A, r.B), [m2, e2] = dyadicOf(r.A_id, r.B);
  same(
    "golden residual",
    k.run("requantize", {
      x: { dtype: "i32", shape: [1, r.z.length], data: r.z },
      multiplier: i32(m),
      shift: i32(e),
      identity: { dtype: "i16", shape: [1, r.z.length], data: r.identity },
      identity_multiplier: i32(m2),
      identity_shift: i32(e2),
      y: { dtype: "i16", shape: [1, r.z.length] },
    }, [0]).y,
    r.out_16,
  );
  const a = t.attention_times_value;
  same(
    "golden attention_times_value",
    k.run("attention_values_i8", {
      p: { dtype: "i16", shape: [1, 1, a.p.length, a.p[0].length], data: a.p.flat() },
      v: { dtype: "i8", shape: [1, a.v.length, a.v[0].length], data: a.v.flat() },
      y: { dtype: "i32", shape: [1, a.p.length, a.v[0].length] },
    }, [1, 0]).y,
    a.acc.flat(),
  );
}

if (import.meta.main) {
  for (const relaxed of [false, true]) {
    const k = new KernelModule(await compileOps(relaxed));
    let failures = 0;
    for (const [op, check] of Object.entries(CHECKS)) {
      if (Deno.args[2] && Deno.args[2] !== op) continue;
      const before = checked;
      try {
        for (let i = 0; i < rounds; i++) check(k);
        console.log(`${relaxed ? "relaxed" : "simd"} ${op}: ${checked - before} elements equal`);
      } catch (error) {
        failures++;
        console.log(`FAIL ${op}: ${(error as Error).message}`);
      }
    }
    try {
      await golden(k);
      console.log("golden vectors equal");
    } catch (error) {
      failures++;
      console.log(`FAIL ${(error as Error).message}`);
    }
    if (failures) Deno.exit(1);
  }
}
