import { FewbitError } from "../errors.ts";
import { inflateZlib } from "./_inflate.ts";
import { unfilterRow } from "./_png_filter.ts";
import type { Image } from "./image.ts";

// PNG, third edition (https://www.w3.org/TR/png-3/): every colour type, depth and both interlace methods. The library
// fast-png is not used because it inflates without a bound (a file of 292 KB took 894 MB), fills up missing pixels with
// zeros, and misreads interlaced images of less than 8 bits.

/** What a PNG says about itself before its pixels. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  readonly colorType: number;
  readonly interlaced: boolean;
}

/** Bytes of the IHDR chunk's data, which every PNG begins with after 16 other bytes. */
const HEADER_START = 16;
const HEADER_BYTES = 13;

const GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6;

/** Samples of a pixel and the depths allowed, by colour type. */
const COLOR_TYPES: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  [GREY]: { samples: 1, depths: [1, 2, 4, 8, 16] },
  [RGB]: { samples: 3, depths: [8, 16] },
  [PALETTE]: { samples: 1, depths: [1, 2, 4, 8] },
  [GREY_ALPHA]: { samples: 2, depths: [8, 16] },
  [RGB_ALPHA]: { samples: 4, depths: [8, 16] },
};

/** First column and row, and steps, of each pass of an image that is not interlaced, and of Adam7. */
const ONE_PASS = [[0, 0, 1, 1]] as const;
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function invalid(detail: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot decode PNG: ${detail}`);
}

/** Reads the size and kind of a file that begins with the PNG signature. Throws `invalid_file`. */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  if (bytes.length < HEADER_START + HEADER_BYTES) throw invalid("the header is truncated");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(8) !== HEADER_BYTES || chunkType(view, 12) !== "IHDR") {
    throw invalid("the first chunk is not IHDR");
  }
  const width = view.getUint32(16), height = view.getUint32(20);
  const [depth, colorType, compression, filter, interlace] = bytes.subarray(24, 29);
  if (width === 0 || height === 0) throw invalid(`the size is ${width} x ${height}`);
  if (!COLOR_TYPES[colorType]?.depths.includes(depth)) {
    throw invalid(`color type ${colorType} with ${depth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw invalid("unknown compression, filter or interlacing");
  }
  return { width, height, depth, colorType, interlaced: interlace === 1 };
}

function chunkType(view: DataView, offset: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(offset + i)));
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ crc >>> 8;
  return ~crc >>> 0;
}

interface PngChunks {
  readonly palette: Uint8Array | undefined;
  /** The zlib stream, in parts. */
  readonly pixels: readonly Uint8Array[];
  /** Whether a part has a checksum that is wrong. */
  readonly isDamaged: boolean;
}

/**
 * Collects palette and pixels, as Pillow does: chunks that it does not need are skipped unread, whatever they are, and
 * nothing is read behind the last of the consecutive IDAT chunks. Those may lack their end: what counts is whether all
 * pixels are there.
 */
function readChunks(bytes: Uint8Array): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixels: Uint8Array[] = [];
  let palette: Uint8Array | undefined;
  let isDamaged = false;
  for (let offset = 8; offset + 8 <= bytes.length;) {
    const length = view.getUint32(offset);
    const type = chunkType(view, offset + 4);
    const end = offset + 8 + length;
    if (pixels.length > 0 && type !== "IDAT") break;
    const data = bytes.subarray(offset + 8, end);
    const isWrong = (): boolean =>
      end + 4 <= bytes.length && crc32(bytes.subarray(offset + 4, end)) !== view.getUint32(end);
    if (type === "IDAT") {
      pixels.push(data);
      isDamaged ||= isWrong();
    } else if (end + 4 > bytes.length) {
      throw invalid(`the chunk ${JSON.stringify(type)} is truncated`);
    } else if (type === "PLTE" || type === "IHDR") {
      if (isWrong()) {
        throw invalid(`the checksum of the chunk ${JSON.stringify(type)} does not match`);
      }
      if (type === "IHDR" && offset > 8) throw invalid("two headers");
      if (type === "PLTE" && length > 768) throw invalid("bad palette");
      // Of several the last one holds; a part of a colour at the end is none.
      if (type === "PLTE") palette = data.subarray(0, length - length % 3);
    } else if (type === "IEND") break;
    offset = end + 4;
  }
  if (pixels.length === 0) throw invalid("truncated, there are no pixels");
  return { palette, pixels, isDamaged };
}

/** Channels of the decoded image. */
function channelsOf(colorType: number): 1 | 3 | 4 {
  return colorType === GREY ? 1 : colorType === RGB || colorType === PALETTE ? 3 : 4;
}

/** Bytes that decoding takes beside the file: the image, a few rows, and a window of the compressed stream. */
export function pngBytesNeeded({ width, height, depth, colorType }: PngHeader): number {
  const rowBytes = Math.ceil(width * COLOR_TYPES[colorType].samples * depth / 8);
  return height * width * channelsOf(colorType) + 4 * rowBytes + 2 ** 17;
}

/** A pass of an image: every `dx`-th column and `dy`-th row. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly dx: number;
  readonly dy: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowBytes: number;
}

function passesOf({ width, height, depth, colorType, interlaced }: PngHeader): Pass[] {
  const bitsPerPixel = COLOR_TYPES[colorType].samples * depth;
  return (interlaced ? ADAM7 : ONE_PASS).map(([left, top, dx, dy]) => {
    const columns = Math.ceil((width - left) / dx), rows = Math.ceil((height - top) / dy);
    return { left, top, dx, dy, columns, rows, rowBytes: Math.ceil(columns * bitsPerPixel / 8) };
  }).filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** Decodes a PNG whose header was read and found small enough. Throws `invalid_file`. */
export function decodePng(bytes: Uint8Array, header: PngHeader): Image {
  const { width, height, colorType } = header;
  const { palette, pixels, isDamaged } = readChunks(bytes);
  if (colorType === PALETTE && !palette?.length) throw invalid("the palette is missing");
  const passes = passesOf(header);
  const size = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
  const channels = channelsOf(colorType);
  // Nothing is allocated before the stream has begun: its length bounds what it can hold.
  let writer: RowWriter | undefined;
  const hasSum = inflateZlib(pixels, size, (piece) => {
    writer ??= new RowWriter(header, palette, passes, new Uint8Array(width * height * channels));
    writer.write(piece);
  });
  // The stream's own checksum says more than that of a chunk, which Pillow does not look at.
  if (!hasSum && isDamaged) {
    throw invalid('the checksum of the chunk "IDAT" does not match');
  }
  return { width, height, channels, data: writer!.data };
}

/** Takes the bytes of rows as they come, and makes pixels of each row that is whole. */
class RowWriter {
  readonly data: Uint8Array;
  readonly #header: PngHeader;
  readonly #palette: Uint8Array | undefined;
  readonly #passes: readonly Pass[];
  readonly #step: number;
  #pass = 0;
  #y = 0;
  /** Filter and bytes of the row that is coming, and of the one above. */
  #row: Uint8Array;
  #above: Uint8Array;
  #filled = 0;

  constructor(
    header: PngHeader,
    palette: Uint8Array | undefined,
    passes: readonly Pass[],
    data: Uint8Array,
  ) {
    this.data = data;
    this.#header = header;
    this.#palette = palette;
    this.#passes = passes;
    this.#step = Math.ceil(COLOR_TYPES[header.colorType].samples * header.depth / 8);
    this.#row = new Uint8Array(1 + passes[0].rowBytes);
    this.#above = new Uint8Array(1 + passes[0].rowBytes);
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#row.length - this.#filled);
      this.#row.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#row.length) this.#endRow();
    }
  }

  #endRow(): void {
    const { left, top, dx, dy, columns, rows } = this.#passes[this.#pass];
    const { width, colorType } = this.#header;
    const row = this.#row.subarray(1);
    unfilterRow(this.#row[0], row, this.#above.subarray(1), this.#step);
    const channels = channelsOf(colorType);
    const target = ((top + this.#y * dy) * width + left) * channels;
    writePixels(row, columns, this.#header, this.#palette, this.data, target, dx * channels);
    [this.#row, this.#above] = [this.#above, this.#row];
    this.#filled = 0;
    if (++this.#y < rows || ++this.#pass === this.#passes.length) return;
    this.#y = 0;
    const { rowBytes } = this.#passes[this.#pass];
    this.#row = new Uint8Array(1 + rowBytes);
    this.#above = new Uint8Array(1 + rowBytes);
  }
}

/** Writes the pixels of one row at `target`, `target + step`…, as 8-bit samples. */
function writePixels(
  row: Uint8Array,
  columns: number,
  { depth, colorType }: PngHeader,
  palette: Uint8Array | undefined,
  out: Uint8Array,
  target: number,
  step: number,
): void {
  const bytesPerSample = depth === 16 ? 2 : 1;
  if (colorType === PALETTE && palette) {
    for (let x = 0; x < columns; x++, target += step) {
      const entry = smallSample(row, x, depth) * 3;
      // Past the end of the palette all is black, as in libpng and Pillow.
      for (let c = 0; c < 3; c++) out[target + c] = palette[entry + c] ?? 0;
    }
  } else if (colorType === GREY) {
    const scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
    for (let x = 0; x < columns; x++, target += step) {
      // Pillow clamps 16-bit grey where it keeps the high byte of every other 16-bit sample.
      if (depth === 16) out[target] = row[2 * x] > 0 ? 255 : row[2 * x + 1];
      else out[target] = smallSample(row, x, depth) * scale;
    }
  } else if (colorType === GREY_ALPHA) {
    for (let x = 0; x < columns; x++, target += step) {
      const grey = row[2 * x * bytesPerSample];
      out[target] = out[target + 1] = out[target + 2] = grey;
      out[target + 3] = row[(2 * x + 1) * bytesPerSample];
    }
  } else {
    const samples = COLOR_TYPES[colorType].samples;
    for (let x = 0; x < columns; x++, target += step) {
      for (let c = 0; c < samples; c++) out[target + c] = row[(x * samples + c) * bytesPerSample];
    }
  }
}

/** Sample `x` of a row of at most 8 bits a sample; the first is in the high bits of a byte. */
function smallSample(row: Uint8Array, x: number, depth: number): number {
  const bit = x * depth;
  return row[bit >> 3] >> (8 - depth - (bit & 7)) & ((1 << depth) - 1);
}
