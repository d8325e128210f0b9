/** How values are kept between two instructions where not as they are computed. */
import type { HalfType } from "../numeric/half.ts";
import type { Graph, Value } from "./graph.ts";

/** What is kept of a parameter beside its 16 bits, so that small updates are not lost. */
export type Master =
  /** What float32 has below the upper half, i16: together they are the float32, exactly. For bfloat16. */
  | { readonly kind: "split"; readonly low: Value }
  /** What was rounded away at the last update, in the same type (Kahan's sum). */
  | { readonly kind: "kahan"; readonly rest: Value }
  /** Nothing: an update rounds up with the probability of what it loses, by random words `[6]` and a stream of them. */
  | { readonly kind: "stochastic"; readonly random: Value; readonly stream: number };

/** How a value is kept. */
export interface Storage {
  /** As 16-bit floats: rounded once, when all of it has been computed. */
  readonly type: HalfType;
  /** Whether sums of products are rounded to this type after each step, too, where a product makes the value. */
  readonly sums?: true;
  /** Of a parameter that changes. Without it an update is rounded to 16 bits. */
  readonly master?: Master;
}

/** How what is computed like a value is kept: without what is beside a parameter. */
export function computedAlike({ type, sums }: Storage): Storage {
  return { type, ...sums && { sums } };
}

/**
 * The value whose memory a value shows, of those that nodes of the graph have made.
 *
 * @param from Nodes before this one made none of them.
 */
export function madeBy(graph: Graph, value: Value, from = 0): Value | undefined {
  const at = graph.nodes.findLastIndex(({ outputs }) =>
    Object.values(outputs).some(({ id }) => id === value.id)
  );
  if (at < from) return undefined;
  const { definition, inputs } = graph.nodes[at];
  return definition.isView === true ? madeBy(graph, Object.values(inputs)[0]!, from) : value;
}
