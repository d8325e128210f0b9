/** Loading a program into WebAssembly memory. */
import { FewbitError } from "../../errors.ts";
import { pauseIfDue } from "../../event_loop.ts";
import { decodeHead, decodeHeader } from "../../program/decode.ts";
import type { DecodedHead } from "../../program/decode.ts";
import { rangeOf } from "../../program/expression.ts";
import type { Range } from "../../program/expression.ts";
import { HEADER_BYTES } from "../../program/format.ts";
import { ProgramError } from "../../program/verdict.ts";
import { limitsOf } from "../limits.ts";
import type { Limits } from "../limits.ts";
import type { DotForm, LoadOptions } from "../engine.ts";
import type { LoadedProgram } from "../loaded_program.ts";
import type { WasmExports } from "./_exports.ts";
import { settleDot } from "./_dot_forms.ts";
import { check, Residence } from "./_residence.ts";
import { SourceReader } from "./source.ts";
import type { ProgramSource } from "./source.ts";
import { WasmInstance } from "./instance.ts";
import { grow, release, take } from "./memory_pool.ts";
import type { Machine } from "./memory_pool.ts";
import { pickBuild } from "./module.ts";
import type { Build, BuildName } from "./module.ts";

export type { ProgramPart, ProgramSource } from "./source.ts";

/** Options of {@linkcode loadWasm}. */
export interface WasmLoadOptions extends LoadOptions {
  /** Default `auto`: the fastest that this host computes right. */
  readonly build?: BuildName | "auto" | Build;
}

/** Bytes that are copied at one go. */
const PIECE_BYTES = 2 ** 20;

/** Bytes of a model's struct, before the head. */
export const MODEL_BYTES = 256;

/**
 * Loads a program on the wasm engine. A stream goes into place as it comes; the whole file is never in
 * the memory of JavaScript. The module in WebAssembly verifies the program before it runs.
 *
 * @param source A `model.fewbit` file, or its parts.
 * @throws {FewbitError} Where the file is damaged, not safe to run, or larger than the limits.
 */
export async function loadWasm(
  source: ProgramSource,
  options: WasmLoadOptions = {},
): Promise<WasmInstance> {
  let total: number | undefined;
  const reader = new SourceReader(
    source,
    options.signal,
    (bytes) => options.onProgress?.(bytes, total),
  );
  let machine: Machine | undefined;
  try {
    const limits = limitsOf(options);
    const { build = "auto" } = options;
    const { module, engine } = typeof build === "string" ? pickBuild(build) : build;
    const header = await readAll(reader, HEADER_BYTES);
    const { headBytes, blobBytes } = decodeHeader(header);
    total = headBytes + blobBytes;
    const head = await readAll(reader, headBytes, header);
    machine = take(module, total);
    const model = machine.exports.heap_base() >>> 0;
    const decoded = placeHead(machine, model, head, options, limits);
    await fillSegments(machine, model, reader, decoded, total);
    check(machine.exports.model_ready(model), "stored bytes");
    const loaded = loadedProgram(machine, model, decoded);
    const instance = new WasmInstance(loaded, new Residence(machine, model, engine, decoded.dot));
    machine = undefined;
    return instance;
  } finally {
    reader.close();
    if (machine !== undefined) release(machine);
  }
}

/** The file up to `length` bytes; a header may claim any length, so that memory follows the bytes. */
async function readAll(
  reader: SourceReader,
  length: number,
  ...parts: Uint8Array[]
): Promise<Uint8Array> {
  while (reader.loaded < length) {
    const bytes = await reader.read(length - reader.loaded);
    if (bytes.length === 0) {
      if (length === HEADER_BYTES) decodeHeader(concat(parts, reader.loaded));
      throw new ProgramError("truncated", `${reader.loaded} of ${length} bytes of the head`);
    }
    parts.push(bytes);
  }
  return parts.length === 1 ? parts[0] : concat(parts, length);
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A head, and the form of the dot product that its kernels use. */
interface PlacedHead extends DecodedHead {
  readonly dot: DotForm | undefined;
}

/** Decodes, verifies and plans; afterwards there is memory for everything. */
function placeHead(
  machine: Machine,
  model: number,
  head: Uint8Array,
  { symbols = {}, dot: wanted, onProgram }: LoadOptions,
  limits: Limits,
): PlacedHead {
  const { exports } = machine;
  grow(machine, model + (exports.model_size(head.length) >>> 0));
  new Uint8Array(exports.memory.buffer, model + MODEL_BYTES, head.length).set(head);
  check(exports.model_load(model, head.length), "head");
  const decoded = decodeHead(head);
  onProgram?.(decoded.program);
  const dot = settleDot(exports, model, wanted);
  for (const [name, value] of Object.entries(symbols)) {
    const index = decoded.program.symbols.findIndex((symbol) =>
      symbol.name === name && symbol.kind === "load"
    );
    if (index < 0) throw new ProgramError("bad_argument", `no load-time symbol ${name}`);
    if (!Number.isInteger(value) || value !== (value | 0)) {
      throw new ProgramError("bad_argument", `${name} = ${value}, expected an integer`);
    }
    check(exports.model_symbol(model, index, value), name);
  }
  const where = `program ${decoded.id}${given(symbols)}`;
  check(exports.model_plan(model, limits.memoryLimitBytes, limits.workLimit), where);
  grow(machine, (exports.model_end(model) >>> 0) + (exports.instance_size(model) >>> 0));
  return { ...decoded, dot };
}

function given(symbols: Readonly<Record<string, number>>): string {
  const list = Object.entries(symbols).map(([name, value]) => `${name} = ${value}`);
  return list.length === 0 ? "" : ` with ${list.join(", ")}`;
}

/** Streams the blob into place. */
async function fillSegments(
  { exports }: Machine,
  model: number,
  reader: SourceReader,
  { segments }: DecodedHead,
  total: number,
): Promise<void> {
  for (const [segment, { kind }] of segments.entries()) {
    if (kind === "trits") {
      await fillTrits(exports, model, reader, total);
      continue;
    }
    let at = exports.segment_address(model, segment) >>> 0;
    const end = at + (exports.segment_bytes(model, segment) >>> 0);
    while (at < end) {
      const bytes = await readSome(reader, Math.min(end - at, PIECE_BYTES), total);
      new Uint8Array(exports.memory.buffer).set(bytes, at);
      at += bytes.length;
      await pauseIfDue();
    }
  }
  if ((await reader.read(1)).length > 0) {
    throw new FewbitError("invalid_file", `Cannot load program: bytes after its ${total} bytes`);
  }
}

/** Streams ternary weights through the buffer from which the module decodes them into place. */
async function fillTrits(
  exports: WasmExports,
  model: number,
  reader: SourceReader,
  total: number,
): Promise<void> {
  const address = exports.trits_address(model) >>> 0;
  const capacity = exports.trits_capacity(model) >>> 0;
  let missing = exports.trits_bytes(model) >>> 0;
  while (missing > 0) {
    const bytes = await readSome(reader, Math.min(missing, capacity), total);
    new Uint8Array(exports.memory.buffer).set(bytes, address);
    check(exports.trits_push(model, bytes.length), "ternary weights");
    missing -= bytes.length;
    await pauseIfDue();
  }
}

/** Up to `most` of the next bytes of the blob, at least one. */
async function readSome(reader: SourceReader, most: number, total: number): Promise<Uint8Array> {
  const bytes = await reader.read(most);
  if (bytes.length > 0) return bytes;
  throw new ProgramError("truncated", `${reader.loaded} of ${total} bytes`);
}

/** What the instances have to know; ranges follow from those of the symbols. */
function loadedProgram({ exports }: Machine, model: number, decoded: DecodedHead): LoadedProgram {
  const { program, id } = decoded;
  const symbolRanges = program.symbols.map((_, i): Range => ({
    min: exports.symbol_min(model, i),
    max: exports.symbol_max(model, i),
  }));
  const ranges: Range[] = [];
  for (const expression of program.expressions) {
    ranges.push(rangeOf(expression, symbolRanges, ranges));
  }
  return {
    program,
    id,
    symbols: program.symbols.map((_, i) => exports.symbol_value(model, i)),
    symbolRanges,
    ranges,
  };
}
