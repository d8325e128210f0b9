/** Bytes to program: everything that can be checked record by record; `verify` checks the rest. */
import { foreignFile } from "../foreign_file.ts";
import { parseJson } from "../json.ts";
import { CHECKS } from "../instructions/codes.ts";
import type { Check } from "../instructions/codes.ts";
import { LAYOUTS } from "../layouts/mod.ts";
import type { Layout } from "../layouts/mod.ts";
import { DTYPES } from "../tensor.ts";
import type { DType } from "../tensor.ts";
import { crc32c } from "./crc32c.ts";
import {
  FEATURES,
  HEADER_BYTES,
  MAGIC,
  NONE,
  RECORD_WORDS,
  SECTION_WORDS,
  TAGS,
  VERSION,
} from "./format.ts";
import { headerChecksum } from "./header_checksum.ts";
import { ENCODINGS, LIMITS, REGIONS } from "./program.ts";
import type {
  Encoding,
  Entry,
  Expression,
  Instruction,
  Metadata,
  Program,
  ProgramSymbol,
  ProgramTensor,
  Region,
  View,
} from "./program.ts";
import { ProgramError } from "./verdict.ts";

/** Parts of the blob, in order; the last one is there only where a program has ternary weights. */
const SEGMENT_KINDS: readonly Segment["kind"][] = ["constant", "parameter", "state", "trits"];

/** A part of the blob. */
export interface Segment {
  /** The region whose stored bytes these are, or `trits`: ternary constants in base 3. */
  readonly kind: "constant" | "parameter" | "state" | "trits";
  /** Offset in the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** CRC-32C of the bytes. */
  readonly crc: number;
}

/** A decoded head. */
export interface DecodedHead {
  /** The program, without the bytes of its tensors. */
  readonly program: Program;
  /** Parts of the blob, in order. */
  readonly segments: readonly Segment[];
  /** Bytes from the start of the file to the blob. */
  readonly headBytes: number;
  /** Bytes of the blob. */
  readonly blobBytes: number;
  /** Hexadecimal program id. */
  readonly id: string;
}

/** Sizes from the first 64 bytes of a file, which nothing has verified yet. */
export function decodeHeader(bytes: Uint8Array): { headBytes: number; blobBytes: number } {
  if (bytes.length < HEADER_BYTES) {
    const foreign = foreignFile(bytes, "fewbit");
    if (foreign !== undefined) throw new ProgramError("bad_magic", foreign);
    throw new ProgramError("truncated", `${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const word = (i: number): number => view.getUint32(4 * i, true);
  if (word(0) !== MAGIC) {
    const foreign = foreignFile(bytes, "a program of fewbit");
    const note = foreign === undefined ? "" : `: ${foreign}`;
    throw new ProgramError("bad_magic", `not a fewbit file${note}`);
  }
  if (word(1) !== VERSION) throw new ProgramError("unsupported_version", `version ${word(1)}`);
  if (word(2) < HEADER_BYTES) throw new ProgramError("truncated", `head of ${word(2)} bytes`);
  return { headBytes: word(2), blobBytes: word(3) };
}

/**
 * Decodes a head (or a whole file).
 *
 * @throws {ProgramError} Where a record is not well formed.
 */
export function decodeHead(bytes: Uint8Array): DecodedHead {
  const { headBytes, blobBytes } = decodeHeader(bytes);
  if (bytes.length < headBytes) {
    throw new ProgramError("truncated", `${bytes.length} of ${headBytes} bytes of the head`);
  }
  const head = bytes.subarray(0, headBytes);
  const { count, hasTrits } = checkHeader(head);
  const sections = readSections(head, count);
  const names = sections.bytes(TAGS.names);
  const name = (offset: number, length: number): string => readName(names, offset, length);

  const symbols = sections.records("symbols", LIMITS.symbols).map((r): ProgramSymbol => ({
    name: name(r[0], r[1]),
    kind: oneOf(r[2], ["load", "run"] as const, "bad_symbol"),
    min: r[3],
    max: r[4],
    default: r[5],
  }));
  const expressions = sections.records("expressions", LIMITS.expressions).map(readExpression);
  const tensors = sections.records("tensors", LIMITS.tensors).map((r): ProgramTensor => ({
    name: name(r[0], r[1]),
    region: keyOf<Region>(REGIONS, r[2]),
    dtype: keyOf<DType>(DTYPES, r[3]),
    layout: keyOf<Layout>(LAYOUTS, r[4]),
    extents: extentsOf(r, 5, "bad_tensor"),
    encoding: keyOf<Encoding>(ENCODINGS, r[10]),
    check: keyOf<Check>(CHECKS, r[11]),
    limit: indexOf(r[12]),
    offsets: indexOf(r[13]),
  }));
  const views = sections.records("views", LIMITS.views).map((r): View => ({
    tensor: r[0],
    offset: r[1],
    extents: extentsOf(r, 2, "bad_view"),
    rowStride: r[7],
  }));
  const operands = sections.words(TAGS.operands);
  const attributes = sections.words(TAGS.attributes);
  const instructions = sections.records("instructions", LIMITS.instructions).map(
    (r): Instruction => {
      if (
        r[2] > LIMITS.operands || r[4] > LIMITS.attributes ||
        r[1] + r[2] > operands.length || r[3] + r[4] > attributes.length
      ) throw new ProgramError("bad_opcode", `operands of opcode ${r[0]}`);
      return {
        opcode: r[0],
        operands: Array.from(operands.subarray(r[1], r[1] + r[2]), indexOf),
        attributes: Array.from(attributes.subarray(r[3], r[3] + r[4]), (a) => a | 0),
      };
    },
  );
  const entries = sections.records("entries", LIMITS.entries).map((r): Entry => ({
    name: name(r[0], r[1]),
    first: r[2],
    count: r[3],
  }));
  return {
    program: {
      symbols,
      expressions,
      tensors,
      views,
      instructions,
      entries,
      metadata: readMetadata(sections),
    },
    segments: readSegments(
      sections.records("segments", SEGMENT_KINDS.length),
      hasTrits ? 4 : 3,
      headBytes,
      blobBytes,
    ),
    headBytes,
    blobBytes,
    id: Array.from(head.subarray(32, 48), (b) => b.toString(16).padStart(2, "0")).join(""),
  };
}

/** Checks what is not a size; returns the number of sections and whether the blob has trits. */
function checkHeader(head: Uint8Array): { count: number; hasTrits: boolean } {
  const view = new DataView(head.buffer, head.byteOffset, HEADER_BYTES);
  const word = (i: number): number => view.getUint32(4 * i, true);
  const sections = word(5);
  if (sections > 64 || HEADER_BYTES + sections * SECTION_WORDS * 4 > head.length) {
    throw new ProgramError("bad_section", "section table");
  }
  if (headerChecksum(head, sections) !== word(15)) throw new ProgramError("checksum", "header");
  if (word(4) !== 0 || (word(6) & ~FEATURES.trits) !== 0 || word(7) !== 0) {
    throw new ProgramError("unsupported_section", `features ${word(6)}`);
  }
  return { count: sections, hasTrits: (word(6) & FEATURES.trits) !== 0 };
}

interface Sections {
  bytes(tag: number): Uint8Array;
  words(tag: number): Uint32Array;
  records(name: keyof typeof RECORD_WORDS, limit: number): Uint32Array[];
}

function readSections(head: Uint8Array, count: number): Sections {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const tableEnd = HEADER_BYTES + count * SECTION_WORDS * 4;
  const known = new Set<number>(Object.values(TAGS));
  const found = new Map<number, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const [tag, flags, offset, length, crc] = [0, 1, 2, 3, 4].map((j) =>
      view.getUint32(HEADER_BYTES + (i * SECTION_WORDS + j) * 4, true)
    );
    if (offset % 4 !== 0 || offset < tableEnd || offset + length > head.length) {
      throw new ProgramError("bad_section", `section ${i} at ${offset}, ${length} bytes`);
    }
    const bytes = head.subarray(offset, offset + length);
    if (crc32c(bytes) !== crc) throw new ProgramError("checksum", `section ${i}`);
    if (known.has(tag)) {
      if (found.has(tag)) throw new ProgramError("bad_section", `section ${i} occurs twice`);
      found.set(tag, bytes);
    } else if (flags & 1) throw new ProgramError("unsupported_section", `section ${i}`);
  }
  const bytes = (tag: number): Uint8Array => found.get(tag) ?? new Uint8Array(0);
  const words = (tag: number): Uint32Array => {
    const section = bytes(tag);
    if (section.length % 4 !== 0) throw new ProgramError("bad_section", "length");
    const result = new Uint32Array(section.length / 4);
    const data = new DataView(section.buffer, section.byteOffset, section.length);
    for (let i = 0; i < result.length; i++) result[i] = data.getUint32(4 * i, true);
    return result;
  };
  const records = (name: keyof typeof RECORD_WORDS, limit: number): Uint32Array[] => {
    const size = RECORD_WORDS[name];
    const all = words(TAGS[name]);
    if (all.length % size !== 0) throw new ProgramError("bad_section", `length of ${name}`);
    const length = all.length / size;
    if (length > limit) throw new ProgramError("limit", `${length} ${name}`);
    return Array.from({ length }, (_, i) => all.subarray(i * size, (i + 1) * size));
  };
  return { bytes, words, records };
}

/** Names are what one can type in a shell and a URL: `[A-Za-z0-9_./-]`, at most 255. */
function readName(pool: Uint8Array, offset: number, length: number): string {
  if (offset === NONE && length === 0) return "";
  if (length < 1 || length > 255 || offset + length > pool.length) {
    throw new ProgramError("bad_name", `offset ${offset}, length ${length}`);
  }
  const text = String.fromCharCode(...pool.subarray(offset, offset + length));
  if (!/^[A-Za-z0-9_./-]+$/.test(text)) throw new ProgramError("bad_name", JSON.stringify(text));
  return text;
}

function readExpression(r: Uint32Array): Expression {
  if (r[1] > LIMITS.terms) throw new ProgramError("bad_expression", `${r[1]} terms`);
  return {
    constant: r[0] | 0,
    terms: Array.from({ length: r[1] }, (_, i) => [r[2 + 2 * i] | 0, r[3 + 2 * i]] as const),
    modulus: indexOf(r[8]),
  };
}

function extentsOf(r: Uint32Array, at: number, verdict: "bad_tensor" | "bad_view"): number[] {
  if (r[at] < 1 || r[at] > LIMITS.rank) throw new ProgramError(verdict, `rank ${r[at]}`);
  return Array.from(r.subarray(at + 1, at + 1 + r[at]));
}

function readSegments(
  records: readonly Uint32Array[],
  expected: number,
  headBytes: number,
  blobBytes: number,
): Segment[] {
  if (records.length !== expected) {
    throw new ProgramError("bad_section", `${records.length} segments, expected ${expected}`);
  }
  let end = 0;
  const segments = records.map(([kind, offset, length, crc], i): Segment => {
    if (kind !== i || offset !== end) throw new ProgramError("bad_section", `segment ${i}`);
    end += length;
    return { kind: SEGMENT_KINDS[i], offset: headBytes + offset, length, crc };
  });
  if (end !== blobBytes) throw new ProgramError("bad_section", "segments do not fill the blob");
  return segments;
}

/** Metadata is for people and pipelines; what is not a JSON object is dropped, engines never see it. */
function readMetadata(sections: Sections): Metadata {
  try {
    const value = parseJson("Cannot read metadata", sections.bytes(TAGS.metadata));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? value as Metadata : {};
  } catch {
    return {};
  }
}

function oneOf<T>(value: number, names: readonly T[], verdict: "bad_symbol"): T {
  if (value >= names.length) throw new ProgramError(verdict, `kind ${value}`);
  return names[value];
}

function keyOf<K extends string>(codes: Readonly<Record<K, number>>, value: number): K {
  const key = (Object.keys(codes) as K[]).find((name) => codes[name] === value);
  if (key === undefined) throw new ProgramError("bad_tensor", `unknown code ${value}`);
  return key;
}

function indexOf(value: number): number {
  return value === NONE ? -1 : value;
}
