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
  /** The zlib stream. */
  readonly pixels: Uint8Array;
}

/** Collects the critical chunks and checks their checksums; ancillary ones (text, colour profiles) are skipped unread. */
function readChunks(bytes: Uint8Array): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let palette: Uint8Array | undefined;
  let previous = "";
  for (let offset = 8;;) {
    if (offset + 12 > bytes.length) throw invalid("truncated, there is no IEND chunk");
    const length = view.getUint32(offset);
    const type = chunkType(view, offset + 4);
    const end = offset + 8 + length;
    if (end + 4 > bytes.length) throw invalid(`the chunk ${JSON.stringify(type)} is truncated`);
    const critical = (bytes[offset + 4] & 32) === 0;
    if (critical && crc32(bytes.subarray(offset + 4, end)) !== view.getUint32(end)) {
      throw invalid(`the checksum of the chunk ${JSON.stringify(type)} does not match`);
    }
    const data = bytes.subarray(offset + 8, end);
    if (type === "IDAT") {
      if (parts.length > 0 && previous !== "IDAT") {
        throw invalid("its IDAT chunks are not consecutive");
      }
      parts.push(data);
    } else if (type === "PLTE") {
      if (palette || parts.length > 0 || length === 0 || length % 3 !== 0 || length > 768) {
        throw invalid("bad palette");
      }
      palette = data;
    } else if (type === "IEND") {
      return { palette, pixels: concatenate(parts) };
    } else if (critical && !(type === "IHDR" && offset === 8)) {
      throw invalid(`unexpected chunk ${JSON.stringify(type)}`);
    }
    previous = type;
    offset = end + 4;
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Channels of the decoded image. */
function channelsOf(colorType: number): 1 | 3 | 4 {
  return colorType === GREY ? 1 : colorType === RGB || colorType === PALETTE ? 3 : 4;
}

/** Bytes that decoding takes beside the file. */
export function pngBytesNeeded({ width, height, depth, colorType }: PngHeader): number {
  return height *
    (1 + Math.ceil(width * COLOR_TYPES[colorType].samples * depth / 8) +
      width * channelsOf(colorType));
}

/** Decodes a PNG whose header was read and found small enough. Throws `invalid_file`. */
export function decodePng(bytes: Uint8Array, header: PngHeader): Image {
  const { width, height, depth, colorType, interlaced } = header;
  const { palette, pixels } = readChunks(bytes);
  if (colorType === PALETTE && !palette) throw invalid("the palette is missing");
  const bitsPerPixel = COLOR_TYPES[colorType].samples * depth;
  const passes = (interlaced ? ADAM7 : ONE_PASS)
    .map(([left, top, dx, dy]) => ({
      left,
      top,
      dx,
      dy,
      columns: Math.ceil((width - left) / dx),
      rows: Math.ceil((height - top) / dy),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const rowBytesOf = (columns: number) => Math.ceil(columns * bitsPerPixel / 8);
  const size = passes.reduce((sum, { columns, rows }) => sum + rows * (1 + rowBytesOf(columns)), 0);
  const raw = inflateZlib(pixels, size);

  const channels = channelsOf(colorType);
  const data = new Uint8Array(width * height * channels);
  let offset = 0;
  for (const { left, top, dx, dy, columns, rows } of passes) {
    const rowBytes = rowBytesOf(columns);
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let y = 0; y < rows; y++) {
      const row = raw.subarray(offset + 1, offset + 1 + rowBytes);
      unfilterRow(raw[offset], row, above, Math.ceil(bitsPerPixel / 8));
      const target = ((top + y * dy) * width + left) * channels;
      writePixels(row, columns, header, palette, data, target, dx * channels);
      above = row;
      offset += 1 + rowBytes;
    }
  }
  return { width, height, channels, data };
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
      if (entry >= palette.length) throw invalid("a pixel is outside the palette");
      for (let c = 0; c < 3; c++) out[target + c] = palette[entry + c];
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
