/**
 * bitnet.cpp's I2_S as its x86 builds write it: 128 weights in 32 bytes over the flat tensor, byte m
 * has the codes `t + 1` of the weights m, m+32, m+64, m+96 from the high bits down. After n/4 bytes
 * comes a float32 scale to multiply by, in a room of 32 bytes.
 *
 * Its ARM builds write 64 weights in 16 bytes under the same name; a file does not tell which it
 * is, and such files decode to other weights.
 *
 * @module
 */
import { FewbitError } from "../../errors.ts";
import { checkedElementCount } from "../tensor_bytes.ts";
import { packQuads, unpackQuads } from "./_quads.ts";
import { checkTernary, invalidTernary, onlyScale, type TernaryTensor } from "./ternary_tensor.ts";

const FORMAT = "I2_S";
const BLOCK = 128;
const GROUP = 32;
const SHIFTS = [6, 4, 2, 0];

/** Bytes that hold the scale. */
const ROOM = 32;

/**
 * Decodes I2_S.
 *
 * @example
 * ```ts
 * import { decodeI2S } from "@fewbit/fewbit";
 *
 * const { trits, scales } = decodeI2S(new Uint8Array(64), [1, 128]);
 * console.log(trits[0], scales[0]);
 * ```
 *
 * @param bytes `n/4 + 32` bytes.
 * @param shape Extents of n weights, a multiple of 128.
 * @throws {FewbitError} `invalid_file` for a wrong number of bytes or weights, a code of 3 or a scale
 * that is not finite.
 */
export function decodeI2S(bytes: Uint8Array, shape: readonly number[]): TernaryTensor {
  const count = checkedElementCount(FORMAT, shape);
  if (count % BLOCK !== 0) {
    throw invalidTernary(FORMAT, `${count} weights, expected a multiple of ${BLOCK}`);
  }
  const body = count / 4;
  if (bytes.length !== body + ROOM) {
    throw invalidTernary(FORMAT, `${bytes.length} bytes, expected ${body + ROOM} for [${shape}]`);
  }
  const scale = new DataView(bytes.buffer, bytes.byteOffset + body).getFloat32(0, true);
  if (!Number.isFinite(scale)) throw invalidTernary(FORMAT, `the scale is ${scale}`);
  const trits = new Int8Array(count);
  unpackQuads(FORMAT, bytes.subarray(0, body), trits, GROUP, SHIFTS);
  return { dtype: "ternary", shape, trits, scales: Float32Array.of(scale), blockSize: count };
}

/**
 * Encodes I2_S without loss.
 *
 * @throws {FewbitError} `invalid_argument` where the tensor has more than one scale.
 */
export function encodeI2S(tensor: TernaryTensor): Uint8Array<ArrayBuffer> {
  checkTernary(FORMAT, tensor);
  const { trits } = tensor;
  if (trits.length % BLOCK !== 0) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot write ${FORMAT}: ${trits.length} weights, expected a multiple of ${BLOCK}`,
    );
  }
  const bytes = new Uint8Array(trits.length / 4 + ROOM);
  packQuads(trits, bytes.subarray(0, trits.length / 4), GROUP, SHIFTS);
  new DataView(bytes.buffer).setFloat32(trits.length / 4, onlyScale(FORMAT, tensor), true);
  return bytes;
}
