/**
 * Checkpoints of training: a safetensors file with parameters and states by name, and in its metadata the program, the
 * place in the data, and a checksum of all.
 */
import { FewbitError } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import { crc32c } from "../program/crc32c.ts";
import { bytesOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";

/** Where training is in its data. */
export interface Cursor {
  /** The epoch, from 0 on. */
  readonly epoch: number;
  /** Batches of it that are done. */
  readonly batch: number;
}

/** What a checkpoint holds. */
export interface Checkpoint {
  /** Parameters and states. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Id of the program. */
  readonly program: string;
  readonly cursor: Cursor;
  /** What else its maker says of it. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Key of the checkpoint's own facts in the metadata. */
const KEY = "fewbit.checkpoint";

/** Key of what a language model says of itself in the metadata. */
export const LANGUAGE_FACTS = "fewbit.language";

/** Keys that no maker has. */
const OWN_KEYS: readonly string[] = [KEY, "format"];

/**
 * A checkpoint as bytes.
 *
 * @throws {FewbitError} `invalid_argument` for metadata with one of its own keys.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const { tensors, program, cursor, metadata = {} } = checkpoint;
  const taken = OWN_KEYS.find((key) => Object.hasOwn(metadata, key));
  if (taken !== undefined) {
    throw new FewbitError("invalid_argument", `Cannot save checkpoint: "${taken}" is its own key`);
  }
  const facts = { program, ...cursor, crc32c: checksum(checkpoint) };
  return writeSafetensors(tensors, { format: "pt", ...metadata, [KEY]: JSON.stringify(facts) });
}

/**
 * Reads a checkpoint.
 *
 * @throws {FewbitError} `invalid_file` where it is damaged or none.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const tensors = readSafetensors(bytes);
  const all = metadataOf(bytes);
  const { program, epoch, batch, crc32c } = factsOf(all[KEY]);
  const metadata = Object.fromEntries(
    Object.entries(all).filter(([key]) => !OWN_KEYS.includes(key)),
  );
  const checkpoint = { tensors, program, cursor: { epoch, batch }, metadata };
  if (crc32c !== checksum(checkpoint)) fail("its checksum is wrong");
  return checkpoint;
}

/** Whether a safetensors file says that it is a checkpoint. */
export function isCheckpoint(bytes: Uint8Array): boolean {
  return metadataOf(bytes)[KEY] !== undefined;
}

/** What the metadata says. */
interface Facts {
  readonly program: string;
  readonly epoch: number;
  readonly batch: number;
  readonly crc32c: number;
}

/** The strings beside the tensors of a safetensors file that was read. */
export function metadataOf(bytes: Uint8Array): Readonly<Record<string, string>> {
  // The header was checked when the tensors were read.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = bytes.subarray(8, 8 + Number(view.getBigUint64(0, true)));
  return JSON.parse(new TextDecoder().decode(header)).__metadata__ ?? {};
}

function factsOf(text: unknown): Facts {
  if (typeof text !== "string") return fail("it is no checkpoint of training");
  const facts = parse(text);
  const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
  if (typeof facts.program !== "string" || !isCount(facts.epoch) || !isCount(facts.batch)) {
    fail("its facts are incomplete");
  }
  return facts as unknown as Facts;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below.
  }
  return fail("its facts are no JSON");
}

/** CRC-32C of the facts, of the metadata, of what tensors there are, and of their elements in the order of the names. */
function checksum(checkpoint: Checkpoint): number {
  const { tensors, program, cursor: { epoch, batch }, metadata = {} } = checkpoint;
  const sorted = [...tensors].sort(([a], [b]) => a < b ? -1 : 1);
  const kinds = sorted.map(([name, { dtype, shape }]) => [name, dtype, shape]);
  // Of a file without metadata it is what it was before there were any.
  const said = Object.entries(metadata).sort(([a], [b]) => a < b ? -1 : 1);
  const facts = new TextEncoder().encode(JSON.stringify([program, epoch, batch, kinds, ...said]));
  return sorted.reduce((crc, [, { data }]) => crc32c(bytesOf(data), crc), crc32c(facts));
}

function fail(why: string): never {
  throw new FewbitError("invalid_file", `Cannot restore checkpoint: ${why}`);
}
