import { defineInstruction } from "./_define.ts";

/**
 * Cosines (`y[t][0]`) and sines (`y[t][1]`) of the angles by which rotary embeddings turn token t, for
 * each of H pairs of channels:
 *
 * ```text
 * phase = (past[s] + t − offsets[s])·frequency mod 2^32       of a turn
 * ```
 *
 * for t of sequence s, `offsets[s] … offsets[s+1]`. `src/numeric/phase.ts` has the polynomials.
 */
export const rotaryAnglesF32 = defineInstruction({
  name: "rotary_angles_f32",
  opcode: 43,
  family: "float",
  category: "elementwise",
  operands: [
    { name: "frequency", role: "in", holds: "factors", dtypes: ["i32"], shape: "H" },
    {
      name: "offsets",
      role: "in",
      dtypes: ["i32"],
      shape: "B+1",
      check: { kind: "offsets", limit: "T" },
    },
    { name: "past", role: "in", dtypes: ["i32"], shape: "B", check: { kind: "past" } },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T 2 H" },
  ],
  work: ["16", "T", "H"],
  split: "T",
});
