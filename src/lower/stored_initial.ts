/** What states and parameters hold at first, as it is kept. */
import type { Graph, Value } from "../graph/graph.ts";
import { narrowed } from "../numeric/half.ts";
import { highHalf } from "../numeric/split_master.ts";
import { tensorOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";

/** The first elements of a value, nothing for zeros; the upper halves of a parameter of which the lower ones are kept, too. */
export function storedInitial(graph: Graph, { id }: Value): Tensor | undefined {
  const [initial, storage] = [graph.initial.get(id), graph.storage.get(id)];
  if (initial === undefined || storage === undefined) return initial;
  const values = initial.data as Float32Array<ArrayBuffer>;
  const bits = storage.master?.kind === "split"
    ? Uint16Array.from(new Uint32Array(values.slice().buffer), highHalf)
    : narrowed(storage.type, values);
  return tensorOf(storage.type, initial.shape, bits);
}
