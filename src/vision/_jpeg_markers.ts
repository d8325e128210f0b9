import type { Band } from "./_jpeg_blocks.ts";
import { invalidJpeg, unsupportedJpeg } from "./_jpeg_error.ts";
import { blocksOf, type JpegComponent, type JpegFrame, readFrame, unitsOf } from "./_jpeg_frame.ts";
import { type HuffmanTable, readHuffman, readQuantization } from "./_jpeg_tables.ts";

// Walks over the markers of a JPEG (ITU-T T.81) without decoding, as libjpeg does: what stands between segments is
// skipped. Refuses what is not whole, and what would cost too much.

/** A component with the tables that a scan uses for it. */
export interface JpegScanComponent {
  /** Its place in the frame. */
  readonly index: number;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
}

/** A scan: some coefficients of some components. */
export interface JpegScan extends Band {
  readonly components: readonly JpegScanComponent[];
  /** Minimum coded units between two restarts; all of them where there is none. */
  readonly interval: number;
  /** Where the bits of each interval begin and end. */
  readonly intervals: readonly (readonly [start: number, end: number])[];
}

/** All that is needed to decode. */
export interface JpegFile {
  readonly frame: JpegFrame;
  readonly scans: readonly JpegScan[];
  /** Divisors of each component, as they were at its first scan. */
  readonly divisors: readonly Uint16Array[];
  readonly hasJfif: boolean;
  /** Adobe's code of the color transform, where there is one. */
  readonly adobeTransform: number | undefined;
}

/** Encoders write about ten; each costs a pass over all blocks. */
const MAX_SCANS = 64;

const UNSUPPORTED_FRAMES: Readonly<Record<number, string>> = {
  0xc3: "lossless",
  0xc5: "hierarchical",
  0xc6: "hierarchical",
  0xc7: "hierarchical",
  0xc9: "arithmetic-coded",
  0xca: "arithmetic-coded",
  0xcb: "arithmetic-coded",
  0xcd: "hierarchical",
  0xce: "hierarchical",
  0xcf: "hierarchical",
  0xde: "hierarchical",
};

/** Coefficients of lowest frequency, of which libjpeg makes up bits that do not come. */
const SMOOTHED = 10;

interface Segment {
  /** Second byte of the marker. */
  readonly marker: number;
  /** Offset and end of its data, after the length. */
  readonly start: number;
  readonly end: number;
}

const TRUNCATED = "truncated, there is no end marker";

/** The next segment from `offset` on. */
function nextSegment(bytes: Uint8Array, offset: number): Segment {
  for (;;) {
    const at = bytes.indexOf(0xff, offset);
    if (at < 0 || at + 1 >= bytes.length) throw invalidJpeg(TRUNCATED);
    const marker = bytes[at + 1];
    const start = at + 2;
    // Of a row of 255 the last one begins the marker; 0 makes it no marker, restarts mean nothing here.
    if (marker === 0xff || marker === 0 || marker >= 0xd0 && marker <= 0xd7) {
      offset = at + (marker === 0xff ? 1 : 2);
      continue;
    }
    if (marker === 0xd9) return { marker, start, end: start };
    if (
      marker < 0xc0 || marker === 0xd8 || marker === 0xc8 || marker === 0xdf ||
      marker >= 0xf0 && marker <= 0xfd
    ) {
      throw invalidJpeg(
        `unexpected marker ff${marker.toString(16).padStart(2, "0")} at byte ${at}`,
      );
    }
    if (start + 2 > bytes.length) throw invalidJpeg(TRUNCATED);
    // libjpeg takes lengths of 0 and 1, which cannot be, for 2.
    const length = Math.max(2, bytes[start] << 8 | bytes[start + 1]);
    if (start + length > bytes.length) throw invalidJpeg(`the segment at byte ${at} is truncated`);
    return { marker, start: start + 2, end: start + length };
  }
}

/** Finds the intervals of a scan whose bits begin at `offset`, and the marker behind them. */
function findIntervals(
  bytes: Uint8Array,
  offset: number,
): { end: number; intervals: [start: number, end: number][] } {
  const intervals: [number, number][] = [];
  for (let start = offset, from = offset;;) {
    let at = bytes.indexOf(0xff, from);
    if (at < 0) throw invalidJpeg(TRUNCATED);
    const end = at;
    while (bytes[at + 1] === 0xff) at++;
    if (at + 1 >= bytes.length) throw invalidJpeg(TRUNCATED);
    const next = bytes[at + 1];
    from = at + 2;
    if (next === 0) continue;
    intervals.push([start, end]);
    if (next < 0xd0 || next > 0xd7) return { end: at, intervals };
    // Out of order by 1 or 2, an interval is lost; by more, libjpeg takes the number for damaged.
    const ahead = next - 0xd0 - intervals.length + 1 & 7;
    if (ahead === 1 || ahead === 2 || ahead === 6 || ahead === 7) {
      throw invalidJpeg("damaged, restart markers are out of order");
    }
    start = from;
  }
}

/** Everything between the first marker and the end marker, as it is found. */
class Walk {
  readonly #bytes: Uint8Array;
  #frame: JpegFrame | undefined;
  readonly #scans: JpegScan[] = [];
  readonly #quantization: (Uint16Array | undefined)[] = [];
  readonly #huffman: [(HuffmanTable | undefined)[], (HuffmanTable | undefined)[]] = [[], []];
  readonly #divisors: (Uint16Array | undefined)[] = [];
  /** Lowest bit that has come of each coefficient of each component, -1 for none. */
  readonly #precision: Int8Array[] = [];
  #hasJfif = false;
  #adobeTransform: number | undefined;
  #interval = 0;
  #entropyBytes = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  run(): JpegFile {
    const bytes = this.#bytes;
    for (let offset = 2;;) {
      const segment = nextSegment(bytes, offset);
      const { marker, start, end } = segment;
      offset = end;
      if (marker === 0xd9) return this.#finish();
      if (marker in UNSUPPORTED_FRAMES) {
        throw unsupportedJpeg(`${UNSUPPORTED_FRAMES[marker]} files are not supported`);
      }
      if (marker >= 0xc0 && marker <= 0xc2) {
        if (this.#frame) throw invalidJpeg("two frames");
        this.#frame = readFrame(bytes, start, end, marker === 0xc2);
        this.#precision.push(...this.#frame.components.map(() => new Int8Array(64).fill(-1)));
      } else if (marker === 0xc4) readHuffman(bytes, start, end, this.#huffman);
      else if (marker === 0xdb) readQuantization(bytes, start, end, this.#quantization);
      else if (marker === 0xdd) {
        if (end - start !== 2) throw invalidJpeg("bad restart interval");
        this.#interval = bytes[start] << 8 | bytes[start + 1];
      } else if (marker === 0xda) offset = this.#scan(segment);
      else if (marker === 0xe0) {
        if (end - start >= 12 && this.#startsWith(start, "JFIF\0")) this.#hasJfif = true;
      } else if (marker === 0xee) {
        if (end - start >= 12 && this.#startsWith(start, "Adobe")) {
          this.#adobeTransform = bytes[start + 11];
        }
      }
    }
  }

  #startsWith(offset: number, text: string): boolean {
    return [...text].every((letter, i) => this.#bytes[offset + i] === letter.charCodeAt(0));
  }

  /** Returns the offset of the marker after the scan. */
  #scan({ start, end }: Segment): number {
    const frame = this.#frame;
    if (!frame) throw invalidJpeg("a scan before the frame");
    if (this.#scans.length === MAX_SCANS) {
      throw unsupportedJpeg(`more than ${MAX_SCANS} scans are not supported`);
    }
    const components = this.#scanComponents(start, end, frame);
    const band = this.#band(end - 3, frame, components.length);
    for (const { index } of components) this.#note(index, band);
    const found = findIntervals(this.#bytes, end);
    this.#entropyBytes += found.end - end;
    const units = unitsOf(frame, components.map(({ index }) => frame.components[index]));
    const interval = this.#interval === 0 ? units : this.#interval;
    const expected = Math.ceil(units / interval);
    // Some encoders write one more restart after the last interval.
    if (found.intervals.length < expected || found.intervals.length > expected + 1) {
      throw invalidJpeg(
        `truncated, a scan has ${found.intervals.length - 1} restart markers, expected ${
          expected - 1
        }`,
      );
    }
    this.#scans.push({ ...band, components, interval, intervals: found.intervals });
    return found.end;
  }

  /** Components that a scan header names. */
  #scanComponents(start: number, end: number, frame: JpegFrame): JpegScanComponent[] {
    const bytes = this.#bytes;
    const count = bytes[start];
    if (end - start < 1 || count < 1 || count > 4 || end - start !== 4 + 2 * count) {
      throw invalidJpeg("bad scan header");
    }
    const components = Array.from({ length: count }, (_, i): JpegScanComponent => {
      const [id, tables] = [bytes[start + 1 + 2 * i], bytes[start + 2 + 2 * i]];
      const index = frame.components.findIndex((other) => other.id === id);
      if (index < 0) {
        throw invalidJpeg(`a scan names component ${id}, which the frame does not have`);
      }
      return { index, dc: this.#huffman[0][tables >> 4], ac: this.#huffman[1][tables & 15] };
    });
    if (new Set(components.map(({ index }) => index)).size < count) {
      throw invalidJpeg("bad scan header");
    }
    return components;
  }

  #band(at: number, frame: JpegFrame, count: number): Band {
    // Files that are not progressive have all in one, whatever is written here.
    if (!frame.progressive) return { first: 0, last: 63, high: 0, low: 0 };
    const [first, last, both] = this.#bytes.subarray(at, at + 3);
    const [high, low] = [both >> 4, both & 15];
    const isGood = first === 0 ? last === 0 : first <= last && last < 64 && count === 1;
    if (!isGood || low > 13 || high > 0 && low !== high - 1) {
      throw invalidJpeg("bad scan header");
    }
    return { first, last, high, low };
  }

  /** Notes what a scan brings. */
  #note(index: number, { first, last, low }: Band): void {
    this.#precision[index].fill(low, first, last + 1);
    const { table } = this.#frame!.components[index];
    this.#divisors[index] ??= this.#quantization[table];
    if (this.#divisors[index] === undefined) throw invalidJpeg("a table is missing or damaged");
  }

  #finish(): JpegFile {
    const frame = this.#frame;
    if (!frame) throw invalidJpeg("there is no frame");
    const blocks = frame.components.reduce((sum, each) => sum + blocksOf(each), 0);
    this.#precision.forEach((precision) => {
      if (precision[0] < 0) throw invalidJpeg("truncated, a component has no scan");
      if (precision.some((low, k) => k < SMOOTHED && low !== 0)) {
        throw unsupportedJpeg(
          "progressive files without all bits of low frequencies are not supported",
        );
      }
    });
    // A block costs one bit at the least.
    if (this.#entropyBytes * 8 < blocks) {
      throw invalidJpeg("truncated, there are fewer bits than blocks");
    }
    return {
      frame,
      scans: this.#scans,
      divisors: this.#divisors as Uint16Array[],
      hasJfif: this.#hasJfif,
      adobeTransform: this.#adobeTransform,
    };
  }
}

/**
 * Reads all markers of a file that begins with those of a JPEG, without decoding. Throws `invalid_file` for a
 * truncated or damaged file, `unsupported` for kinds of JPEG that are not decoded.
 */
export function readJpegMarkers(bytes: Uint8Array): JpegFile {
  return new Walk(bytes).run();
}

/** Whether three components are red, green and blue rather than luma and chroma, as libjpeg guesses it. */
export function isRgb({ frame: { components }, hasJfif, adobeTransform }: JpegFile): boolean {
  if (components.length !== 3 || hasJfif) return false;
  if (adobeTransform !== undefined) return adobeTransform === 0;
  return String.fromCharCode(...components.map(({ id }: JpegComponent) => id)) === "RGB";
}
