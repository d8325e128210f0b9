/** The ops that fewbit has, as types: a table by them that misses one does not compile. */
import type { Node } from "./graph.ts";
import type { NodeOf } from "./op.ts";
import type * as ops from "./ops/mod.ts";

/** An op that fewbit has. */
export type KnownOp = (typeof ops)[keyof typeof ops];

/** Name of an op that fewbit has. */
export type OpName = KnownOp["name"];

/** Name of an op that quantisation may meet. */
export type FloatOpName = Exclude<
  KnownOp,
  { readonly integer: true } | { readonly training: true }
>["name"];

/** Name of an op that differentiation may meet. */
export type DifferentiableOpName = Exclude<KnownOp, { readonly integer: true }>["name"];

/** A node of the op of that name. */
export type NodeNamed<Name extends OpName> = NodeOf<Extract<KnownOp, { readonly name: Name }>>;

/** Whether a node is one of the op of that name. */
export function isNode<Name extends OpName>(
  node: Node | undefined,
  name: Name,
): node is Node & NodeNamed<Name> {
  return node?.op === name;
}
