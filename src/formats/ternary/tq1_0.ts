/**
 * ggml's TQ1_0: 256 weights in 54 bytes (1.6875 bits each).
 *
 * Bytes 0…31 hold five weights each, byte m those at m, m+32, …, m+128; bytes 32…47 hold 160+m+16n;
 * bytes 48…51 hold four weights each, 240+m+4n; a binary16 scale follows. Five digits `t + 1`, the
 * first one the most significant, are the number D < 243, stored as the fraction
 * `byte = ⌈256·D / 243⌉`, so that multiplying by 3 moves the next digit into the upper byte. The
 * bytes of four digits have a fifth digit of 0.
 *
 * @module
 */
import { type BlockLayout, decodeBlocks, encodeBlocks } from "./_tq_blocks.ts";
import type { TernaryTensor } from "./ternary_tensor.ts";

/** Where weights are: bytes, digits a byte, weights between two digits of a byte. */
const PARTS = [
  { first: 0, bytes: 32, digits: 5, weights: 0 },
  { first: 32, bytes: 16, digits: 5, weights: 160 },
  { first: 48, bytes: 4, digits: 4, weights: 240 },
] as const;

const POWERS = [1, 3, 9, 27, 81];

/** Trit n of a byte is at 5·byte + n. The formula has a value for every byte, as in ggml. */
const TRITS: Int8Array = Int8Array.from({ length: 256 * 5 }, (_, i) => {
  const byte = Math.floor(i / 5);
  return ((byte * POWERS[i % 5] & 255) * 3 >> 8) - 1;
});

const LAYOUT: BlockLayout = {
  format: "TQ1_0",
  bytes: 52,
  unpack: (bytes, trits) => {
    for (const { first, bytes: count, digits, weights } of PARTS) {
      for (let m = 0; m < count; m++) {
        const from = 5 * bytes[first + m];
        for (let n = 0; n < digits; n++) trits[weights + m + n * count] = TRITS[from + n];
      }
    }
  },
  pack: (trits, bytes) => {
    for (const { first, bytes: count, digits, weights } of PARTS) {
      for (let m = 0; m < count; m++) {
        let number = 0;
        for (let n = 0; n < 5; n++) {
          number = number * 3 + (n < digits ? trits[weights + m + n * count] + 1 : 0);
        }
        bytes[first + m] = Math.floor((number * 256 + 242) / 243);
      }
    }
  },
};

/**
 * Decodes TQ1_0.
 *
 * @example
 * ```ts
 * import { decodeTQ1 } from "@fewbit/fewbit";
 *
 * const { trits, scales } = decodeTQ1(new Uint8Array(54), [1, 256]);
 * console.log(trits[0], scales[0]);
 * ```
 *
 * @param shape Extents; the last one is a multiple of 256.
 * @throws {FewbitError} `invalid_file` for a wrong number of bytes or a scale that is not finite.
 */
export function decodeTQ1(bytes: Uint8Array, shape: readonly number[]): TernaryTensor {
  return decodeBlocks(LAYOUT, bytes, shape);
}

/**
 * Encodes TQ1_0 without loss.
 *
 * @throws {FewbitError} `invalid_argument` where a scale is not a binary16 number or stands for
 * something else than 256 weights or all of them.
 */
export function encodeTQ1(tensor: TernaryTensor): Uint8Array<ArrayBuffer> {
  return encodeBlocks(LAYOUT, tensor);
}
