import { crc32, deflateSync } from "node:zlib";

/** One chunk with its length and checksum. */
export function chunk(type: string, data: Uint8Array = new Uint8Array()): Uint8Array {
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

/** Joins byte arrays. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}

/** Signature and header chunk. */
export function pngStart(
  width: number,
  height: number,
  depth: number,
  colorType: number,
  interlace = 0,
): Uint8Array {
  const header = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, depth, colorType, 0, 0, interlace]);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  return concat(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), chunk("IHDR", header));
}

/** A grey 8-bit PNG whose scanlines (filter byte and pixels) inflate to `raw`. */
export function greyPng(width: number, height: number, raw: Uint8Array): Uint8Array {
  return concat(pngStart(width, height, 8, 0), chunk("IDAT", deflateSync(raw)), chunk("IEND"));
}

/** Recomputes the checksums of all chunks that lie within the bytes. */
export function repairChecksums(png: Uint8Array): void {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at + 12 <= png.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > png.length) return;
    view.setUint32(end, crc32(png.subarray(at + 4, end)));
    at = end + 4;
  }
}
