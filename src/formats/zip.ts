import { FewbitError } from "../errors.ts";
import { foreignFile } from "../foreign_file.ts";
import { inflate } from "./inflate.ts";
import { quote } from "./quote.ts";

/** A file inside a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 DEFLATE. */
  readonly method: number;
  /** The bytes as they lie in the archive. */
  readonly data: Uint8Array;
  /** Number of bytes after decompression. */
  readonly size: number;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_RECORD = 0x06054b50;
const END_RECORD_64 = 0x06064b50;
const END_LOCATOR_64 = 0x07064b50;

/** A 32-bit field of this value has its real value in a zip64 record. */
const IN_ZIP64 = 0xffffffff;

/** Flag of an encrypted entry. */
const ENCRYPTED = 1;

/** Lists a zip archive, zip64 included. The entries view `bytes`. */
export function readZip(bytes: Uint8Array): Map<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { offset, size, count } = readDirectoryPlace(view);
  if (offset + size > bytes.length) throw invalid("the central directory passes the end");
  const entries = new Map<string, ZipEntry>();
  let at = offset;
  for (let index = 0; index < count; index++) {
    if (at + 46 > offset + size || view.getUint32(at, true) !== CENTRAL_HEADER) {
      throw invalid(`entry ${index} of ${count} is not in the central directory`);
    }
    const end = at + 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
    if (end > offset + size) throw invalid(`entry ${index} passes the end of the directory`);
    const entry = readEntry(bytes, view, at);
    if (entries.has(entry.name)) throw invalid(`the entry ${quote(entry.name)} exists twice`);
    entries.set(entry.name, entry);
    at = end;
  }
  checkOverlaps(entries);
  return entries;
}

/**
 * Gives the content of an entry. Its CRC-32 is not checked: PyTorch has an option to write files
 * without valid ones.
 *
 * @param limit Most bytes that a compressed entry may grow to.
 */
export async function readZipEntry(entry: ZipEntry, limit: number): Promise<Uint8Array> {
  if (entry.method === 0) {
    if (entry.size !== entry.data.length) {
      throw invalid(`the stored entry ${quote(entry.name)} has two sizes`);
    }
    return entry.data;
  }
  if (entry.method !== 8) {
    throw new FewbitError(
      "unsupported",
      `Cannot read zip: the entry ${quote(entry.name)} has compression method ${entry.method}`,
    );
  }
  if (entry.size > limit) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot read zip: the entry ${quote(entry.name)} inflates to ${entry.size} bytes, ` +
        `the limit is ${limit}`,
    );
  }
  const content = await inflate("zip", entry.data, "deflate-raw", entry.size);
  if (content.length !== entry.size) {
    throw invalid(
      `the entry ${quote(entry.name)} inflates to ${content.length} bytes, expected ${entry.size}`,
    );
  }
  return content;
}

interface DirectoryPlace {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

function readDirectoryPlace(view: DataView): DirectoryPlace {
  const end = findEndRecord(view);
  const locator = end - 20;
  if (locator >= 0 && view.getUint32(locator, true) === END_LOCATOR_64) {
    const record = readUint64(view, locator + 8);
    if (record + 56 > locator || view.getUint32(record, true) !== END_RECORD_64) {
      throw invalid("the zip64 end record is not where its locator points");
    }
    return {
      count: readUint64(view, record + 32),
      size: readUint64(view, record + 40),
      offset: readUint64(view, record + 48),
    };
  }
  return {
    count: view.getUint16(end + 10, true),
    size: view.getUint32(end + 12, true),
    offset: view.getUint32(end + 16, true),
  };
}

/** The end record is last, but for a comment of up to 65,535 bytes. */
function findEndRecord(view: DataView): number {
  const last = view.byteLength - 22;
  for (let at = last; at >= 0 && at >= last - 0xffff; at--) {
    if (
      view.getUint32(at, true) === END_RECORD &&
      at + 22 + view.getUint16(at + 20, true) === last + 22
    ) {
      return at;
    }
  }
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  throw invalid(
    foreignFile(bytes, "zip") ??
      "there is no end record: the file is truncated or not a zip archive",
  );
}

function readEntry(bytes: Uint8Array, view: DataView, at: number): ZipEntry {
  const nameEnd = at + 46 + view.getUint16(at + 28, true);
  const name = new TextDecoder().decode(bytes.subarray(at + 46, nameEnd));
  if (view.getUint16(at + 8, true) & ENCRYPTED) {
    throw new FewbitError("unsupported", `Cannot read zip: the entry ${quote(name)} is encrypted`);
  }
  const extra = zip64Fields(view, nameEnd, nameEnd + view.getUint16(at + 30, true));
  // The zip64 record has only those fields that do not fit, in this order.
  const [size, compressedSize, local] = [at + 24, at + 20, at + 42].map((field) => {
    const value = view.getUint32(field, true);
    return value === IN_ZIP64 ? extra.shift() ?? value : value;
  });
  if (local + 30 > bytes.length || view.getUint32(local, true) !== LOCAL_HEADER) {
    throw invalid(`the entry ${quote(name)} has no local header at ${local}`);
  }
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (start + compressedSize > bytes.length) {
    throw invalid(`the entry ${quote(name)} passes the file's ${bytes.length} bytes`);
  }
  const data = bytes.subarray(start, start + compressedSize);
  return { name, method: view.getUint16(at + 10, true), data, size };
}

/** The 64-bit values of the zip64 extra field between two offsets, none without one. */
function zip64Fields(view: DataView, start: number, end: number): number[] {
  for (let at = start; at + 4 <= end;) {
    const next = at + 4 + view.getUint16(at + 2, true);
    if (next > end) break;
    if (view.getUint16(at, true) === 1) {
      const fields: number[] = [];
      for (let field = at + 4; field + 8 <= next; field += 8) fields.push(readUint64(view, field));
      return fields;
    }
    at = next;
  }
  return [];
}

/** Many entries on the same bytes would take memory out of proportion to the archive. */
function checkOverlaps(entries: ReadonlyMap<string, ZipEntry>): void {
  const sorted = [...entries.values()].sort((a, b) => a.data.byteOffset - b.data.byteOffset);
  let end = 0;
  for (const { name, data } of sorted) {
    if (data.byteOffset < end) throw invalid(`the entry ${quote(name)} overlaps another`);
    end = data.byteOffset + data.length;
  }
}

/** Values beyond 2^53 lose bits, but exceed every file all the same. */
function readUint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read zip: ${problem}`);
}
