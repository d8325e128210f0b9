import { defineInstruction } from "./_define.ts";

/**
 * The next token from logits of V pieces with 12 fractional bits, in integers, so that every host draws the
 * same one. Of each row:
 *
 * 1. Only allowed ids count: bit `id mod 32` of `mask[id >> 5]`, or all without a mask. None: y = −1.
 * 2. `top` is the largest logit. With a rate of 0, y is the lowest id that has it.
 * 3. `u = min((d·rate + 2^15) >> 16, 2^22)`, `d = top − logit`: 1/65536 octaves.
 *    `rate = ⌊16·log₂e·65536 / temperature + ½⌋`, at least 0.
 * 4. The weight is `(T[i] − ((T[i] − T[i+1])·f + 128 >> 8)) >> q`, q = u >> 16, i = u >> 8 mod 256,
 *    f = u mod 256; 0 where q ≥ 31. `T = octave`, `⌊2^30·2^(−i/256) + ½⌋` for i = 0 … 256.
 * 5. top_k > 0 keeps the k largest logits, of equal ones the lowest ids.
 * 6. top_p, 1 … 65535 (65536ths), keeps by descending logits and ascending ids the fewest whose weights sum
 *    to at least `⌈total·top_p / 65536⌉` of what is left.
 * 7. Weights below `min_p·2^14` go, min_p 0 … 65536.
 * 8. `target = ⌊R·total / 2^64⌋`, R = a·2^32 + b the first words of Philox4x32-10 with the counter
 *    (draws, draws >> 32, 0, 0) and the key seed: `random` is seed low, seed high, draws low, draws high.
 * 9. y is the first id at which the running sum of the weights left is above the target.
 *
 * Words of `octave` are taken as 31 bits; other values of rate, top_p and min_p as the nearest of those
 * named, top_p of 0 or less and of 65536 or more as all. A draw was used where y ≥ 0 and rate > 0.
 */
export const sampleI32 = defineInstruction({
  name: "sample_i32",
  opcode: 54,
  family: "integer",
  category: "elementwise",
  operands: [
    { name: "logits", role: "in", dtypes: ["i32"], shape: "R V" },
    { name: "octave", role: "in", holds: "tables", dtypes: ["i32"], shape: "257" },
    { name: "rate", role: "in", dtypes: ["i32"], shape: "R" },
    { name: "top_k", role: "in", dtypes: ["i32"], shape: "R" },
    { name: "top_p", role: "in", dtypes: ["i32"], shape: "R" },
    { name: "min_p", role: "in", dtypes: ["i32"], shape: "R" },
    { name: "random", role: "in", dtypes: ["i32"], shape: "R 4" },
    { name: "mask", role: "in", dtypes: ["i32"], shape: "R W", optional: true },
    { name: "y", role: "out", dtypes: ["i32"], shape: "R" },
  ],
  work: ["40", "R", "V"],
  split: "R",
});
