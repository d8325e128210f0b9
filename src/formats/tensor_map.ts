import type { Tensor } from "../tensor.ts";

/** The tensors of a file by name, and the names of those that are of kinds that are not read. */
export class TensorMap<T = Tensor> extends Map<string, T> {
  /** What each tensor is that was skipped, by its name: `a tensor of F8_E4M3`. */
  readonly skipped: Map<string, string> = new Map();
}
