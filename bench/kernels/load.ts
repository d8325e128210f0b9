/**
 * Compiles the kernels and gives them with a bump allocator: for the checks and benches of this folder.
 *
 * @module
 */
import { compileModule } from "../../tools/asc.ts";
import type { Build } from "../../tools/asc.ts";

/** Exports of the module, all plain numbers. */
// deno-lint-ignore no-explicit-any
type Exports = Record<string, any>;

export type { Build };

const FILES = [
  "integer",
  "epilogue",
  "pack",
  "pack_f32",
  "microkernels",
  "gemm_i8",
  "gemm_i7",
  "gemm_f32",
  "gemm_t2",
];

function compile(build: Build): Promise<BufferSource> {
  const entries = FILES.map((name) => `asm/kernels/${name}.ts`);
  return compileModule(build, {
    entries,
    flags: ["--initialMemory", "16", "--disableWarning", "112", "--disableWarning", "235"],
  });
}

/** An instance with its memory. */
export class Kernels {
  readonly e: Exports;
  #top = 1 << 16;

  private constructor(bytes: BufferSource, megabytes: number) {
    this.e = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    this.e.memory.grow(megabytes * 16);
  }

  static async load(build: Build, megabytes = 256): Promise<Kernels> {
    return new Kernels(await compile(build), megabytes);
  }

  /** A place of `bytes` bytes, followed by 64 guard bytes; `skew` makes it unaligned. */
  alloc(bytes: number, skew = 0): number {
    const p = ((this.#top + 63) & ~63) + skew;
    this.#top = p + bytes + 64;
    if (this.#top > this.e.memory.buffer.byteLength) throw new Error("Out of memory");
    return p;
  }

  /** Frees everything. */
  reset(): void {
    this.#top = 1 << 16;
  }

  /** Copies an array in. */
  put(array: ArrayBufferView, skew = 0): number {
    const p = this.alloc(array.byteLength, skew);
    this.bytes(p, array.byteLength).set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    );
    return p;
  }

  bytes(p: number, n: number): Uint8Array {
    return new Uint8Array(this.e.memory.buffer, p, n);
  }

  /** Copies bytes out as an array of another type. */
  copy(p: number, n: number): ArrayBuffer {
    return this.bytes(p, n).slice().buffer;
  }

  /** Writes an Epilogue descriptor (see asm/kernels/epilogue.ts). */
  epilogue(fields: Partial<Record<(typeof FIELDS)[number], number>>): number {
    return this.put(Int32Array.from(FIELDS, (f) => fields[f] ?? 0));
  }
}

/** Field order of `Epilogue`. */
const FIELDS = [
  "out",
  "rounding",
  "bias",
  "m",
  "e",
  "perChannel",
  "zero",
  "scale",
  "table",
  "identity",
  "identityStride",
  "identityType",
  "m2",
  "e2",
  "m3",
  "e3",
] as const;

/** Linear congruential numbers, the same in every run. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  /** In [0, 1). */
  next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return this.#state / 4294967296;
  }
  /** An integer in lo … hi. */
  int(lo: number, hi: number): number {
    return lo + Math.floor(this.next() * (hi - lo + 1));
  }
  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)];
  }
  i8(n: number, lo = -128, hi = 127): Int8Array<ArrayBuffer> {
    return Int8Array.from({ length: n }, () => this.int(lo, hi));
  }
  f32(n: number): Float32Array<ArrayBuffer> {
    return Float32Array.from({ length: n }, () => this.next() * 2 - 1);
  }
}
