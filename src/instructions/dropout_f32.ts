import { defineInstruction } from "./_define.ts";

/**
 * `y = x·scale` where the random word of an element is at least the threshold, else 0. The word is the one that
 * `src/numeric/random_word.ts` gives for a seed, a stream, a step and the element: row-major in x, from a first one on.
 * So the same elements are dropped wherever and in whatever pieces it runs, forwards and backwards.
 */
export const dropoutF32 = defineInstruction({
  name: "dropout_f32",
  opcode: 86,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* N" },
    // Seed, step and first element, two words each, the low one first.
    { name: "random", role: "in", dtypes: ["i32"], shape: "R" },
    // The threshold, unsigned, and the stream.
    { name: "mask", role: "in", dtypes: ["i32"], shape: "2" },
    { name: "scale", role: "in", dtypes: ["f32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["16", "*", "N"],
  split: "*",
});
