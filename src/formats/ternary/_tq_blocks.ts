/** What TQ1_0 and TQ2_0 share: rows of blocks of 256 weights that end in a binary16 scale. */
import { FewbitError } from "../../errors.ts";
import { halfToFloat } from "../../numeric/float16.ts";
import { checkedElementCount } from "../tensor_bytes.ts";
import { halfBits } from "../../numeric/float16.ts";
import {
  checkTernary,
  invalidTernary,
  isZero,
  ternaryOfBlocks,
  type TernaryTensor,
} from "./ternary_tensor.ts";

/** Weights of a block. */
export const BLOCK = 256;

/** How a layout packs the weights of a block. */
export interface BlockLayout {
  readonly format: string;
  /** Bytes of the weights of a block; its scale follows. */
  readonly bytes: number;
  unpack(bytes: Uint8Array, trits: Int8Array): void;
  pack(trits: Int8Array, bytes: Uint8Array): void;
}

/** Decodes the blocks of a tensor. */
export function decodeBlocks(
  layout: BlockLayout,
  bytes: Uint8Array,
  shape: readonly number[],
): TernaryTensor {
  const { format } = layout;
  const count = checkedElementCount(format, shape);
  const columns = shape.at(-1) ?? 1;
  if (columns % BLOCK !== 0) {
    throw invalidTernary(format, `rows of ${columns} weights, expected a multiple of ${BLOCK}`);
  }
  const stride = layout.bytes + 2;
  const blocks = count / BLOCK;
  if (bytes.length !== blocks * stride) {
    throw invalidTernary(
      format,
      `${bytes.length} bytes, expected ${blocks * stride} for [${shape}]`,
    );
  }
  const trits = new Int8Array(count);
  const scales = new Float32Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const at = block * stride;
    layout.unpack(
      bytes.subarray(at, at + layout.bytes),
      trits.subarray(block * BLOCK, (block + 1) * BLOCK),
    );
    const scale = halfToFloat(bytes[at + layout.bytes] | bytes[at + layout.bytes + 1] << 8);
    if (!Number.isFinite(scale)) throw invalidTernary(format, `block ${block} has scale ${scale}`);
    scales[block] = scale;
  }
  return ternaryOfBlocks(shape, trits, scales, BLOCK);
}

/** Encodes a tensor with one scale, or one for each block. Blocks of zeros get the scale 0 if it is one. */
export function encodeBlocks(layout: BlockLayout, tensor: TernaryTensor): Uint8Array<ArrayBuffer> {
  const { format } = layout;
  checkTernary(format, tensor);
  const { shape, trits, scales, blockSize } = tensor;
  const columns = shape.at(-1) ?? 1;
  if (columns % BLOCK !== 0) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot write ${format}: rows of ${columns} weights, expected a multiple of ${BLOCK}`,
    );
  }
  const uniform = scales.length === 1;
  if (!uniform && blockSize !== BLOCK) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot write ${format}: a scale for each ${blockSize} weights, expected ${BLOCK} or one`,
    );
  }
  const stride = layout.bytes + 2;
  const bytes = new Uint8Array(trits.length / BLOCK * stride);
  for (let block = 0; block < trits.length / BLOCK; block++) {
    const own = trits.subarray(block * BLOCK, (block + 1) * BLOCK);
    const scale = uniform ? isZero(own) ? 0 : scales[0] : scales[block];
    const bits = halfBits(scale);
    if (bits === undefined) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot write ${format}: scale ${scale} is not a binary16 number`,
      );
    }
    const at = block * stride;
    layout.pack(own, bytes.subarray(at, at + layout.bytes));
    bytes[at + layout.bytes] = bits & 255;
    bytes[at + layout.bytes + 1] = bits >> 8;
  }
  return bytes;
}
