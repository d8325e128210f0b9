import { defineInstruction } from "./_define.ts";
import { PAIR } from "./_rotary.ts";

/**
 * Rotary embedding of 16-bit codes to 8 bits: in heads of 2·H channels, the channels `a = x[2i]` and
 * `b = x[2i+1]` turn by the angle of pair i, of which `angles[t]` has the cosines c and the sines s:
 *
 * ```text
 * y[2i]   = clamp8(round((a·c − b·s) / 2^21) + zero_point[2i])        half to even, sums in i32
 * y[2i+1] = clamp8(round((a·s + b·c) / 2^21) + zero_point[2i+1])
 * ```
 *
 * Sums stay below 2^30 with angles of `rotary_angles_i16`. Of others, −s is at most 2^15 − 1, and sums wrap.
 */
export const rotaryI16 = defineInstruction({
  name: "rotary_i16",
  opcode: 50,
  family: "integer",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["i16"], shape: "T C" },
    { name: "angles", role: "in", dtypes: ["i16"], shape: "T 2 H" },
    {
      name: "zero_point",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "C",
      optional: true,
    },
    { name: "y", role: "out", dtypes: ["i8"], shape: "T C" },
  ],
  attributes: [PAIR],
  extents: [{ rule: "divides", left: ["@pair", "H"], right: ["C"] }],
  work: ["2", "T", "C"],
  split: "T",
});
