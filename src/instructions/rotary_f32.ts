import { defineInstruction } from "./_define.ts";
import { PAIR } from "./_rotary.ts";

/**
 * Rotary embedding: in heads of 2·H channels, the channels `a = x[2i]` and `b = x[2i+1]` turn by the
 * angle of pair i, of which `angles[t]` has the cosines c and the sines s:
 *
 * ```text
 * y[2i] = a·c + b·(−s);   y[2i+1] = b·c + a·s               each product and sum rounded to float32
 * ```
 */
export const rotaryF32 = defineInstruction({
  name: "rotary_f32",
  opcode: 44,
  family: "float",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "T C" },
    { name: "angles", role: "in", dtypes: ["f32"], shape: "T 2 H" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T C" },
  ],
  attributes: [PAIR],
  extents: [{ rule: "divides", left: ["@pair", "H"], right: ["C"] }],
  work: ["2", "T", "C"],
  split: "T",
});
