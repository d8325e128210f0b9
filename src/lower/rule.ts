/** What becomes of a node of each op. */
import { FewbitError } from "../errors.ts";
import type { Node } from "../graph/graph.ts";
import type { NodeNamed, OpName } from "../graph/op_names.ts";
import type { Lowering } from "./lowering.ts";

/** Lowers a node of an op: adds instructions, or says where its output lies. */
export type Rule<Name extends OpName> = (lowering: Lowering, node: NodeNamed<Name>) => void;

/** Lowers a node of any op; a method, so that a rule of one op is one. */
export type AnyRule = { lower(lowering: Lowering, node: Node): void }["lower"];

/** Rules of some ops. */
export type RulesOf<Names extends OpName> = { readonly [N in Names]: Rule<N> };

/** The rule of an op that has no instruction of its own. */
export function cannotCompile(_: Lowering, { op }: Pick<Node, "op">): never {
  throw new FewbitError("unsupported", `Cannot compile op ${op}`);
}
