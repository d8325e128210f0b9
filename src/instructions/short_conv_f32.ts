import { defineInstruction } from "./_define.ts";
import { SESSION_OPERANDS } from "./_sessions.ts";

/**
 * Depthwise causal convolution over the tokens of a ragged batch, then SiLU:
 *
 * ```text
 * a = weight[0]·x[t−W+1] + … + weight[W−1]·x[t]            left to right
 * y = a / (1 + e^−a)                                        an a below −88 counts as −88
 * ```
 *
 * `state[slot[s]]` holds the last W inputs of a session, the newest last; where `past[s]` is 0 they
 * are zero. `offsets[s] … offsets[s+1]` are the tokens of sequence s. Every operation is rounded to
 * float32.
 */
export const shortConvF32 = defineInstruction({
  name: "short_conv_f32",
  opcode: 31,
  family: "language",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "T C" },
    { name: "weight", role: "in", holds: "weights", dtypes: ["f32"], shape: "W C" },
    ...SESSION_OPERANDS,
    { name: "state", role: "inout", dtypes: ["f32"], shape: "S W C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T C" },
  ],
  work: ["T", "W", "C"],
  split: "C/16",
});
