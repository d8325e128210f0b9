/** How products keep their sums. */
import type { Value } from "../graph/graph.ts";
import { SUMS } from "../instructions/sums.ts";
import type { Lowering } from "./lowering.ts";

/** The attribute of an instruction that makes a value. */
export function sumsOf({ graph }: Lowering, { id }: Value): { readonly sums: number } {
  const storage = graph.storage.get(id);
  return { sums: storage?.sums ? SUMS.values!.indexOf(storage.type) : 0 };
}
