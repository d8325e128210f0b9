import { defineInstruction } from "./_define.ts";
import { PALEY } from "./_hadamard.ts";

/**
 * A rotation of the residual, without its factor 1/√C, by additions:
 *
 * ```text
 * y = signs ∘ (H·round(x / 2^shift))          H: `_hadamard.ts`; half to even
 * ```
 *
 * A shift below 1 counts as 1. Sums are i32 and wrap: `|x| / 2^shift·C` should stay below 2^31. `embedding_i32` with the same signs
 * rotates the other way.
 */
export const hadamardI32 = defineInstruction({
  name: "hadamard_i32",
  opcode: 55,
  family: "integer",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["i32"], shape: "* C" },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "signs", role: "in", holds: "factors", dtypes: ["i8"], shape: "C" },
    { name: "y", role: "out", dtypes: ["i32"], shape: "* C" },
  ],
  attributes: [PALEY],
  work: ["40", "*", "C"],
  split: "*",
});
