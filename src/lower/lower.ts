/** Graph to program. */
import { FewbitError } from "../errors.ts";
import type { Graph, GraphOutput } from "../graph/graph.ts";
import type { CompiledProgram, Index, Metadata } from "../program/program.ts";
import { Lowering } from "./_lowering.ts";
import type { DerivedParameter, LowerOptions } from "./_lowering.ts";
import { absorbedByFloat, lowerFloat } from "./float.ts";
import { absorbedBy, lowerInteger } from "./integer.ts";
import { lowerRows } from "./rows.ts";
import { lowerSequences } from "./sequences.ts";
import { absorbedByTernary, lowerTernary } from "./ternary.ts";
import { lowerView } from "./views.ts";

/** A program, and where the values of its graph went. */
export interface LoweredProgram {
  readonly program: CompiledProgram;
  /** Instruction that computes each value (by its id). */
  readonly instructions: ReadonlyMap<number, Index>;
  /** Tensor of each value that has one. */
  readonly tensors: ReadonlyMap<number, Index>;
  /** Parameters that stand for constants which follow from scales. */
  readonly derived: readonly DerivedParameter[];
}

/** Lowers all entries of a graph. */
export function lower(
  graph: Graph,
  options: Partial<LowerOptions> & {
    readonly metadata?: Metadata;
    /** What to compute. Default: the outputs of the graph. */
    readonly outputs?: readonly GraphOutput[];
  } = {},
): LoweredProgram {
  const lowering = new Lowering(graph, {
    scales: new Map(),
    fuse: true,
    parameters: false,
    fast: false,
    ...options,
  });
  const outputs = options.outputs ?? graph.outputs;
  const entries = new Set(outputs.map((output) => output.entry));
  if (entries.size === 0) throw new FewbitError("invalid_argument", "Cannot compile: no output");
  for (const entry of entries) {
    const wanted = outputs.filter((output) => output.entry === entry);
    const nodes = lowering.begin(wanted);
    const absorbed = new Set<number>();
    // From the end, so that the longest chain wins: what is absorbed absorbs nothing itself.
    for (const node of nodes.toReversed()) {
      if (absorbed.has(node.output.id)) continue;
      const taken = [
        ...(lowering.options.parameters ? [] : absorbedBy(lowering, node, lowering.options.fuse)),
        ...absorbedByFloat(lowering, node),
        ...absorbedByTernary(lowering, node),
      ];
      for (const { output } of taken) absorbed.add(output.id);
    }
    for (const node of nodes) {
      if (absorbed.has(node.output.id)) continue;
      const done = lowerView(lowering, node) || lowerRows(lowering, node) ||
        lowerSequences(lowering, node) || lowerInteger(lowering, node) ||
        lowerTernary(lowering, node) || lowerFloat(lowering, node);
      if (!done) throw new FewbitError("unsupported", `Cannot compile op ${node.op}`);
    }
    lowering.end(entry, wanted);
  }
  const { order, ...program } = lowering.builder.finish(options.metadata);
  return {
    program,
    instructions: lowering.instructions,
    tensors: new Map([...lowering.tensors].map(([value, tensor]) => [value, order[tensor]])),
    derived: lowering.derived,
  };
}
