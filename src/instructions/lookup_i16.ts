import { defineInstruction } from "./_define.ts";

/** `y = table[clamp(x, −2048, 2047) + 2048]`: any function of a 12-bit code. */
export const lookupI16 = defineInstruction({
  name: "lookup_i16",
  opcode: 35,
  family: "encoder",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["i16"], shape: "* K" },
    { name: "table", role: "in", holds: "tables", dtypes: ["i16"], shape: "4096" },
    { name: "y", role: "out", dtypes: ["i16"], shape: "* K" },
  ],
  work: ["*", "K"],
  split: "*",
});
