/** What becomes of a node of each op of the float graph. */
import type { Steps } from "../../event_loop.ts";
import type { Node } from "../../graph/graph.ts";
import type { NodeNamed, OpName } from "../../graph/op_names.ts";
import type { IntegerRewriter } from "../rewriter.ts";

/** Makes the integers of a node: codes on the sites of its output; in steps where that takes long. */
export type IntegerRule<Name extends OpName> = (
  rewriter: IntegerRewriter,
  node: NodeNamed<Name>,
) => void | Steps<void>;

/** Rules of some ops. */
export type IntegerRulesOf<Names extends OpName> = { readonly [N in Names]: IntegerRule<N> };

/** A rule for a node of any op; a method, so that a rule of one op is one. */
export type AnyIntegerRule = {
  rule(rewriter: IntegerRewriter, node: Node): void | Steps<void>;
}["rule"];

/** The rule of an op that has no integers. */
export function noIntegers(rewriter: IntegerRewriter, { op }: Pick<Node, "op">): never {
  throw rewriter.unsupported(op);
}

/** The rule of an op that the one that reads it takes up. */
export function takenUp(): void {}
