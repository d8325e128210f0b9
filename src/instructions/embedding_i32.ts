import { defineInstruction } from "./_define.ts";
import { PALEY } from "./_hadamard.ts";

/**
 * Embeddings as the residual of integer language models: a row of the table of codes that the head
 * multiplies by, too, with a multiplier of its own and one shift:
 *
 * ```text
 * y[t] = clamp(clamp32(round(h·multiplier[i] / 2^shift)), −limit, limit)      i = index[t]; half to even
 * h    = table[i], or with signs H·(signs ∘ table[i])                         H: `_hadamard.ts`; in i32
 * ```
 *
 * A limit below 0 counts as 0, a shift below 1 as 1, one above 62 gives 0.
 */
export const embeddingI32 = defineInstruction({
  name: "embedding_i32",
  opcode: 52,
  family: "integer",
  category: "linear",
  operands: [
    {
      name: "table",
      role: "in",
      holds: "embeddings",
      dtypes: ["i8"],
      layouts: ["panel_8x4"],
      shape: "V C",
    },
    {
      name: "index",
      role: "in",
      holds: "indices",
      dtypes: ["i32"],
      shape: "T",
      check: { kind: "below", limit: "V" },
    },
    { name: "multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "V" },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "limit", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "signs", role: "in", holds: "factors", dtypes: ["i8"], shape: "C", optional: true },
    { name: "y", role: "out", dtypes: ["i32"], shape: "T C" },
  ],
  attributes: [PALEY],
  work: ["40", "T", "C"],
  split: "T",
});
