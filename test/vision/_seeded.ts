/** Murmur3's finaliser of (seed + i) * 0x9E3779B9: the generator of shared/golden/ivit/seeded.py. */
export class Stream {
  #next: number;

  constructor(seed: number) {
    this.#next = seed;
  }

  /** The next number, 0 to 2^32 - 1. */
  u32(): number {
    let h = Math.imul(this.#next++, 0x9e3779b9);
    h = Math.imul(h ^ h >>> 16, 0x85ebca6b);
    h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
    return (h ^ h >>> 16) >>> 0;
  }

  /** A number from 0 to `limit - 1`. */
  below(limit: number): number {
    return this.u32() % limit;
  }

  /** Random bytes. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
