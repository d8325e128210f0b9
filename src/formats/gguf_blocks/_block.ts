/** What the block types of ggml have in common. Every operation on values is rounded to float32. */
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
