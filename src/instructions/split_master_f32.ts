import { defineInstruction } from "./_define.ts";

/** A float32 as a bfloat16, `(bits + 0x8000) >> 16`, and what is left of it (`src/numeric/split_master.ts`). */
export const splitMasterF32 = defineInstruction({
  name: "split_master_f32",
  opcode: 104,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "high", role: "out", dtypes: ["bf16"], shape: "* N" },
    { name: "low", role: "out", dtypes: ["i16"], shape: "* N" },
  ],
  work: ["1", "*", "N"],
  split: "*",
});
