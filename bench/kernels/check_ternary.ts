/**
 * Checks the ternary product against its definition, both builds: zero differences, no write outside its rows.
 * `deno run -A bench/kernels/check_ternary.ts`
 *
 * @module
 */
import { PANEL_ELEMENTS } from "../../src/layouts/elements.ts";
import { Kernels, Random } from "./load.ts";

const { fround } = Math;
const random = new Random(11);
const SENTINEL = 0xa5, UNTOUCHED = 0xa5a5a5a5 | 0;
let checks = 0, failures = 0;

/** Codes of one kind: random ones, or those at which sums are largest. */
function codes(n: number, least: number, most: number): Int8Array<ArrayBuffer> {
  const kind = random.int(0, 3);
  if (kind === 0) return new Int8Array(n).fill(least);
  if (kind === 1) return new Int8Array(n).fill(most);
  return random.i8(n, least, most);
}

/** Rows of `width` elements, `ld` apart, in a field of junk. */
function spread<A extends Int8Array | Float32Array>(rows: A, width: number, ld: number): A {
  const out = rows.slice(0, 0).constructor as new (n: number) => A;
  const all = new out(rows.length / width * ld).fill(77) as A;
  for (let i = 0; i * width < rows.length; i++) {
    all.set(rows.subarray(i * width, (i + 1) * width), i * ld);
  }
  return all;
}

function check(kernels: Kernels, what: string, m: number, k: number, n: number): void {
  kernels.reset();
  const { e } = kernels;
  const [x, t] = [codes(m * k, -128, 127), codes(n * k, -1, 1)];
  const scale = fround(random.next()), real = random.int(0, 2) > 0;
  const alpha = real ? random.f32(m) : undefined;
  const identity = real && random.int(0, 1) ? random.f32(m * n) : undefined;
  const [ldx, ldi, ldy] = [k + random.int(0, 9), n + random.int(0, 3), n + random.int(0, 9)];
  const place = kernels.alloc(128 + m * ldy * 4, random.int(0, 3)), y = place + 64;
  kernels.bytes(place, 128 + m * ldy * 4).fill(SENTINEL);
  const scratchBytes = e.gemm_t2_scratch(m, k), scratch = kernels.alloc(scratchBytes + 64);
  kernels.bytes(scratch, scratchBytes + 64).fill(SENTINEL);
  e.gemm_t2(
    kernels.put(spread(x, k, ldx), random.int(0, 15)),
    ldx,
    m,
    k,
    kernels.put(PANEL_ELEMENTS.panel_8x16_t2.pack(t, n, k)),
    n,
    y,
    ldy * 4,
    alpha ? kernels.put(spread(alpha, 1, 3)) : 0,
    12,
    scale,
    identity ? kernels.put(spread(identity, n, ldi), 4) : 0,
    identity ? ldi * 4 : 0,
    scratch,
  );
  const bytes = new Uint8Array(kernels.copy(y, m * ldy * 4));
  const got = new Int32Array(bytes.buffer), floats = new Float32Array(bytes.buffer);
  let wrong = 0;
  for (let i = 0; i < m; i++) {
    const factor = alpha && fround(scale / alpha[i]);
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let q = 0; q < k; q++) sum += x[i * k + q] * t[j * k + q];
      const at = i * ldy + j;
      if (factor === undefined) wrong += got[at] === sum ? 0 : 1;
      else {
        const product = fround(fround(sum) * factor);
        const want = identity ? fround(product + identity[i * n + j]) : product;
        wrong += Object.is(floats[at], want) ? 0 : 1;
      }
    }
    for (let j = n; j < ldy; j++) wrong += got[i * ldy + j] === UNTOUCHED ? 0 : 1;
  }
  const frame = [
    kernels.bytes(place, 64),
    kernels.bytes(y + m * ldy * 4, 64),
    kernels.bytes(scratch + scratchBytes, 64),
  ];
  const intact = frame.every((part) => part.every((byte) => byte === SENTINEL));
  checks++;
  if (wrong === 0 && intact) return;
  if (++failures < 40) console.error(`FAILED ${what} ${m}×${k}×${n}: ${wrong} wrong, ${intact}`);
}

for (const build of ["simd", "relaxed"] as const) {
  const kernels = await Kernels.load(build, 128);
  for (let m = 1; m <= 10; m++) {
    for (let i = 0; i < 60; i++) {
      const k = random.pick([1, 2, 3, 4, 5, 12, 15, 16, 17, 31, 33, 63, 64, 65, 100, 300]);
      check(kernels, build, m, k, random.pick([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 40]));
    }
  }
  for (
    const [m, k, n] of [
      [1, 6912, 9],
      [2, 4095, 8],
      [3, 1024, 17],
      [5, 6912, 12],
      [17, 1537, 9],
      [70, 3073, 16],
      [197, 192, 64],
      [523, 64, 8],
      [300, 129, 25],
    ]
  ) for (let i = 0; i < 6; i++) check(kernels, build, m, k, n);
}
console.log(`${checks} checks, ${failures} failures`);
if (failures > 0) Deno.exit(1);
