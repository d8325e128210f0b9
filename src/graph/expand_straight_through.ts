/** What stands for a value straight through, once gradients are there. */
import type { Graph } from "./graph.ts";
import { isNode } from "./op_names.ts";
import { rewrite } from "./rewrite.ts";

/** Rewrites a graph without the op `StraightThrough`: nothing computes what it stands for any more. */
export function expandStraightThrough(source: Graph): Graph {
  if (!source.nodes.some(({ op }) => op === "StraightThrough")) return source;
  return rewrite(
    source,
    (node, _, valueOf) =>
      isNode(node, "StraightThrough") ? { y: valueOf(node.inputs.value) } : undefined,
  );
}
