/**
 * What the block types of ggml have in common. ggml rounds every operation to float32, we the last one, when
 * an element is stored: the bits are the same, because all before it are exact. Scales are multiples of
 * 2^-24 below 2^16 (11 bits), their products with codes and scales of groups have 22 bits at most where
 * something is still to be subtracted, and float64 holds sums of such multiples below 2^28.
 */
import { halfToFloat } from "../../numeric/float16.ts";

/** A block type: how many values a block has, in how many bytes, and what they are. */
export interface BlockType {
  /** Values of a block. */
  readonly values: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /** Decodes the block at byte `at` to `to`, from element `first` on. */
  decode(bytes: Uint8Array, at: number, to: Float32Array, first: number): void;
}

/** Values of a block of the types without K. */
export const SMALL_BLOCK = 32;

/** The binary16 number at a byte, little-endian. */
export function halfAt(bytes: Uint8Array, at: number): number {
  return halfToFloat(bytes[at] | bytes[at + 1] << 8);
}

/** The 32-bit integer at a byte, little-endian; its bits as a signed one. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}

/** The signed byte at a place. */
export function signedAt(bytes: Uint8Array, at: number): number {
  return bytes[at] << 24 >> 24;
}
