import { defineInstruction } from "./_define.ts";

/**
 * Cosines (`y[t][0]`) and sines (`y[t][1]`), with 14 fractional bits, of the angles by which rotary
 * embeddings turn token t, for each of H pairs of channels:
 *
 * ```text
 * p     = past[s] + t − offsets[s]                           t of sequence s; at most `last`, unless that is 0
 * phase = p·frequency mod 2^32                               of a turn
 * cos   = (turn[i]·2^22 + (turn[i+1] − turn[i])·f + 2^37) >> 38,   i = phase >> 22, f = phase mod 2^22
 * sin   = cos of phase − 2^30
 * ```
 *
 * `turn` has the cosines of 1,024 steps of a turn and of the whole, with 30 fractional bits. There is no
 * table of positions and no last position. `last` is for what stays at the edge of a window.
 */
export const rotaryAnglesI16 = defineInstruction({
  name: "rotary_angles_i16",
  opcode: 49,
  family: "integer",
  category: "elementwise",
  operands: [
    { name: "frequency", role: "in", holds: "factors", dtypes: ["i32"], shape: "H" },
    { name: "turn", role: "in", holds: "tables", dtypes: ["i32"], shape: "1025" },
    {
      name: "offsets",
      role: "in",
      dtypes: ["i32"],
      shape: "B+1",
      check: { kind: "offsets", limit: "T" },
    },
    { name: "past", role: "in", dtypes: ["i32"], shape: "B", check: { kind: "past" } },
    { name: "y", role: "out", dtypes: ["i16"], shape: "T 2 H" },
  ],
  attributes: [{ name: "last", min: 0, max: 65535 }],
  work: ["16", "T", "H"],
  split: "T",
});
