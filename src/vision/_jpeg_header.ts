import { FewbitError } from "../errors.ts";

// Walks over the markers of a JPEG (ITU-T T.81) without decoding, and refuses what the decoder would get wrong, take
// for complete, or spend too much on.

/** One component (colour plane) of a JPEG. */
export interface JpegComponent {
  readonly id: number;
  /** Horizontal and vertical sampling factors, 1 to 4. */
  readonly h: number;
  readonly v: number;
}

/** What the markers of a JPEG say. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** One is grey, three are colours, four are cyan, magenta, yellow and black. */
  readonly components: readonly JpegComponent[];
  /** Whether three components are red, green and blue rather than luma and chroma. */
  readonly isRgb: boolean;
  /** Offsets in the file of Adobe's color transform codes; the last one holds. */
  readonly adobeTransforms: readonly number[];
  /** Whether the last restart interval of a scan is shorter than the others. */
  readonly hasShortInterval: boolean;
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
};

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
  readonly maxH: number;
  readonly maxV: number;
}

interface Segment {
  /** Second byte of the marker. */
  readonly marker: number;
  /** Offset and end of its data, after the length. */
  readonly start: number;
  readonly end: number;
}

function invalid(detail: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot decode JPEG: ${detail}`);
}

function unsupported(detail: string): FewbitError {
  return new FewbitError("unsupported", `Cannot decode JPEG: ${detail}`);
}

function readUint16(bytes: Uint8Array, offset: number): number {
  return bytes[offset] << 8 | bytes[offset + 1];
}

/** The segment whose marker is at `offset`. */
function readSegment(bytes: Uint8Array, offset: number): Segment {
  if (offset + 1 < bytes.length && bytes[offset] !== 0xff) {
    throw invalid(`no marker at byte ${offset}`);
  }
  while (bytes[offset + 1] === 0xff) offset++;
  if (offset + 1 >= bytes.length) throw invalid("truncated, there is no end marker");
  const marker = bytes[offset + 1];
  const start = offset + 2;
  if (marker === 0xd9) return { marker, start, end: start };
  const isParameterless = marker === 0 || marker === 1 || marker >= 0xd0 && marker <= 0xd8;
  if (isParameterless) {
    throw invalid(`unexpected marker ff${marker.toString(16).padStart(2, "0")} at byte ${offset}`);
  }
  if (start + 2 > bytes.length) throw invalid("truncated, there is no end marker");
  const length = readUint16(bytes, start);
  if (length < 2 || start + length > bytes.length) {
    throw invalid(`the segment at byte ${offset} is truncated`);
  }
  return { marker, start: start + 2, end: start + length };
}

function readFrame(bytes: Uint8Array, { start, end }: Segment): Frame {
  const count = bytes[start + 5];
  if (end - start < 6 || end - start !== 6 + 3 * count) throw invalid("bad frame header");
  if (bytes[start] !== 8) {
    throw unsupported(`${bytes[start]} bits a sample are not supported, expected 8`);
  }
  const height = readUint16(bytes, start + 1), width = readUint16(bytes, start + 3);
  if (width === 0) throw invalid("the width is 0");
  if (height === 0) throw unsupported("a height that follows the pixels is not supported");
  if (count !== 1 && count !== 3 && count !== 4) {
    throw unsupported(`${count} components are not supported`);
  }
  const components: JpegComponent[] = [];
  for (let at = start + 6; at < end; at += 3) {
    const id = bytes[at], h = bytes[at + 1] >> 4, v = bytes[at + 1] & 15;
    if (h < 1 || h > 4 || v < 1 || v > 4) throw invalid(`sampling factors ${h} x ${v}`);
    if (components.some((other) => other.id === id)) {
      throw invalid(`two components have the number ${id}`);
    }
    components.push({ id, h, v });
  }
  const maxH = Math.max(...components.map(({ h }) => h));
  const maxV = Math.max(...components.map(({ v }) => v));
  return { width, height, components, maxH, maxV };
}

function blocksOf({ width, height, maxH, maxV }: Frame, { h, v }: JpegComponent): number {
  return Math.ceil(Math.ceil(width * h / maxH) / 8) * Math.ceil(Math.ceil(height * v / maxV) / 8);
}

/** Minimum coded units of a scan: its blocks if it has one component. */
function unitsOf(frame: Frame, components: readonly JpegComponent[]): number {
  if (components.length === 1) return blocksOf(frame, components[0]);
  return Math.ceil(frame.width / 8 / frame.maxH) * Math.ceil(frame.height / 8 / frame.maxV);
}

/** Components that a scan header names. */
function readScan(bytes: Uint8Array, { start, end }: Segment, frame: Frame): JpegComponent[] {
  const count = bytes[start];
  if (end - start < 1 || end - start !== 4 + 2 * count) throw invalid("bad scan header");
  return Array.from({ length: count }, (_, i) => {
    const id = bytes[start + 1 + 2 * i];
    const component = frame.components.find((other) => other.id === id);
    if (!component) throw invalid(`a scan names component ${id}, which the frame does not have`);
    return component;
  });
}

/** Skips the entropy-coded bytes at `offset`: the offset of the marker that ends them, and their restart markers. */
function skipEntropy(bytes: Uint8Array, offset: number): { end: number; restarts: number } {
  let restarts = 0;
  for (;;) {
    const at = bytes.indexOf(0xff, offset);
    if (at < 0 || at + 1 >= bytes.length) throw invalid("truncated, there is no end marker");
    const next = bytes[at + 1];
    const isRestart = next >= 0xd0 && next <= 0xd7;
    if (next !== 0 && !isRestart) return { end: at, restarts };
    if (isRestart) restarts++;
    offset = at + 2;
  }
}

/** Everything between the first marker and the end marker, as it is found. */
class Walk {
  #frame: Frame | undefined;
  readonly #adobeTransforms: number[] = [];
  #hasShortInterval = false;
  #hasJfif = false;
  #interval = 0;
  #scans = 0;
  #entropyBytes = 0;
  readonly #seen = new Set<JpegComponent>();
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  run(): JpegHeader {
    for (let offset = 2;;) {
      const segment = readSegment(this.#bytes, offset);
      const { marker, start, end } = segment;
      offset = end;
      if (marker === 0xd9) return this.#finish();
      if (marker in UNSUPPORTED_FRAMES) {
        throw unsupported(`${UNSUPPORTED_FRAMES[marker]} files are not supported`);
      }
      if (marker >= 0xc0 && marker <= 0xc2) {
        if (this.#frame) throw invalid("two frames");
        this.#frame = readFrame(this.#bytes, segment);
      } else if (marker === 0xdd) {
        if (end - start !== 2) throw invalid("bad restart interval");
        this.#interval = readUint16(this.#bytes, start);
      } else if (marker === 0xda) {
        offset = this.#scan(segment);
      } else if (marker === 0xe0) {
        if (end - start >= 12 && this.#startsWith(start, "JFIF\0")) this.#hasJfif = true;
      } else if (marker === 0xee) {
        if (end - start >= 12 && this.#startsWith(start, "Adobe")) {
          this.#adobeTransforms.push(start + 11);
        }
      }
    }
  }

  #startsWith(offset: number, text: string): boolean {
    return [...text].every((letter, i) => this.#bytes[offset + i] === letter.charCodeAt(0));
  }

  /** Returns the offset of the marker after the scan. */
  #scan(segment: Segment): number {
    if (!this.#frame) throw invalid("a scan before the frame");
    if (++this.#scans > MAX_SCANS) {
      throw unsupported(`more than ${MAX_SCANS} scans are not supported`);
    }
    const components = readScan(this.#bytes, segment, this.#frame);
    for (const component of components) this.#seen.add(component);
    const { end, restarts } = skipEntropy(this.#bytes, segment.end);
    this.#entropyBytes += end - segment.end;
    const units = unitsOf(this.#frame, components);
    const expected = this.#interval === 0 ? 0 : Math.ceil(units / this.#interval) - 1;
    // Some encoders write one more after the last interval.
    if (restarts < expected || restarts > expected + 1) {
      throw invalid(`truncated, a scan has ${restarts} restart markers, expected ${expected}`);
    }
    if (components.length === 1 && this.#interval > 0 && units % this.#interval > 0) {
      this.#checkShortInterval(this.#frame);
    }
    return end;
  }

  /** jpeg-js runs past the end of such a scan, which can be stopped only if no blocks lie there. */
  #checkShortInterval({ components: [first, ...others] }: Frame): void {
    if (others.length > 0 || first.h > 1 || first.v > 1) {
      throw unsupported(
        "scans of one of several components that end in a shorter restart interval are not supported",
      );
    }
    this.#hasShortInterval = true;
  }

  #finish(): JpegHeader {
    const frame = this.#frame;
    const adobeTransforms = this.#adobeTransforms;
    if (!frame) throw invalid("there is no frame");
    const { width, height, components } = frame;
    if (this.#seen.size < components.length) throw invalid("truncated, a component has no scan");
    const blocks = components.reduce((sum, component) => sum + blocksOf(frame, component), 0);
    // A block costs one bit at the least.
    if (this.#entropyBytes * 8 < blocks) {
      throw invalid("truncated, there are fewer bits than blocks");
    }
    if (components.length === 4 && adobeTransforms.length === 0) {
      throw unsupported("four components without an Adobe marker are not supported");
    }
    return {
      width,
      height,
      components,
      adobeTransforms,
      hasShortInterval: this.#hasShortInterval,
      isRgb: this.#isRgb(frame),
    };
  }

  /** As libjpeg guesses it. */
  #isRgb({ components }: Frame): boolean {
    if (components.length !== 3 || this.#hasJfif) return false;
    const transform = this.#adobeTransforms.at(-1);
    if (transform !== undefined) return this.#bytes[transform] === 0;
    return String.fromCharCode(...components.map(({ id }) => id)) === "RGB";
  }
}

/**
 * Reads all markers of a file that begins with those of a JPEG, without decoding. Throws `invalid_file` for a
 * truncated or damaged file, `unsupported` for kinds of JPEG that are not decoded.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  return new Walk(bytes).run();
}
