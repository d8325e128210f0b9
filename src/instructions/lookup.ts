import { defineInstruction } from "./_define.ts";

/**
 * `y = table[t][x]`, x as an index 0…255 (`i8` + 128); `t` is the column modulo the number of
 * tables, so that one table serves an activation and three serve RGB pixels. `u8` codes enter and leave a
 * program through a table: inside, codes are signed.
 */
export const lookup = defineInstruction({
  name: "lookup",
  opcode: 6,
  family: "core",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "u8"], shape: "* K" },
    { name: "table", role: "in", holds: "tables", dtypes: ["i8", "u8", "i16"], shape: "T 256" },
    { name: "y", role: "out", dtypes: ["i8", "u8", "i16"], shape: "* K" },
  ],
  sameDtype: ["table", "y"],
  work: ["*", "K"],
  split: "*",
});
