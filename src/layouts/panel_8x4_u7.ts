import { FewbitError } from "../errors.ts";
import { byteIndex, packBytes } from "./_bytes_8x4.ts";
import type { PanelElements, Panels } from "./panels.ts";

/**
 * Weights of −63…63 as bytes code + 64 in the order of `panel_8x4`, padded with 64: the second operand
 * of a relaxed dot product has to be in 0…127, beyond which hosts differ.
 */
export const panel8x4U7: Panels = {
  dtype: "i8",
  columns: 4,
  blockBytes: 32,
  title: "7-bit",
  constantOnly: true,
  stored: "raw",
  isValid: (bytes) => bytes.every((byte) => byte <= 127),
};

/** Its elements. */
export const panel8x4U7Elements: PanelElements = {
  pack(elements, n, k) {
    const codes = elements as Int8Array;
    const bad = codes.find((code) => code < -63 || code > 63);
    if (bad !== undefined) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot pack code ${bad} in 7 bits: expected -63 to 63`,
      );
    }
    return packBytes(codes, n, k, 64);
  },
  read: (memory, columns, row, column) => memory[byteIndex(columns, row, column)] - 64,
};
