/**
 * ggml's TQ2_0: 256 weights in 66 bytes (2.0625 bits each). Two halves of 128 weights in 32 bytes:
 * byte m has the codes `t + 1` of the weights m, m+32, m+64, m+96 from the low bits up. A binary16
 * scale follows.
 *
 * @module
 */
import { packQuads, unpackQuads } from "./_quads.ts";
import { type BlockLayout, decodeBlocks, encodeBlocks } from "./_tq_blocks.ts";
import type { TernaryTensor } from "./ternary_tensor.ts";

const GROUP = 32;
const SHIFTS = [0, 2, 4, 6];

const LAYOUT: BlockLayout = {
  format: "TQ2_0",
  bytes: 64,
  unpack: (bytes, trits) => unpackQuads("TQ2_0", bytes, trits, GROUP, SHIFTS),
  pack: (trits, bytes) => packQuads(trits, bytes, GROUP, SHIFTS),
};

/**
 * Decodes TQ2_0.
 *
 * @example
 * ```ts
 * import { decodeTQ2 } from "@fewbit/fewbit";
 *
 * const { trits, scales } = decodeTQ2(new Uint8Array(66), [1, 256]);
 * console.log(trits[0], scales[0]);
 * ```
 *
 * @param shape Extents; the last one is a multiple of 256.
 * @throws {FewbitError} `invalid_file` for a wrong number of bytes, a code of 3 or a scale that is
 * not finite.
 */
export function decodeTQ2(bytes: Uint8Array, shape: readonly number[]): TernaryTensor {
  return decodeBlocks(LAYOUT, bytes, shape);
}

/**
 * Encodes TQ2_0 without loss.
 *
 * @throws {FewbitError} `invalid_argument` where a scale is not a binary16 number or stands for
 * something else than 256 weights or all of them.
 */
export function encodeTQ2(tensor: TernaryTensor): Uint8Array<ArrayBuffer> {
  return encodeBlocks(LAYOUT, tensor);
}
