import { gemm } from "./_gemm.ts";
import { wideGemm } from "./_gemm_i16.ts";
import { shiftedFinish } from "./_shifted.ts";
import { linearWeight } from "./linear_i8.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";

/** Linear layer of integer language models, weights of 8 bits. */
export const linearW8: MakeDispatches = (operation) => {
  const product = {
    finish: shiftedFinish(operation),
    initial: operation.has("bias") ? "read_bias(0u, n)" : "0",
    weight: linearWeight(operation),
    dot: "dot4(v, w)",
  };
  return (operation.dtype("x") === "i16" ? wideGemm : gemm)(operation, product);
};
