/** Several nodes as one instruction. */
import type { Node } from "../graph/graph.ts";
import type { NodeNamed, OpName } from "../graph/op_names.ts";
import type { Lowering, LowerOptions } from "./lowering.ts";

/** What a fusion takes up besides the node at which it ends. */
export interface Match {
  /** Nodes that need no instruction of their own. */
  readonly nodes: readonly Node[];
}

/** A pattern of nodes that one instruction computes. */
export interface Fusion<Name extends OpName, M extends Match> {
  /** What people read of it. */
  readonly name: string;
  /** The op of its last node. */
  readonly at: Name;
  /** Whether it is looked for. */
  applies(options: LowerOptions): boolean;
  /**
   * The nodes before this one that the instruction can take up; `undefined` where the node has nothing
   * of the pattern.
   *
   * @throws {NotFused} Where it has the beginnings of the pattern: why it is not one.
   */
  match(lowering: Lowering, node: NodeNamed<Name>): M | undefined;
  /** Adds the instruction. */
  emit(lowering: Lowering, node: NodeNamed<Name>, match: M): void;
}

/** A fusion at a node of any op. */
export interface AnyFusion {
  /** What people read of it. */
  readonly name: string;
  /** The op of its last node. */
  readonly at: OpName;
  /** Whether it is looked for. */
  applies(options: LowerOptions): boolean;
  /** As {@linkcode Fusion.match}, for a node of the op `at`. */
  match(lowering: Lowering, node: Node): Match | undefined;
  /** Adds the instruction of a match of its own. */
  emit(lowering: Lowering, node: Node, match: Match): void;
}

/** Why nodes do not become one instruction. */
export class NotFused extends Error {
  override name = "NotFused";
}

/** Throws {@linkcode NotFused} unless a condition holds. */
export function expect(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new NotFused(reason);
}

/** A fusion that was made, or was looked for and could not be. */
export interface FusionReport {
  /** Name of the fusion. */
  readonly fusion: string;
  /** Name of the value in question, or of its node. */
  readonly at: string;
  /** Entry of the program. */
  readonly entry: string;
  /** Why it was not made. */
  readonly reason?: string;
}
