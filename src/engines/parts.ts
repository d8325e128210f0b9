/** Files in parts, for hosts that limit how large one may be. */
import { FewbitError } from "../errors.ts";
import { crc32c } from "../program/crc32c.ts";
import { orAbort } from "./or_abort.ts";
import { SourceReader } from "./wasm/source.ts";
import type { ProgramPart } from "./wasm/source.ts";

/** What `format` of an index is. */
export const PARTS_FORMAT = "fewbit-parts";

/** Most parts of a file. */
export const MAX_PARTS = 999;

/** Bytes that are read at one go. */
const PIECE_BYTES = 2 ** 16;

/** A part of a file. */
export interface FilePart {
  /** Its name, without a folder. */
  readonly name: string;
  /** How long it is. */
  readonly bytes: number;
  /** CRC-32C of these bytes. */
  readonly crc32c: number;
}

/** The parts of a file, in their order: what an index has, as JSON. */
export interface PartsIndex {
  /** What this is. */
  readonly format: "fewbit-parts";
  /** Of the format. */
  readonly version: 1;
  /** 1 to 999. */
  readonly parts: readonly FilePart[];
}

/** How parts are read. */
export interface ReadPartsOptions {
  /** Stops with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * The bytes of a file in parts, as they come; `load` takes them. Each part is opened when the one before has
 * ended, and checked.
 *
 * @param index What the index says, parsed.
 * @param open A part by its name: a response, bytes, a stream.
 * @throws {FewbitError} `invalid_file` for an index that is none, and for a part that is damaged, too long or
 * too short, or another one; `not_found` for a response without success.
 *
 * @example
 * ```ts
 * import { load, readParts } from "@fewbit/fewbit/runtime";
 *
 * const url = new URL("https://example.com/model.fewbit.parts.json");
 * const index = await (await fetch(url)).json();
 * using instance = await load(readParts(index, (name) => fetch(new URL(name, url))));
 * ```
 */
export async function* readParts(
  index: unknown,
  open: (name: string) => ProgramPart | Promise<ProgramPart>,
  { signal }: ReadPartsOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const part of checkedIndex(index).parts) {
    const { name, bytes, crc32c: expected } = part;
    const fail = (why: string): never => {
      throw new FewbitError("invalid_file", `Cannot load ${name}: ${why}`);
    };
    signal?.throwIfAborted();
    const opened = await orAbort(Promise.resolve(open(name)), signal);
    const reader = new SourceReader(opened, signal, () => {});
    try {
      let sum = 0;
      for (;;) {
        const piece = await reader.read(PIECE_BYTES);
        if (piece.length === 0) break;
        if (reader.loaded > bytes) fail(`it has more than the ${bytes} bytes that the index says`);
        sum = crc32c(piece, sum);
        yield piece;
      }
      if (reader.loaded < bytes) fail(`it has ${reader.loaded} bytes, the index says ${bytes}`);
      if (sum !== expected) fail("its checksum is not that of the index");
    } finally {
      reader.close();
    }
  }
}

/** An index, which may be hostile. */
function checkedIndex(index: unknown): PartsIndex {
  const { format, version, parts } = (index ?? {}) as Partial<PartsIndex>;
  if (format !== PARTS_FORMAT) throw invalid(`its format is not "${PARTS_FORMAT}"`);
  if (version !== 1) {
    throw new FewbitError(
      "unsupported",
      `Cannot read index of parts: its version is ${JSON.stringify(version)}, expected 1`,
    );
  }
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > MAX_PARTS) {
    throw invalid(`expected a list of 1 to ${MAX_PARTS} parts`);
  }
  for (const [i, part] of parts.entries()) {
    // A name is not a path: an index from elsewhere names nothing but its neighbours.
    if (!isPartName(part?.name)) throw invalid(`part ${i + 1} has no plain name`);
    if (!Number.isSafeInteger(part.bytes) || part.bytes < 1) {
      throw invalid(`part ${i + 1} has no number of bytes`);
    }
    if (!Number.isInteger(part.crc32c)) throw invalid(`part ${i + 1} has no checksum`);
  }
  return { format, version, parts };
}

/** Whether a name is nothing but a name, in a folder and in a URL. */
export function isPartName(name: unknown): name is string {
  return typeof name === "string" && /^\w[\w. -]{0,254}$/.test(name);
}

function invalid(why: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read index of parts: ${why}`);
}
