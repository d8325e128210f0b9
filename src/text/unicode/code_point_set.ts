import { Unpacker } from "./_unpack.ts";

/** A set of code points: ascending boundaries, at every second of which a range begins. */
export class CodePointSet {
  /** Starts and ends (exclusive) in turns. */
  readonly bounds: Uint32Array;
  /** Most text is here. */
  readonly #low: Uint8Array;

  constructor(bounds: ArrayLike<number>) {
    this.bounds = Uint32Array.from(bounds);
    this.#low = new Uint8Array(256);
    for (let i = 0; i < this.bounds.length; i += 2) {
      this.#low.fill(1, this.bounds[i], Math.min(this.bounds[i + 1], 256));
    }
  }

  /** A set as tools/make_unicode.py packs it: gap and length less one of each range. */
  static unpack(text: string): CodePointSet {
    const unpacker = new Unpacker(text);
    const bounds: number[] = [];
    let end = 0;
    while (!unpacker.done) {
      const start = end + unpacker.next();
      end = start + unpacker.next() + 1;
      bounds.push(start, end);
    }
    return new CodePointSet(bounds);
  }

  /** The set of some ranges, whose ends are inclusive. */
  static of(...ranges: (readonly [first: number, last: number])[]): CodePointSet {
    return ranges.map(([first, last]) => new CodePointSet([first, last + 1]))
      .reduce((all, range) => all.union(range), new CodePointSet([]));
  }

  has(code: number): boolean {
    if (code < 256) return this.#low[code] === 1;
    const { bounds } = this;
    let [low, high] = [0, bounds.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bounds[middle] <= code) low = middle + 1;
      else high = middle;
    }
    return low % 2 === 1;
  }

  union(other: CodePointSet): CodePointSet {
    return this.#combine(other, (a, b) => a || b);
  }

  intersection(other: CodePointSet): CodePointSet {
    return this.#combine(other, (a, b) => a && b);
  }

  /** What is in one of both: how the difference of two versions of Unicode is applied. */
  symmetricDifference(other: CodePointSet): CodePointSet {
    return this.#combine(other, (a, b) => a !== b);
  }

  complement(): CodePointSet {
    return this.#combine(EVERYTHING, (a, b) => b && !a);
  }

  #combine(other: CodePointSet, keep: (a: boolean, b: boolean) => boolean): CodePointSet {
    const [x, y] = [this.bounds, other.bounds];
    const bounds: number[] = [];
    let [i, j, inside] = [0, 0, false];
    while (i < x.length || j < y.length) {
      const at = Math.min(x[i] ?? Infinity, y[j] ?? Infinity);
      if (x[i] === at) i++;
      if (y[j] === at) j++;
      if (keep(i % 2 === 1, j % 2 === 1) !== inside) {
        inside = !inside;
        bounds.push(at);
      }
    }
    return new CodePointSet(bounds);
  }
}

/** All code points. Surrogates never stand alone in a text that is well formed. */
const EVERYTHING = new CodePointSet([0, 0x110000]);
