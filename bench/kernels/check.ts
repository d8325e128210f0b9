/**
 * Checks every kernel against naive definitions, both builds: zero differences, no write outside its rows.
 * `deno run -A bench/kernels/check.ts`
 *
 * @module
 */
import { PANEL_ELEMENTS } from "../../src/layouts/elements.ts";
import { type Build, Kernels, Random } from "./load.ts";

const random = new Random(7);
let checks = 0, failures = 0;

function check(ok: boolean, what: string): void {
  checks++;
  if (!ok && ++failures < 40) console.error("FAILED", what);
}

/** round(z·m / 2^e) by BigInt, saturated to i32. */
function requantize(z: number, m: number, e: number, rounding = 0): number {
  return clamp(requantizeUnbounded(z, m, e, rounding), 32);
}

/** Not saturated, as the arms of a residual are added (below 2^47: exact in a number). */
function requantizeUnbounded(z: number, m: number, e: number, rounding = 0): number {
  if (e > 62) return 0;
  e = Math.max(e, 1);
  const p = BigInt(z) * BigInt(m), d = 1n << BigInt(e);
  let r: bigint;
  if (rounding === 3) {
    const shift = 31 - e;
    const shifted = BigInt.asIntN(32, BigInt(z) << BigInt(Math.max(shift, 0)));
    const high = BigInt.asIntN(32, (shifted * BigInt(m) + (1n << 30n)) >> 31n);
    const right = BigInt(Math.max(-shift, 0)), half = right ? 1n << (right - 1n) : 0n;
    const magnitude = ((high < 0n ? -high : high) + half) >> right;
    r = high < 0n ? -magnitude : magnitude;
  } else {
    const floor = (p - ((p % d) + d) % d) / d, rest = 2n * (p - floor * d);
    const up = rest > d ||
      rest === d && (rounding === 0 ? (floor & 1n) === 1n : rounding === 1 ? true : p > 0n);
    r = floor + (up ? 1n : 0n);
  }
  return Number(r);
}

const clamp = (v: number, bits: number) =>
  Math.max(-(2 ** (bits - 1)), Math.min(2 ** (bits - 1) - 1, v));
const OUT = { i32: 0, i8: 1, i16: 2, f32: 3 };
const SIZE = [4, 1, 2, 4];

interface Case {
  build: Build;
  kernels: Kernels;
}

function adversarial(n: number): Int8Array<ArrayBuffer> {
  const kind = random.int(0, 4);
  if (kind === 0) return new Int8Array(n).fill(-128);
  if (kind === 1) return Int8Array.from({ length: n }, () => random.pick([-128, 127]));
  if (kind === 2) return new Int8Array(n).fill(127);
  return random.i8(n);
}

function product(x: Int8Array, w: Int8Array, m: number, k: number, n: number): Int32Array {
  const z = new Int32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let s = 0;
      for (let t = 0; t < k; t++) s += x[i * k + t] * w[j * k + t];
      z[i * n + j] = s;
    }
  }
  return z;
}

/** Rows laid `ld` bytes apart in a field of junk. */
function spread(array: ArrayBufferView, rows: number, ld: number): Uint8Array<ArrayBuffer> {
  const source = new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    size = array.byteLength / rows;
  const out = new Uint8Array((rows - 1) * ld + size).map((_, i) => (i * 37 + 11) & 255);
  for (let i = 0; i < rows; i++) out.set(source.subarray(i * size, (i + 1) * size), i * ld);
  return out;
}

/** Runs a kernel that writes y [m][n] with a stride and a frame of sentinels; gives y packed and whether the frame lives. */
function output(
  kernels: Kernels,
  m: number,
  n: number,
  size: number,
  run: (y: number, ldy: number) => void,
): [ArrayBuffer, boolean] {
  const ldy = n * size + random.int(0, 9), total = 64 + m * ldy + 64;
  const place = kernels.alloc(total, random.int(0, 3));
  kernels.bytes(place, total).fill(0xa5);
  run(place + 64, ldy);
  const bytes = kernels.bytes(place, total), out = new Uint8Array(m * n * size);
  let intact = true;
  for (let i = 0; i < total; i++) {
    const at = i - 64, row = Math.floor(at / ldy), column = at - row * ldy;
    if (at >= 0 && row < m && column < n * size) out[row * n * size + column] = bytes[i];
    else if (bytes[i] !== 0xa5) intact = false;
  }
  return [out.buffer, intact];
}

function multipliers(
  n: number,
  kind: number,
  peak: number,
): [Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>] {
  const m = new Int32Array(n), e = new Int32Array(n);
  for (let c = 0; c < n; c++) {
    if (kind === 0) { // realistic: peak maps to about 200
      const target = 200 / peak * (0.5 + random.next());
      const x = Math.floor(Math.log2(target)) + 1;
      m[c] = Math.round(target / 2 ** x * 2 ** 31) | 0;
      e[c] = 31 - x;
      if (random.int(0, 5) === 0) m[c] = -m[c];
    } else if (kind === 1) { // ties: powers of two
      m[c] = random.pick([1 << 30, -(1 << 30), 1, 3, -1]);
      e[c] = random.pick([1, 2, 30, 31, 33, 36, 40, 62, 63]);
    } else {
      m[c] = random.pick([
        2147483647,
        -2147483648,
        -2147483647,
        1 << 30,
        random.int(-2147483648, 2147483647),
        0,
      ]);
      e[c] = random.pick([
        1,
        2,
        20,
        31,
        32,
        38,
        39,
        40,
        45,
        50,
        61,
        62,
        63,
        90,
        random.int(-2, 64),
      ]);
    }
  }
  return [m, e];
}

function checkInteger(
  { build, kernels }: Case,
  seven: boolean,
  m: number,
  k: number,
  n: number,
  out: keyof typeof OUT,
  variant: number,
): void {
  kernels.reset();
  const what = `${build} ${seven ? "i7" : "i8"} ${m}x${k}x${n} ${out} variant ${variant}`;
  const x = adversarial(m * k);
  const w = seven
    ? random.pick([
      random.i8(n * k, -63, 63),
      new Int8Array(n * k).fill(63),
      new Int8Array(n * k).fill(-63),
    ])
    : adversarial(n * k);
  const z = product(x, w, m, k, n);
  const bias = random.int(0, 1)
    ? Int32Array.from({ length: n }, () => random.int(-1000000, 1000000))
    : null;
  const perChannel = random.int(0, 1), kind = variant % 3;
  const [mul, exp] = multipliers(
    perChannel ? n : 1,
    kind,
    Math.max(1, z.reduce((a, b) => Math.max(a, Math.abs(b)), 0)),
  );
  const zero = random.pick([0, 0, 3, -128, 127]);
  const scale = random.f32(perChannel ? n : 1);
  const rounding = variant % 7 === 6 ? random.int(1, 3) : 0;
  const table = out === "i8" && random.int(0, 2) === 0 ? random.i8(256) : null;
  const residual = (out === "i16" || out === "i8") && random.int(0, 1) === 1;
  const wide = random.int(0, 1) === 1;
  const identity = wide
    ? Int16Array.from(
      { length: m * n },
      () => random.pick([-32768, 32767, random.int(-32768, 32767)]),
    )
    : random.i8(m * n);
  const [[m2, m3], [e2, e3]] = multipliers(2, random.int(0, 2), 1000);
  const idStride = n * (wide ? 2 : 1) + random.int(0, 5);
  const skew = random.int(0, 15);
  const ldx = k + random.int(0, 9);
  const ep = kernels.epilogue({
    out: OUT[out],
    rounding,
    bias: bias ? kernels.put(bias) : 0,
    m: kernels.put(mul),
    e: kernels.put(exp),
    perChannel,
    zero,
    scale: kernels.put(scale),
    table: table ? kernels.put(table) : 0,
    identity: residual ? kernels.put(spread(identity, m, idStride), skew) : 0,
    identityStride: idStride,
    identityType: wide ? OUT.i16 : OUT.i8,
    m2,
    e2,
    m3,
    e3,
  });
  const panels = kernels.put(
    seven ? PANEL_ELEMENTS.panel_8x4_u7.pack(w, n, k) : PANEL_ELEMENTS.panel_8x4.pack(w, n, k),
  );
  const px = kernels.put(spread(x, m, ldx), skew);
  const size = kernels.e.gemm_i8_scratch(m, k, n);
  const scratch = kernels.alloc(size + 64);
  kernels.bytes(scratch, size + 64).fill(0x5b);
  const [buffer, intact] = output(kernels, m, n, SIZE[OUT[out]], (y, ldy) => {
    kernels.e[seven ? "gemm_i7" : "gemm_i8"](px, ldx, m, k, panels, n, y, ldy, ep, scratch);
  });
  check(intact, what + ": wrote outside y");
  check(
    kernels.bytes(scratch + size, 64).every((b) => b === 0x5b),
    what + ": wrote outside scratch",
  );
  const y = out === "i32"
    ? new Int32Array(buffer)
    : out === "i8"
    ? new Int8Array(buffer)
    : out === "i16"
    ? new Int16Array(buffer)
    : new Float32Array(buffer);
  let bad = 0, first = "";
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const acc = (z[i * n + j] + (bias ? bias[j] : 0)) | 0;
      const c = perChannel ? j : 0;
      let want: number;
      if (out === "i32") want = acc;
      else if (out === "f32") want = Math.fround(Math.fround(acc) * scale[c]);
      else {
        want = requantize(acc, mul[c], exp[c], rounding) + zero;
        if (residual) {
          want = requantizeUnbounded(clamp(want, 16), m2, e2) +
            requantizeUnbounded(identity[i * n + j], m3, e3);
        }
        want = clamp(want, out === "i8" ? 8 : 16);
        if (table) want = table[want + 128];
      }
      if (!Object.is(y[i * n + j], want) && !(y[i * n + j] === 0 && want === 0)) {
        if (!bad++) {
          first = `[${i}][${j}] acc ${acc} m ${mul[c]} e ${exp[c]} got ${
            y[i * n + j]
          } want ${want}`;
        }
      }
    }
  }
  check(
    bad === 0,
    `${what} bias ${!!bias} zero ${zero} table ${!!table} residual ${residual} rounding ${rounding}: ${bad} differences, ${first}`,
  );
}

function checkScalar({ build, kernels }: Case): void {
  for (let i = 0; i < 40000; i++) {
    const edge = [
      0,
      1,
      -1,
      2147483647,
      -2147483648,
      1 << 30,
      33596946,
      random.int(-100, 100),
      random.int(-2147483648, 2147483647),
    ];
    const rounding = i & 3,
      m = random.pick([...edge, 1491282745, 1 << random.int(0, 30)]),
      z = random.pick([...edge, 1 << random.int(0, 30)]);
    // gemmlowp shifts are at most 31 on either side
    const e = random.pick([1, 2, 31, 32, 50, 61, 62, 63, 100, 0, -5, random.int(1, 62)]);
    if (rounding === 3 && (m === -2147483648 && e <= 62)) continue;
    check(
      clamp(Number(kernels.e.rounded(z, m, e, rounding)), 32) === requantize(z, m, e, rounding),
      `${build} rounded ${z} ${m} ${e} ${rounding}`,
    );
  }
}

function checkFloat(
  { build, kernels }: Case,
  fast: boolean,
  m: number,
  k: number,
  n: number,
): void {
  kernels.reset();
  const what = `${build} f32${fast ? " fast" : ""} ${m}x${k}x${n}`;
  const x = random.f32(m * k), w = random.f32(n * k);
  const bias = random.int(0, 1) ? random.f32(n) : null,
    residual = random.int(0, 1) ? random.f32(m * n) : null;
  const ldx = k * 4 + random.int(0, 9), ldr = n * 4 + random.int(0, 9), skew = random.int(0, 15);
  const px = kernels.put(spread(x, m, ldx), skew);
  const panels = kernels.put(PANEL_ELEMENTS.panel_8.pack(w, n, k));
  const packed = kernels.alloc(Math.ceil(n / 8) * k * 32);
  const transposed = random.int(0, 1);
  const wt = new Float32Array(n * k);
  for (let j = 0; j < n; j++) for (let t = 0; t < k; t++) wt[t * n + j] = w[j * k + t];
  const ldw = (transposed ? k : n) * 4 + random.int(0, 5);
  kernels.e.pack_panels_f32(
    kernels.put(spread(transposed ? w : wt, transposed ? n : k, ldw), skew),
    ldw,
    k,
    n,
    transposed,
    packed,
  );
  const size = Math.ceil(n / 8) * k * 32,
    a = kernels.bytes(packed, size),
    b = kernels.bytes(panels, size);
  check(a.every((v, i) => v === b[i]), what + " pack_panels_f32");
  const pb = bias ? kernels.put(bias) : 0,
    pr = residual ? kernels.put(spread(residual, m, ldr), skew) : 0;
  const need = kernels.e.gemm_f32_scratch(m, k, n), scratch = kernels.alloc(need + 64);
  kernels.bytes(scratch, need + 64).fill(0x5b);
  const [buffer, intact] = output(kernels, m, n, 4, (y, ldy) => {
    kernels.e[fast ? "gemm_f32_fast" : "gemm_f32"](
      px,
      ldx,
      m,
      k,
      panels,
      n,
      y,
      ldy,
      pb,
      pr,
      ldr,
      scratch,
    );
  });
  check(intact, what + ": wrote outside y");
  check(
    kernels.bytes(scratch + need, 64).every((v) => v === 0x5b),
    what + ": wrote outside scratch",
  );
  const y = new Float32Array(buffer);
  let bad = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let s = 0;
      for (let t = 0; t < k; t++) s = Math.fround(s + Math.fround(x[i * k + t] * w[j * k + t]));
      if (bias) s = Math.fround(s + bias[j]);
      if (residual) s = Math.fround(s + residual[i * n + j]);
      if (
        fast && build === "relaxed"
          ? Math.abs(s - y[i * n + j]) > 1e-4 * Math.max(1, Math.sqrt(k))
          : s !== y[i * n + j]
      ) bad++;
    }
  }
  check(bad === 0, `${what} bias ${!!bias} residual ${!!residual}: ${bad} differences`);
}

/** The packers and the microkernel that attention uses. */
function checkAttention(
  { build, kernels }: Case,
  rows: number,
  depth: number,
  columns: number,
): void {
  const what = `${build} attention ${rows}x${depth}x${columns}`;
  const d4 = (depth + 3) & ~3;
  for (const mode of ["i8 transposed", "i16 rows"]) {
    kernels.reset();
    const wide = mode === "i16 rows";
    const x = wide
      ? Int16Array.from({ length: rows * depth }, () => random.int(0, 32767))
      : adversarial(rows * depth);
    const b = adversarial(depth * columns);
    const ldx = depth * (wide ? 2 : 1) + random.int(0, 7),
      ldb = (wide ? columns : depth) + random.int(0, 7);
    const tiles = Math.ceil(rows / 4), panels = Math.ceil(columns / 8);
    const pa = kernels.alloc(tiles * d4 * 16),
      pb = kernels.alloc(panels * d4 * 16),
      strip = kernels.alloc(128);
    const px = kernels.put(spread(x, rows, ldx), 1),
      pw = kernels.put(spread(b, wide ? depth : columns, ldb), 3);
    if (wide) {
      kernels.e.pack_a_i16(px, ldx, rows, depth, pa);
      kernels.e.pack_b_i8_i16(pw, ldb, depth, columns, pb);
    } else {
      kernels.e.pack_a_i8_i16(px, ldx, rows, depth, pa);
      kernels.e.pack_b_i8_i16_transposed(pw, ldb, columns, depth, pb);
    }
    let bad = 0;
    for (let i = 0; i < tiles; i++) {
      for (let j = 0; j < panels; j++) {
        kernels.e.mk_i16_4x8(pa + i * d4 * 16, pb + j * d4 * 16, strip, 32, d4 / 2, 0);
        kernels.e.mk_i16_4x8(pa + i * d4 * 16, pb + j * d4 * 16, strip, 32, d4 / 2, 1);
        const s = new Int32Array(kernels.copy(strip, 128));
        for (let r = 0; r < 4 && i * 4 + r < rows; r++) {
          for (let c = 0; c < 8 && j * 8 + c < columns; c++) {
            let want = 0;
            for (let t = 0; t < depth; t++) {
              want += x[(i * 4 + r) * depth + t] *
                (wide ? b[t * columns + j * 8 + c] : b[(j * 8 + c) * depth + t]);
            }
            if (s[r * 8 + c] !== (2 * want | 0)) bad++;
          }
        }
      }
    }
    check(bad === 0, `${what} ${mode}: ${bad} differences`);
  }
}

const quick = Deno.args.includes("--quick");
for (const build of ["simd", "relaxed"] as const) {
  const kernels = await Kernels.load(build, 128);
  const test = { build, kernels };
  checkScalar(test);
  let variant = 0;
  const outs = ["i32", "i8", "i16", "f32"] as const;
  for (let m = 1; m <= 13; m++) {
    for (let i = 0; i < (quick ? 6 : 40); i++) {
      const k = random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100]),
        n = random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 33, 40]);
      for (const seven of [false, true]) {
        checkInteger(test, seven, m, k, n, outs[variant % 4], ++variant);
      }
      for (const fast of [false, true]) checkFloat(test, fast, m, k, n);
      checkAttention(test, m, k, n);
    }
  }
  for (
    const [m, k, n] of [
      [9, 4096, 9],
      [1, 4096, 17],
      [2, 4095, 8],
      [70, 3073, 24],
      [300, 129, 25],
      [197, 192, 64],
      [523, 64, 8],
      [5, 1537, 12],
      [13, 769, 41],
    ]
  ) {
    for (let i = 0; i < 6; i++) {
      for (const seven of [false, true]) {
        checkInteger(test, seven, m, k, n, outs[(i + 1) % 4], ++variant);
      }
    }
    for (const fast of [false, true]) checkFloat(test, fast, m, k, n);
  }
}
console.log(`${checks} checks, ${failures} failures`);
Deno.exit(failures ? 1 : 0);
