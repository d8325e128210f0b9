import { defineInstruction } from "./_define.ts";
import { SESSION_OPERANDS } from "./_sessions.ts";

/**
 * Causal attention of a ragged batch over the rows of its sessions' caches, in which those of the batch
 * are already: token t of sequence s, at the place `p = past[s] + t − offsets[s]`, sees the rows 0 … p of
 * `keys[slot[s]]` and `values[slot[s]]`. `group` heads of q read each of the `kv_heads` of the cache
 * (grouped queries); D channels a head:
 *
 * ```text
 * s[j] = ((a[0] + a[2]) + (a[1] + a[3]))·scale    a[d mod 4] += q[d]·k[j][d], d ascending, from +0
 * p = softmax(s)                                  as softmax_f32
 * y[d] = Σ_j p[j]·v[j][d]                         j ascending, one accumulator from +0
 * ```
 *
 * Every product and sum is rounded to float32.
 */
export const attentionCachedF32 = defineInstruction({
  name: "attention_cached_f32",
  opcode: 45,
  family: "float",
  category: "attention",
  operands: [
    { name: "q", role: "in", dtypes: ["f32"], shape: "T C" },
    ...SESSION_OPERANDS.map((operand) =>
      operand.name === "past"
        ? { ...operand, check: { kind: "past", limit: "R" } as const }
        : operand
    ),
    { name: "keys", role: "in", dtypes: ["f32"], shape: "S R K", cached: true },
    { name: "values", role: "in", dtypes: ["f32"], shape: "S R K", cached: true },
    { name: "scale", role: "in", holds: "factors", dtypes: ["f32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T C" },
  ],
  attributes: [
    { name: "kv_heads", min: 1, max: 1024 },
    { name: "group", min: 1, max: 1024 },
  ],
  extents: [
    { rule: "equal", left: ["C"], right: ["@group", "K"] },
    { rule: "divides", left: ["@kv_heads"], right: ["K"] },
  ],
  work: ["2", "T", "R", "C"],
  split: "@kv_heads T/4",
});
