/** Program to bytes. */
import { CHECKS } from "../instructions/codes.ts";
import { LAYOUTS } from "../layouts/mod.ts";
import { pauseIfDue } from "../event_loop.ts";
import { DTYPES } from "../tensor.ts";
import { crc32c } from "./crc32c.ts";
import {
  FEATURES,
  HEADER_BYTES,
  MAGIC,
  NONE,
  RECORD_WORDS,
  SECTION_WORDS,
  TAGS,
  TENSOR_ALIGNMENT,
  VERSION,
} from "./format.ts";
import { headerChecksum } from "./header_checksum.ts";
import { alignUp } from "./plan.ts";
import { ENCODINGS, REGIONS } from "./program.ts";
import type { CompiledProgram, ProgramTensor } from "./program.ts";

/**
 * Writes a `model.fewbit` file. The same program gives the same bytes. Besides the file, no copy of the
 * program's data is made. Other work of the host goes on between two tensors.
 *
 * @param program A program that {@linkcode verify} accepts.
 * @param options `signal` stops with its reason.
 * @returns The file.
 */
export async function encodeProgram(
  program: CompiledProgram,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { segments, parts, blobBytes } = layOutBlob(program);
  const segmentTable = new Uint8Array(segments.length * RECORD_WORDS.segments * 4);
  const sections = encodeSections(program, segmentTable);
  const tableEnd = HEADER_BYTES + sections.length * SECTION_WORDS * 4;
  const headBytes = sections.reduce((end, [, bytes]) => end + alignUp(bytes.length, 4), tableEnd);
  const file = new Uint8Array(headBytes + blobBytes);
  const view = new DataView(file.buffer);
  const features = segments.length > STORED_REGIONS.length ? FEATURES.trits : 0;
  [MAGIC, VERSION, headBytes, blobBytes, 0, sections.length, features].forEach((word, i) =>
    view.setUint32(4 * i, word, true)
  );
  for (const [offset, bytes] of parts) {
    file.set(bytes, headBytes + offset);
    await pauseIfDue(signal);
  }
  const records: number[] = [];
  for (const [kind, { offset, length }] of segments.entries()) {
    let sum = 0;
    for (let at = 0; at < length; at += PIECE_BYTES) {
      const from = headBytes + offset + at;
      sum = crc32c(file.subarray(from, from + Math.min(PIECE_BYTES, length - at)), sum);
      await pauseIfDue(signal);
    }
    records.push(kind, offset, length, sum);
  }
  segmentTable.set(words(records, RECORD_WORDS.segments));
  let at = tableEnd;
  sections.forEach(([tag, bytes, flags], i) => {
    file.set(bytes, at);
    [tag, flags, at, bytes.length, crc32c(bytes)].forEach((word, j) =>
      view.setUint32(HEADER_BYTES + (i * SECTION_WORDS + j) * 4, word, true)
    );
    at += alignUp(bytes.length, 4);
  });
  const digest = await crypto.subtle.digest("SHA-256", file.subarray(0, headBytes));
  file.set(new Uint8Array(digest, 0, 16), 32);
  view.setUint32(60, headerChecksum(file, sections.length), true);
  return file;
}

/** Bytes of which a sum is taken at one go, about two milliseconds'. */
const PIECE_BYTES = 2 ** 19;

/** Regions with stored bytes, in the order of the blob. */
const STORED_REGIONS = ["constant", "parameter", "state"] as const;

/** Where the stored bytes of the tensors lie in the blob, and where its segments begin. */
interface BlobLayout {
  readonly segments: readonly { offset: number; length: number }[];
  readonly parts: readonly (readonly [offset: number, bytes: Uint8Array])[];
  readonly blobBytes: number;
}

/** Raw bytes lie as `planMemory` has them; trits follow one another, and are a segment if there are any. */
function layOutBlob(program: CompiledProgram): BlobLayout {
  const segments: { offset: number; length: number }[] = [];
  const parts: [number, Uint8Array][] = [];
  let end = 0;
  const add = (alignment: number, belongs: (tensor: ProgramTensor) => boolean): void => {
    const offset = end;
    program.tensors.forEach((tensor, i) => {
      if (!belongs(tensor)) return;
      const bytes = program.data.get(i);
      if (bytes === undefined) throw new Error(`no bytes for tensor ${i} ${tensor.name}`);
      parts.push([end, bytes]);
      end = alignUp(end + bytes.length, alignment);
    });
    end = alignUp(end, TENSOR_ALIGNMENT);
    segments.push({ offset, length: end - offset });
  };
  for (const region of STORED_REGIONS) {
    add(TENSOR_ALIGNMENT, (tensor) => tensor.region === region && tensor.encoding === "raw");
  }
  const isTernary = ({ encoding }: ProgramTensor): boolean => encoding === "base3";
  if (program.tensors.some(isTernary)) add(1, isTernary);
  return { segments, parts, blobBytes: end };
}

type Section = readonly [tag: number, bytes: Uint8Array, flags: number];

function encodeSections(program: CompiledProgram, segmentTable: Uint8Array): Section[] {
  const names = new NamePool();
  const operands: number[] = [];
  const attributes: number[] = [];
  const symbols = program.symbols.flatMap((symbol) => [
    ...names.add(symbol.name),
    symbol.kind === "load" ? 0 : 1,
    symbol.min,
    symbol.max,
    symbol.default,
  ]);
  const expressions = program.expressions.flatMap(({ constant, terms, modulus }) => [
    constant,
    terms.length,
    ...[0, 1, 2].flatMap((i) => terms[i] ?? [0, 0]),
    index(modulus),
  ]);
  const tensors = program.tensors.flatMap((tensor) => [
    ...names.add(tensor.name),
    REGIONS[tensor.region],
    DTYPES[tensor.dtype],
    LAYOUTS[tensor.layout],
    tensor.extents.length,
    ...[0, 1, 2, 3].map((i) => tensor.extents[i] ?? 0),
    ENCODINGS[tensor.encoding],
    CHECKS[tensor.check],
    index(tensor.limit),
    index(tensor.offsets),
  ]);
  const views = program.views.flatMap((view) => [
    view.tensor,
    view.offset,
    view.extents.length,
    ...[0, 1, 2, 3].map((i) => view.extents[i] ?? 0),
    view.rowStride,
  ]);
  const instructions = program.instructions.flatMap((instruction) => {
    const record = [
      instruction.opcode,
      operands.length,
      instruction.operands.length,
      attributes.length,
      instruction.attributes.length,
    ];
    operands.push(...instruction.operands.map(index));
    attributes.push(...instruction.attributes);
    return record;
  });
  const entries = program.entries.flatMap((entry) => [
    ...names.add(entry.name),
    entry.first,
    entry.count,
  ]);
  const must = 1;
  return [
    [TAGS.names, names.bytes(), must],
    [TAGS.symbols, words(symbols, RECORD_WORDS.symbols), must],
    [TAGS.expressions, words(expressions, RECORD_WORDS.expressions), must],
    [TAGS.tensors, words(tensors, RECORD_WORDS.tensors), must],
    [TAGS.views, words(views, RECORD_WORDS.views), must],
    [TAGS.operands, words(operands, 1), must],
    [TAGS.attributes, words(attributes, 1), must],
    [TAGS.instructions, words(instructions, RECORD_WORDS.instructions), must],
    [TAGS.entries, words(entries, RECORD_WORDS.entries), must],
    [TAGS.segments, segmentTable, must],
    [TAGS.metadata, new TextEncoder().encode(JSON.stringify(program.metadata)), 0],
  ];
}

function index(value: number): number {
  return value < 0 ? NONE : value;
}

function words(values: readonly number[], record: number): Uint8Array {
  if (values.length % record !== 0) throw new Error(`record of ${record} words`);
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setInt32(4 * i, value | 0, true));
  return bytes;
}

class NamePool {
  readonly #bytes: number[] = [];

  /** Offset and length of a name; an empty name is `NONE`, 0. */
  add(name: string): [number, number] {
    if (name === "") return [NONE, 0];
    const encoded = new TextEncoder().encode(name);
    const offset = this.#bytes.length;
    for (const byte of encoded) this.#bytes.push(byte);
    return [offset, encoded.length];
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
