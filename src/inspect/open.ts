/** From the bytes of a file to a verified program. */
import { crc32c } from "../program/crc32c.ts";
import { decodeHead } from "../program/decode.ts";
import type { DecodedHead } from "../program/decode.ts";
import { ProgramError } from "../program/verdict.ts";
import { checkTrits, storedTrits } from "../program/stored_trits.ts";
import { verify, verifyConstants } from "../program/verify.ts";
import type { VerifiedProgram, VerifyOptions } from "../program/verify.ts";

/** A file that was decoded and verified. */
export interface OpenedProgram {
  readonly head: DecodedHead;
  readonly verified: VerifiedProgram;
}

/**
 * Decodes and verifies a whole file, as engines do when they load it.
 *
 * @throws {ProgramError} Where the file is damaged or not safe to run.
 */
export function openProgram(bytes: Uint8Array, options: VerifyOptions = {}): OpenedProgram {
  const head = decodeHead(bytes);
  const verified = verify(head.program, head.segments, options);
  const expected = head.headBytes + head.blobBytes;
  if (bytes.length !== expected) {
    throw new ProgramError("truncated", `${bytes.length} bytes, expected ${expected}`);
  }
  for (const { kind, offset, length, crc } of head.segments) {
    if (crc32c(bytes.subarray(offset, offset + length)) !== crc) {
      throw new ProgramError("checksum", `stored bytes: ${kind}`);
    }
  }
  const trits = head.segments.find(({ kind }) => kind === "trits");
  if (trits !== undefined) {
    checkTrits(
      storedTrits(head.program),
      bytes.subarray(trits.offset, trits.offset + trits.length),
    );
  }
  const constants = head.segments.find(({ kind }) => kind === "constant")!.offset;
  verifyConstants(verified, (tensor) => {
    const start = constants + verified.plan.offsets[tensor];
    return bytes.subarray(start, start + verified.plan.bytes[tensor]);
  });
  return { head, verified };
}
