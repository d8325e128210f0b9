import { defineInstruction } from "./_define.ts";

/**
 * Embeddings of a ragged batch: a row of a table of codes with a multiplier of its own (and maybe a
 * shift), plus the codes of the token's position, each rounded half to even on its own:
 *
 * ```text
 * y[t] = clamp16(round(table[i]·multiplier[i] / 2^shift[i]) + round(positions[p]·position_multiplier / 2^position_shift))
 * i = index[t];  p = min(t − offsets[s], P − 1)       offsets[s] … offsets[s+1] are the tokens of sequence s
 * ```
 *
 * No sequence is meant to be longer than P: whoever makes the batch checks that.
 */
export const embeddingI8 = defineInstruction({
  name: "embedding_i8",
  opcode: 32,
  family: "encoder",
  category: "linear",
  operands: [
    { name: "table", role: "in", holds: "embeddings", dtypes: ["i8"], shape: "V C" },
    { name: "multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "V" },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|V" },
    { name: "positions", role: "in", dtypes: ["i16"], shape: "P C" },
    { name: "position_multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "position_shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    {
      name: "index",
      role: "in",
      holds: "indices",
      dtypes: ["i32"],
      shape: "T",
      check: { kind: "below", limit: "V" },
    },
    {
      name: "offsets",
      role: "in",
      dtypes: ["i32"],
      shape: "S",
      check: { kind: "offsets", limit: "T" },
    },
    { name: "y", role: "out", dtypes: ["i16"], shape: "T C" },
  ],
  work: ["T", "C"],
  split: "C/16",
});
