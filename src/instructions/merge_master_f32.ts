import { defineInstruction } from "./_define.ts";

/** The float32 of which a bfloat16 and what is left of it are kept: bits `(high << 16) + low` (`src/numeric/split_master.ts`). */
export const mergeMasterF32 = defineInstruction({
  name: "merge_master_f32",
  opcode: 103,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "high", role: "in", dtypes: ["bf16"], shape: "* N" },
    { name: "low", role: "in", dtypes: ["i16"], shape: "* N" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["1", "*", "N"],
  split: "*",
});
