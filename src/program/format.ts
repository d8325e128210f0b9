/**
 * The bytes of a `model.fewbit` file, version 1. Everything is little-endian; a word is a u32.
 *
 * ```text
 * 0   u32 magic "FEWB"      4  u32 version          8  u32 bytes of the head (this header to the blob)
 * 12  u64 bytes of the blob 20 u32 sections        24 u32 required features (bits; `FEATURES`)
 * 28  u32 zero              32 16 bytes program id 48 12 zero bytes       60 u32 CRC-32C, see below
 * 64  section table: tag, flags (bit 0: must be understood), offset, length, CRC-32C
 *     sections, each at a multiple of 4
 * head bytes: the blob: initial bytes of constants, then parameters, then state, then trits
 * ```
 *
 * The trits are there only where a program has ternary weights (tensors with encoding `base3`); required
 * feature bit 0 is set then, by which a reader that does not know them refuses the file, and `SEGM` has
 * a fourth record. They are the tensors in the order of the file, `⌈N·K/5⌉` bytes each (`base3.ts`),
 * directly one after another, with zeros up to a multiple of 64 behind the last one. A reader decodes
 * them, while they come, into panels that lie behind the other constants.
 *
 * The header's checksum is that of bytes 0…59 followed by the section table; each section and each
 * part of the blob has one of its own, so that every byte but padding is under a checksum.
 *
 * The program id is the first half of the SHA-256 of the head with the id and the header's checksum
 * set to zero; saved states and parameters name it. The checksums of the blob's parts are in the head
 * (`SEGM`), so the id covers the whole file.
 *
 * @module
 */

/** `FEWB`. */
export const MAGIC = 0x42574546;
/** The version this code writes, and the only one so far that it reads. */
export const VERSION = 1;
/** Bytes of the fixed header. */
export const HEADER_BYTES = 64;
/** Words of an entry of the section table. */
export const SECTION_WORDS = 5;
/** Absent index. */
export const NONE = 0xFFFFFFFF;
/** Alignment of tensors in the blob and in memory. */
export const TENSOR_ALIGNMENT = 64;

/** Bits of the required features. A reader refuses a file with one that it does not know. */
export const FEATURES = {
  /** Ternary weights in base 3: the blob has a fourth part. */
  trits: 1,
} as const;

/** Section tags, in the order of the file. */
export const TAGS = {
  names: fourcc("NAME"),
  symbols: fourcc("SYMB"),
  expressions: fourcc("EXPR"),
  tensors: fourcc("TENS"),
  views: fourcc("VIEW"),
  operands: fourcc("OPND"),
  attributes: fourcc("ATTR"),
  instructions: fourcc("CODE"),
  entries: fourcc("ENTR"),
  segments: fourcc("SEGM"),
  metadata: fourcc("META"),
} as const;

/** A word by its name, or a group of words so many times. */
export type RecordField = string | readonly [names: readonly string[], times: number];

/** The words of one record of a section. */
export const RECORD_FIELDS = {
  /** `kind` is 0 for load-time symbols, 1 for run-time ones; `most` is an expression. */
  symbols: ["nameOffset", "nameBytes", "kind", "least", "most", "initial"],
  /** `terms` are in use; `modulus` is an earlier expression. */
  expressions: ["constant", "terms", [["coefficient", "symbol"], 3], "modulus"],
  tensors: [
    ...["nameOffset", "nameBytes", "region", "dtype", "layout", "rank"],
    [["extent"], 4],
    ...["encoding", "check", "limit", "offsets"],
  ],
  views: ["tensor", "offset", "rank", [["extent"], 4], "rowStride"],
  instructions: ["opcode", "firstOperand", "operands", "firstAttribute", "attributes"],
  entries: ["nameOffset", "nameBytes", "first", "instructions"],
  /** Constants are kind 0, parameters 1, state 2, trits 3, in this order; `offset` is one in the blob. */
  segments: ["kind", "offset", "bytes", "checksum"],
} as const satisfies Record<string, readonly RecordField[]>;

/** Words of one record of a section. */
export const RECORD_WORDS = Object.fromEntries(
  Object.entries(RECORD_FIELDS).map(([name, fields]) => [name, wordsOf(fields)]),
) as Readonly<Record<keyof typeof RECORD_FIELDS, number>>;

function wordsOf(fields: readonly RecordField[]): number {
  return fields.reduce(
    (sum, field) => sum + (typeof field === "string" ? 1 : field[0].length * field[1]),
    0,
  );
}

function fourcc(tag: string): number {
  return [...tag].reduce((word, char, i) => word | char.charCodeAt(0) << 8 * i, 0) >>> 0;
}
