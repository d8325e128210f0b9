import { defineInstruction } from "./_define.ts";
import { SESSION_OPERANDS } from "./_sessions.ts";

/**
 * Causal attention of a ragged batch over the rows of its sessions' rings, in which those of the batch
 * are already (`append_rows`): `group` heads of q read each of the `kv_heads` of the cache.
 *
 * Token t of sequence s, at `p = past[s] + t − offsets[s]`, sees the rows 0 … min(P − 1, p) of `prefix`
 * (keys, then values; positions 0 … P − 1), and the positions max(P, p − W + 1) … p, each in row
 * `position mod R` of `keys[slot[s]]` and `values[slot[s]]`. W is the window, at most R; without one it is R.
 *
 * ```text
 * a[j] = Σ_d q·k[j]                                         of a row of the prefix, with q_pinned:
 *        Σ_d q_pinned·k[j] + Σ_d (q − q_pinned)·key_zero
 * d    = min(max a − a[j], ⌊2^30 / m⌋)                       m = max(rate[head], 1)
 * e    = exponentials[min((d·m + 2^17) >> 18, 4095)]         unsigned
 * p[j] = min((e·r + 2^31) >> 32, 32767)                     r = ⌊2^47 / Σ e⌋, 0 where that is 0
 * acc  = Σ_j p[j]·(v[j] − value_zero[kv head])
 * y    = clamp8(clamp32(round(acc·multiplier[head] / 2^shift)) + zero_point)      half to even
 * ```
 *
 * a, acc and the second sum are i32 and wrap, Σ e has 64 bits. Keys need no zero point: a row's is the same
 * for all keys that are scored with the same q. The work is that of the keys there are.
 */
export const attentionCachedI8 = defineInstruction({
  name: "attention_cached_i8",
  opcode: 51,
  family: "integer",
  category: "attention",
  operands: [
    { name: "q", role: "in", dtypes: ["i8"], shape: "T C" },
    ...SESSION_OPERANDS,
    { name: "keys", role: "in", dtypes: ["i8"], shape: "S R K", cached: true },
    { name: "values", role: "in", dtypes: ["i8"], shape: "S R K", cached: true },
    { name: "prefix", role: "in", dtypes: ["i8"], shape: "2 P K", optional: true },
    { name: "q_pinned", role: "in", dtypes: ["i8"], shape: "T C", optional: true },
    {
      name: "key_zero",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "K",
      optional: true,
    },
    { name: "exponentials", role: "in", holds: "tables", dtypes: ["i32"], shape: "4096" },
    { name: "rate", role: "in", holds: "factors", dtypes: ["i32"], shape: "@kv_heads @group" },
    { name: "value_zero", role: "in", holds: "factors", dtypes: ["i8"], shape: "@kv_heads" },
    {
      name: "multiplier",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "@kv_heads @group",
    },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "zero_point", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["i8"], shape: "T C" },
  ],
  attributes: [
    { name: "kv_heads", min: 1, max: 1024 },
    { name: "group", min: 1, max: 1024 },
    { name: "window", min: 0, max: 65535 },
  ],
  rules: [
    { operand: "q_pinned", present: true, then: "key_zero", is: "present" },
    { operand: "q_pinned", present: true, then: "prefix", is: "present" },
    { operand: "q_pinned", present: false, then: "key_zero", is: "absent" },
  ],
  extents: [
    { rule: "equal", left: ["C"], right: ["@group", "K"] },
    { rule: "divides", left: ["@kv_heads"], right: ["K"] },
  ],
  work: ["2", "T", "R", "C"],
  split: "@kv_heads T/4",
});
