/**
 * The reference engine: the readable definition of every instruction, and the oracle of the others.
 *
 * @module
 */
import { FewbitError } from "../../errors.ts";
import { unpackBase3 } from "../../numeric/base3.ts";
import { crc32c } from "../../program/crc32c.ts";
import { decodeHead } from "../../program/decode.ts";
import type { DecodedHead, Segment } from "../../program/decode.ts";
import { PANEL_ELEMENTS } from "../../layouts/elements.ts";
import { checkTrits, storedTrits } from "../../program/stored_trits.ts";
import { ProgramError } from "../../program/verdict.ts";
import { verify, verifyConstants } from "../../program/verify.ts";
import type { VerifiedProgram } from "../../program/verify.ts";
import { limitsOf } from "../limits.ts";
import type { LoadOptions, SyncInstance } from "../engine.ts";
import { allocate } from "./_allocate.ts";
import { ReferenceInstance } from "./_instance.ts";

/**
 * Loads a program on the reference engine.
 *
 * @param bytes A whole `model.fewbit` file.
 * @throws {ProgramError} Where the file is damaged or not safe to run.
 */
export async function loadReference(
  bytes: Uint8Array,
  options: LoadOptions = {},
): Promise<SyncInstance> {
  await Promise.resolve();
  options.signal?.throwIfAborted();
  const head = decodeHead(bytes);
  options.onProgram?.(head.program);
  const { symbols } = options;
  const limits = limitsOf(options);
  const verified = verify(head.program, head.segments, { ...limits, ...(symbols && { symbols }) });
  const length = head.headBytes + head.blobBytes;
  if (bytes.length < length) {
    throw new ProgramError("truncated", `${bytes.length} of ${length} bytes`);
  }
  if (bytes.length > length) {
    throw new FewbitError("invalid_file", `Cannot load program: bytes after its ${length} bytes`);
  }
  const region = (name: StoredRegion): ArrayBuffer => regionOf(name, bytes, head, verified);
  const source = {
    head,
    verified,
    constants: region("constant"),
    parameters: region("parameter"),
    state: region("state"),
  };
  unpackTrits(source.constants, bytes, head, verified);
  verifyConstants(verified, (tensor) => {
    const { offsets, bytes } = verified.plan;
    return new Uint8Array(source.constants, offsets[tensor], bytes[tensor]);
  });
  options.onProgress?.(bytes.length, bytes.length);
  return new ReferenceInstance(source, source);
}

type StoredRegion = "constant" | "parameter" | "state";

/** The memory of a region as it is at first: the stored bytes, then zeros. */
function regionOf(
  name: StoredRegion,
  bytes: Uint8Array,
  head: DecodedHead,
  verified: VerifiedProgram,
): ArrayBuffer {
  const memory = new Uint8Array(allocate(verified.plan.regionBytes[name]));
  memory.set(segmentOf(name, bytes, head));
  return memory.buffer;
}

/** The stored bytes of one kind, whose checksum is right. */
function segmentOf(kind: Segment["kind"], bytes: Uint8Array, head: DecodedHead): Uint8Array {
  const segment = head.segments.find((other) => other.kind === kind);
  if (segment === undefined) return new Uint8Array(0);
  const stored = bytes.subarray(segment.offset, segment.offset + segment.length);
  if (crc32c(stored) !== segment.crc) throw new ProgramError("checksum", `stored bytes: ${kind}`);
  return stored;
}

/** Decodes ternary constants into the panels that the plan has for them. */
function unpackTrits(
  constants: ArrayBuffer,
  bytes: Uint8Array,
  head: DecodedHead,
  { program, plan }: VerifiedProgram,
): void {
  const segment = segmentOf("trits", bytes, head);
  const stored = storedTrits(program);
  checkTrits(stored, segment);
  for (const { tensor, rows, columns, offset, bytes } of stored) {
    const trits = unpackBase3(segment.subarray(offset, offset + bytes), rows * columns);
    new Uint8Array(constants).set(
      PANEL_ELEMENTS.panel_8x16_t2.pack(trits, rows, columns),
      plan.offsets[tensor],
    );
  }
}
