/** The index of a search: passages with their embeddings in 8 bits, as a file. */
import { FewbitError } from "../errors.ts";
import { foreignFile } from "../foreign_file.ts";
import { parseJson } from "../json.ts";
import type { Passage, PassageSizes } from "./passages.ts";

/** A passage with `round(127·x)` of its embedding. */
export interface IndexedPassage extends Passage {
  /** Codes of the embedding. */
  readonly row: Int8Array;
}

/** A file of an index. */
export interface IndexedFile {
  /** Absolute path. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** When it was changed: milliseconds since 1970. */
  readonly modified: number;
  /** SHA-256 of its bytes. */
  readonly sha256: string;
  /** Its passages, in order. */
  readonly passages: readonly IndexedPassage[];
}

/** The model that made an index. */
export interface IndexModel {
  /** Hexadecimal id of the program. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** Where it was, absolute; asked where no model is given. */
  readonly source: string;
}

/** What can be searched. */
export interface PassageIndex {
  /** The model that made it. */
  readonly model: IndexModel;
  /** Numbers of an embedding. */
  readonly dimension: number;
  /** How long its passages are. */
  readonly sizes: PassageSizes;
  /** Its files. */
  readonly files: readonly IndexedFile[];
}

/** "FBIX", little-endian. */
const MAGIC = 0x58494246;
const VERSION = 1;
/** Magic, version, bytes of the JSON, rows; SHA-256 of what follows. */
const HEADER_BYTES = 48;

/** Writes an index: a header, a JSON text, and a row of codes for each passage. */
export async function encodePassageIndex(index: PassageIndex): Promise<Uint8Array<ArrayBuffer>> {
  const { model, dimension, sizes, files } = index;
  const passages = files.flatMap((file) => file.passages);
  const plain = files.map((file) => ({
    ...file,
    passages: file.passages.map(({ firstLine, lastLine, text }) => [firstLine, lastLine, text]),
  }));
  const json = new TextEncoder().encode(
    JSON.stringify({ model, dimension, sizes, files: plain }),
  );
  const bytes = new Uint8Array(HEADER_BYTES + json.length + passages.length * dimension);
  const view = new DataView(bytes.buffer);
  [MAGIC, VERSION, json.length, passages.length].forEach((word, i) =>
    view.setUint32(4 * i, word, true)
  );
  bytes.set(json, HEADER_BYTES);
  passages.forEach(({ row }, i) => {
    bytes.set(
      new Uint8Array(row.buffer, row.byteOffset, dimension),
      HEADER_BYTES + json.length + i * dimension,
    );
  });
  bytes.set(await digest(bytes.subarray(HEADER_BYTES)), 16);
  return bytes;
}

/**
 * Reads an index.
 *
 * @throws {FewbitError} `invalid_file` where the bytes are damaged or no index, `unsupported` for
 * another version.
 */
export async function decodePassageIndex(bytes: Uint8Array): Promise<PassageIndex> {
  if (bytes.length < HEADER_BYTES) {
    fail(foreignFile(bytes, "index") ?? `it has ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [magic, version, jsonBytes, rows] = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
  if (magic !== MAGIC) fail(`it is not one${noteOf(bytes)}`);
  if (version !== VERSION) {
    throw new FewbitError("unsupported", `Cannot read index: version ${version}, not ${VERSION}`);
  }
  const body = bytes.slice(HEADER_BYTES);
  const sum = await digest(body);
  if (sum.some((byte, i) => byte !== bytes[16 + i])) fail("it is damaged: its checksum is wrong");
  if (jsonBytes > body.length) fail("it is damaged: its header is too long");
  // A list for each passage and two numbers in it; a row has at least a byte.
  const maxValues = 2 ** 22 + 8 * rows;
  const json = parseJson("Cannot read index: its header", body.subarray(0, jsonBytes), {
    maxValues,
  });
  return indexOf(json, new Int8Array(body.buffer, jsonBytes), rows);
}

function indexOf(json: unknown, codes: Int8Array, rows: number): PassageIndex {
  const { model, dimension, sizes, files } = objectOf(json);
  const { id, name, source } = objectOf(model);
  const { tokens, overlap } = objectOf(sizes);
  const width = countOf(dimension);
  if (width < 1 || codes.length !== rows * width) fail("it is damaged: its rows do not fit");
  let at = 0;
  const passageOf = (value: unknown): IndexedPassage => {
    const [firstLine, lastLine, text] = listOf(value);
    const row = codes.subarray(at * width, ++at * width);
    return { firstLine: countOf(firstLine), lastLine: countOf(lastLine), text: textOf(text), row };
  };
  const index = {
    model: { id: textOf(id), name: textOf(name), source: textOf(source) },
    dimension: width,
    sizes: { tokens: countOf(tokens), overlap: countOf(overlap) },
    files: listOf(files).map((value): IndexedFile => {
      const { path, size, modified, sha256, passages } = objectOf(value);
      return {
        path: textOf(path),
        size: countOf(size),
        modified: countOf(modified),
        sha256: textOf(sha256),
        passages: listOf(passages).map(passageOf),
      };
    }),
  };
  if (at !== rows) fail(`it is damaged: it has ${rows} rows for ${at} passages`);
  return index;
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  return fail("it is damaged: a part of its header is no object");
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : fail("it is damaged: a part of its header is no list");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : fail("it is damaged: a part of its header is no text");
}

function countOf(value: unknown): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  return fail("it is damaged: a part of its header is no count");
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** What a file is that is no index. */
function noteOf(bytes: Uint8Array): string {
  const foreign = foreignFile(bytes);
  return foreign === undefined ? "" : `: ${foreign}`;
}

function fail(why: string): never {
  throw new FewbitError("invalid_file", `Cannot read index: ${why}`);
}
