import { defineInstruction } from "./_define.ts";
import { embeddingI8 } from "./embedding_i8.ts";

/**
 * `embedding_i8` with a table of 4 bits: byte h of a row holds the codes −8…7 of columns 2h (its low
 * half) and 2h + 1, and each group of columns has a factor:
 *
 * ```text
 * table[i][c] of embedding_i8 = code[i][c]·factors[i][⌊c / group⌋]
 * ```
 */
export const embeddingI4 = defineInstruction({
  ...embeddingI8,
  name: "embedding_i4",
  opcode: 40,
  family: "encoder",
  category: "linear",
  operands: [
    { name: "table", role: "in", holds: "embeddings", dtypes: ["u8"], shape: "V H" },
    { name: "factors", role: "in", holds: "factors", dtypes: ["u8"], shape: "V G" },
    ...embeddingI8.operands.slice(1),
  ],
  attributes: [
    { name: "group", min: 1, max: 32768 },
    { name: "codes", min: 2, max: 2 },
  ],
  extents: [
    { rule: "equal", left: ["H", "@codes"], right: ["C"] },
    { rule: "equal", left: ["G", "@group"], right: ["C"] },
  ],
  split: "H/@group",
});
