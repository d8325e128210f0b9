import { FewbitError } from "../errors.ts";
import { foreignFile } from "../foreign_file.ts";
import { GgufCursor, invalid } from "./_gguf_cursor.ts";
import { type GgmlType, ggmlType } from "./_gguf_types.ts";
import { type GgufValue, readGgufValue } from "./_gguf_value.ts";
import { quote } from "./quote.ts";
import { checkedElementCount } from "./tensor_bytes.ts";

/** "GGUF" in little-endian order. */
const MAGIC = 0x46554747;

const DEFAULT_ALIGNMENT = 32;

/** Largest rank; ggml has this limit. */
const MAX_RANK = 4;

/** Least bytes of a pair of metadata: length of the key, type, a byte. */
const MIN_PAIR_BYTES = 13;

/** Least bytes of a tensor's description: length of the name, rank, type, offset. */
const MIN_TENSOR_BYTES = 24;

/** A tensor as the header describes it, checked. */
export interface GgufEntry {
  readonly name: string;
  readonly type: GgmlType;
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  /** Where its bytes start in the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** What a file says of itself. */
export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** In the order of the file. */
  readonly entries: readonly GgufEntry[];
}

/** A tensor whose offset counts from the start of the data, not yet checked. */
interface Description extends Omit<GgufEntry, "byteOffset" | "byteLength"> {
  readonly offset: bigint;
}

/**
 * Reads and checks a header.
 *
 * @param bytes The start of the file, or all of it.
 * @param fileBytes Size of the file.
 * @throws {MoreBytes} Where `bytes` ends before the header does.
 */
export function readGgufHeader(bytes: Uint8Array, fileBytes: number): GgufHeader {
  checkStart(bytes);
  const cursor = new GgufCursor(bytes, fileBytes);
  const version = readVersion(cursor);
  const tensorCount = cursor.count(MIN_TENSOR_BYTES, "the count of tensors");
  const pairCount = cursor.count(MIN_PAIR_BYTES, "the count of metadata");
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < pairCount; i++) {
    const key = cursor.name("a key");
    if (metadata.has(key)) throw invalid(`the metadata has the key ${quote(key)} twice`);
    metadata.set(key, readGgufValue(cursor, quote(key)));
  }
  const alignment = alignmentOf(metadata);
  const descriptions = new Map<string, Description>();
  for (let i = 0; i < tensorCount; i++) {
    const description = readDescription(cursor);
    if (descriptions.has(description.name)) {
      throw invalid(`there are two tensors ${quote(description.name)}`);
    }
    descriptions.set(description.name, description);
  }
  const start = Math.ceil(cursor.at / alignment) * alignment;
  // A file without tensors ends where its header does.
  const dataBytes = Math.max(0, fileBytes - start);
  const entries = place([...descriptions.values()], start, dataBytes, alignment);
  return { version, metadata, entries };
}

/** Says of another file what it is. */
function checkStart(bytes: Uint8Array): void {
  const foreign = foreignFile(bytes, "GGUF");
  if (foreign !== undefined && bytes.length >= 4) throw invalid(foreign);
}

function readVersion(cursor: GgufCursor): number {
  const magic = cursor.u32("the magic");
  if (magic !== MAGIC) throw invalid('the file does not start with "GGUF"');
  const version = cursor.u32("the version");
  if (version === 2 || version === 3) return version;
  // The low half of a small version is the high half of its bytes in the other order.
  const problem = version !== 0 && (version & 0xffff) === 0
    ? "the file is big-endian, expected little-endian"
    : `version ${version}, expected 2 or 3`;
  throw new FewbitError("unsupported", `Cannot read GGUF: ${problem}`);
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const value = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  // The shift gives the highest bit of a 32-bit integer, which no other number equals.
  if (typeof value !== "number" || value <= 0 || 1 << 31 - Math.clz32(value) >>> 0 !== value) {
    throw invalid(`general.alignment is ${shown(value)}, expected a power of two`);
  }
  return value;
}

function readDescription(cursor: GgufCursor): Description {
  const name = cursor.name("the name of a tensor");
  const what = `tensor ${quote(name)}`;
  const rank = cursor.u32(what);
  if (rank > MAX_RANK) {
    throw new FewbitError(
      "unsupported",
      `Cannot read GGUF: ${what} has rank ${rank}, expected ${MAX_RANK} or less`,
    );
  }
  const extents = Array.from({ length: rank }, () => Number(cursor.u64(what)));
  const type = ggmlType(cursor.u32(what));
  const offset = cursor.u64(what);
  // The file has the innermost extent first.
  return { name, type, shape: extents.reverse(), offset };
}

/** Gives tensors their places: aligned, inside the file, none over another. */
function place(
  descriptions: readonly Description[],
  start: number,
  dataBytes: number,
  alignment: number,
): GgufEntry[] {
  const begins = descriptions.map(({ name, offset }) => {
    if (offset % BigInt(alignment) !== 0n) {
      throw invalid(
        `tensor ${quote(name)} has offset ${offset}, expected a multiple of ${alignment}`,
      );
    }
    if (offset > dataBytes) {
      throw invalid(
        `tensor ${quote(name)} has offset ${offset}, past the ${dataBytes} bytes of data`,
      );
    }
    return Number(offset);
  });
  const lengths = new Array<number>(descriptions.length);
  const order = begins.map((_, i) => i).sort((a, b) => begins[b] - begins[a] || b - a);
  // From the last one to the first: each ends where the one after it starts, or before.
  let limit = dataBytes;
  for (const i of order) {
    const { name } = descriptions[i];
    const bytes = byteLength(descriptions[i]) ?? limit - begins[i];
    if (bytes > limit - begins[i]) {
      const end = limit === dataBytes ? "the data ends" : "another tensor starts";
      throw invalid(
        `tensor ${quote(name)} needs ${bytes} bytes at ${begins[i]}, but ${end} at ${limit}`,
      );
    }
    lengths[i] = bytes;
    limit = begins[i];
  }
  return descriptions.map(({ name, type, shape }, i) => ({
    name,
    type,
    shape,
    byteOffset: start + begins[i],
    byteLength: lengths[i],
  }));
}

/** Bytes of a tensor; `undefined` where its type does not tell. */
function byteLength({ name, type, shape }: Description): number | undefined {
  const count = checkedElementCount("GGUF", shape);
  const { blockElements, blockBytes, trailerBytes } = type;
  if (blockBytes === undefined) return undefined;
  if ((shape.at(-1) ?? 1) % blockElements !== 0) {
    throw invalid(
      `tensor ${quote(name)} has rows of ${shape.at(-1) ?? 1} elements, expected a multiple of ` +
        `${blockElements} for ${type.name}`,
    );
  }
  return count / blockElements * blockBytes + trailerBytes;
}

function shown(value: GgufValue): string {
  return typeof value === "object" ? "an array" : quote(String(value));
}
