/** Programs whose whole file is at hand: decoded, verified, and their stored bytes in place. */
import { FewbitError } from "../errors.ts";
import { PANEL_ELEMENTS } from "../layouts/elements.ts";
import { unpackBase3 } from "../numeric/base3.ts";
import { crc32c } from "../program/crc32c.ts";
import { decodeHead } from "../program/decode.ts";
import type { DecodedHead, Segment } from "../program/decode.ts";
import { checkTrits, storedTrits } from "../program/stored_trits.ts";
import { ProgramError } from "../program/verdict.ts";
import { verify, verifyConstants } from "../program/verify.ts";
import type { VerifiedProgram } from "../program/verify.ts";
import { allocate } from "./allocate.ts";
import type { LoadOptions } from "./engine.ts";
import { limitsOf } from "./limits.ts";

/** A file that was decoded and verified, with the bytes of its regions as they are at first. */
export interface WholeProgram {
  readonly head: DecodedHead;
  readonly verified: VerifiedProgram;
  readonly constants: ArrayBuffer;
  readonly parameters: ArrayBuffer;
  readonly state: ArrayBuffer;
}

/**
 * Takes a program apart.
 *
 * @param bytes A whole `model.fewbit` file.
 * @param instructions Names of the instructions that an engine has, where it does not have all.
 * @throws {ProgramError} Where the file is damaged or not safe to run.
 */
export function wholeProgram(
  bytes: Uint8Array,
  options: LoadOptions,
  instructions?: ReadonlySet<string>,
): WholeProgram {
  options.signal?.throwIfAborted();
  const head = decodeHead(bytes);
  options.onProgram?.(head.program);
  const { symbols } = options;
  const verified = verify(head.program, head.segments, {
    ...limitsOf(options),
    ...symbols && { symbols },
    ...instructions && { instructions },
  });
  const length = head.headBytes + head.blobBytes;
  if (bytes.length < length) {
    throw new ProgramError("truncated", `${bytes.length} of ${length} bytes`);
  }
  if (bytes.length > length) {
    throw new FewbitError("invalid_file", `Cannot load program: bytes after its ${length} bytes`);
  }
  const region = (name: StoredRegion): ArrayBuffer => regionOf(name, bytes, head, verified);
  const constants = region("constant");
  unpackTrits(constants, bytes, head, verified);
  verifyConstants(verified, (tensor) => {
    const { offsets, bytes } = verified.plan;
    return new Uint8Array(constants, offsets[tensor], bytes[tensor]);
  });
  options.onProgress?.(bytes.length, bytes.length);
  return { head, verified, constants, parameters: region("parameter"), state: region("state") };
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
