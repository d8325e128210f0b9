import { linearFinish, linearWeight } from "./linear_i8.ts";
import { wideGemm } from "./_gemm_i16.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";

/** `linear_i8` of activations of 16 bits. */
export const linearI16: MakeDispatches = (operation) =>
  wideGemm(operation, {
    finish: linearFinish(operation),
    initial: operation.has("bias") ? "read_bias(0u, n)" : "0",
    weight: linearWeight(operation),
  });
