/**
 * Rotations of the residual by additions: `H = I ⊗ S ⊗ P`, the largest power of two 2^a that divides
 * C / p, S the Sylvester matrix of that order, P of order p: 36 (Paley's second construction over 17
 * elements, `src/numeric/hadamard.ts`) with `paley`, else 1. All are symmetric, entries are ±1, and where C
 * is 2^a·p, `H·H = C·I`.
 */
import type { AttributeSpec } from "./_define.ts";

/** Whether P has the order 36, where that divides C. */
export const PALEY: AttributeSpec = { name: "paley", min: 0, max: 1 };
