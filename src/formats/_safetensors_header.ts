import { FewbitError } from "../errors.ts";
import { type DType, DTYPE_BYTES } from "../tensor.ts";
import { foreignFile } from "../foreign_file.ts";
import { parseJson } from "../json.ts";
import { quote } from "./quote.ts";
import { checkedElementCount, checkRank } from "./tensor_bytes.ts";

/** Largest header, as in the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

/** The header, its tensors and their extents: nothing in the format is nested deeper. */
const MAX_DEPTH = 3;

/** About ten a tensor: 200,000 tensors. */
const MAX_VALUES = 2 ** 21;

/** The key of the free-form strings, which is not a tensor. */
export const METADATA_KEY = "__metadata__";

/** Names of the element types in a header. */
export const SAFETENSORS_DTYPES: ReadonlyMap<string, DType> = new Map([
  ["F64", "f64"],
  ["F32", "f32"],
  ["F16", "f16"],
  ["BF16", "bf16"],
  ["I64", "i64"],
  ["I32", "i32"],
  ["I16", "i16"],
  ["I8", "i8"],
  ["U8", "u8"],
  ["BOOL", "bool"],
  ["U16", "u16"],
  ["U32", "u32"],
]);

/** Bits of an element of the types of the format that have no equal here. */
const OTHER_BITS: ReadonlyMap<string, number> = new Map([
  ["U64", 64],
  ["C64", 64],
  ["F8_E5M2", 8],
  ["F8_E4M3", 8],
  ["F8_E8M0", 8],
  ["F8_E4M3FNUZ", 8],
  ["F8_E5M2FNUZ", 8],
  ["F6_E2M3", 6],
  ["F6_E3M2", 6],
  ["F4", 4],
]);

/** A tensor as the header describes it, checked on its own. */
export interface SafetensorsEntry {
  readonly name: string;
  /** Its element type; `undefined` for one that is not read. */
  readonly dtype: DType | undefined;
  /** Its element type as the file has it. */
  readonly dtypeName: string;
  readonly shape: readonly number[];
  /** Offsets into the data that follows the header. */
  readonly begin: number;
  readonly end: number;
}

/** The checked entries in the order of their bytes, and where the data starts in the file. */
export interface SafetensorsHeader {
  readonly entries: readonly SafetensorsEntry[];
  readonly dataStart: number;
}

/**
 * Reads and checks the header: sizes, offsets, and that the tensors cover the data exactly once.
 *
 * @param bytes The file, or its first bytes up to the end of the header.
 * @param fileBytes Size of the whole file.
 */
export function readHeader(bytes: Uint8Array, fileBytes = bytes.length): SafetensorsHeader {
  const dataStart = headerEnd(bytes, fileBytes);
  const entries = Object.entries(parseObject(bytes.subarray(8, dataStart)))
    .flatMap(([name, value]) => {
      if (name !== METADATA_KEY) return [readEntry(name, value)];
      checkMetadata(value);
      return [];
    })
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, fileBytes - dataStart);
  return { entries, dataStart };
}

/**
 * Where the header ends by its first eight bytes; checked against the size of the file. More of the
 * bytes help to say what the file is, if it is another.
 */
export function headerEnd(bytes: Uint8Array, fileBytes: number): number {
  if (bytes.length < 8) {
    throw foreign(bytes) ?? invalid(`the file has ${bytes.length} bytes, expected 8 or more`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw foreign(bytes) ??
      invalid(`header length ${length} exceeds the limit of ${MAX_HEADER_BYTES} bytes`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > fileBytes) {
    throw foreign(bytes) ??
      invalid(`header length ${length} exceeds the file's ${fileBytes} bytes`);
  }
  return dataStart;
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  // The format requires the brace, so that no byte order mark or white space comes before it.
  if (bytes[0] !== 0x7b) throw invalid('the header does not start with "{"');
  const bounds = { maxDepth: MAX_DEPTH, maxValues: MAX_VALUES, uniqueKeys: true };
  const action = "Cannot read safetensors: the header";
  return parseJson(action, bytes, bounds) as Record<string, unknown>;
}

function checkMetadata(value: unknown): void {
  // The reference implementation reads it as an option.
  if (value === null) return;
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== "string")) {
    throw invalid(`${METADATA_KEY} is not an object of strings`);
  }
}

function readEntry(name: string, value: unknown): SafetensorsEntry {
  if (!isObject(value)) throw invalid(`tensor ${quote(name)} is not described by an object`);
  const { dtype: dtypeName, shape, data_offsets: offsets } = value;
  if (typeof dtypeName !== "string") throw invalid(`tensor ${quote(name)} has no dtype`);
  if (!isNumbers(shape)) throw invalid(`tensor ${quote(name)} has no shape`);
  if (!isNumbers(offsets) || offsets.length !== 2 || !offsets.every(Number.isSafeInteger)) {
    throw invalid(`tensor ${quote(name)} does not have two integer data_offsets`);
  }
  const [begin, end] = offsets;
  const dtype = SAFETENSORS_DTYPES.get(dtypeName);
  const bits = dtype === undefined ? OTHER_BITS.get(dtypeName) : 8 * DTYPE_BYTES[dtype];
  // Of a type that is newer than this reader no size follows.
  const size = bits === undefined
    ? end - begin
    : checkedElementCount("safetensors", shape) * bits / 8;
  if (begin < 0 || end < begin || end - begin !== size) {
    throw invalid(
      `tensor ${quote(name)} lies at ${begin} to ${end}, expected ${size} bytes for its shape`,
    );
  }
  checkRank("safetensors", shape.length);
  return { name, dtype, dtypeName, shape, begin, end };
}

/** Entries in order must touch: then they neither overlap, nor leave a hole, nor pass the end. */
function checkCoverage(entries: readonly SafetensorsEntry[], dataBytes: number): void {
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) {
      const problem = begin < at ? "overlaps the tensor before it" : "leaves a hole before it";
      throw invalid(`tensor ${quote(name)} starts at ${begin} and ${problem}, expected ${at}`);
    }
    at = end;
  }
  if (at !== dataBytes) {
    throw invalid(`the tensors end at ${at}, expected the ${dataBytes} bytes after the header`);
  }
}

function foreign(bytes: Uint8Array): FewbitError | undefined {
  const what = foreignFile(bytes, "safetensors");
  return what === undefined ? undefined : invalid(what);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read safetensors: ${problem}`);
}
