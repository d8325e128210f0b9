/** Graph to program. */
import { FewbitError } from "../errors.ts";
import { atOnce } from "../event_loop.ts";
import type { Steps } from "../event_loop.ts";
import type { Graph, GraphOutput, Node } from "../graph/graph.ts";
import { nodesOf, outputsOf } from "../graph/traversal.ts";
import type { CompiledProgram, Index, Metadata } from "../program/program.ts";
import { expect, NotFused } from "./fusion.ts";
import type { AnyFusion, FusionReport, Match } from "./fusion.ts";
import { FUSIONS } from "./fusions/mod.ts";
import { Lowering } from "./lowering.ts";
import type { DerivedParameter, LowerOptions } from "./lowering.ts";
import type { AnyRule } from "./rule.ts";
import { RULES } from "./rules/mod.ts";

/** A program, and where the values of its graph went. */
export interface LoweredProgram {
  readonly program: CompiledProgram;
  /** Instruction that computes each value (by its id). */
  readonly instructions: ReadonlyMap<number, Index>;
  /** Tensor of each value that has one. */
  readonly tensors: ReadonlyMap<number, Index>;
  /** Parameters that stand for constants which follow from scales. */
  readonly derived: readonly DerivedParameter[];
  /** Fusions that were made, and those that were looked for and could not be. */
  readonly fusions: readonly FusionReport[];
}

/** What {@linkcode lower} can be told besides. */
interface Options extends Partial<LowerOptions> {
  readonly metadata?: Metadata;
  /** What to compute. Default: the outputs of the graph. */
  readonly outputs?: readonly GraphOutput[];
  /** Rules of other ops by name. */
  readonly rules?: Readonly<Record<string, AnyRule>>;
}

/** Lowers all entries of a graph. */
export function lower(graph: Graph, options: Options = {}): LoweredProgram {
  return atOnce(lowerSteps(graph, options));
}

/** As {@linkcode lower}, a step for each node. */
export function* lowerSteps(graph: Graph, options: Options = {}): Steps<LoweredProgram> {
  const lowering = new Lowering(graph, {
    scales: new Map(),
    fuse: true,
    parameters: false,
    fast: false,
    training: false,
    ...options,
  });
  const outputs = options.outputs ?? graph.outputs;
  const entries = new Set([...outputs, ...graph.updates].map(({ entry }) => entry));
  if (entries.size === 0) throw new FewbitError("invalid_argument", "Cannot compile: no output");
  const rules: Readonly<Record<string, AnyRule>> = { ...RULES, ...options.rules };
  const fusions: FusionReport[] = [];
  for (const entry of entries) {
    const wanted = outputs.filter((output) => output.entry === entry);
    const updates = graph.updates.filter((update) => update.entry === entry);
    const nodes = nodesOf(graph, [...wanted, ...updates]);
    lowering.begin(wanted, nodes);
    const { fused, absorbed } = fuse(lowering, nodes, entry, fusions);
    for (const node of nodes) {
      if (absorbed.has(node)) continue;
      const chosen = fused.get(node);
      if (chosen !== undefined) chosen.fusion.emit(lowering, node, chosen.match);
      else if (Object.hasOwn(rules, node.op)) rules[node.op](lowering, node);
      else throw new FewbitError("unsupported", `Cannot compile op ${node.op}`);
      yield;
    }
    lowering.end(entry, wanted);
  }
  const { order, ...program } = lowering.builder.finish(options.metadata);
  return {
    program,
    instructions: lowering.instructions,
    tensors: new Map([...lowering.tensors].map(([value, tensor]) => [value, order[tensor]])),
    derived: lowering.derived,
    fusions,
  };
}

/** Which nodes become one instruction. */
interface Fused {
  /** The fusion at whose last node each instruction stands. */
  readonly fused: ReadonlyMap<Node, { readonly fusion: AnyFusion; readonly match: Match }>;
  /** Nodes that need no instruction of their own. */
  readonly absorbed: ReadonlySet<Node>;
}

/** From the end, so that the longest pattern wins: what is taken up takes nothing up itself. */
function fuse(
  lowering: Lowering,
  nodes: readonly Node[],
  entry: string,
  reports: FusionReport[],
): Fused {
  const fused = new Map<Node, { readonly fusion: AnyFusion; readonly match: Match }>();
  const absorbed = new Set<Node>();
  for (const node of nodes.toReversed()) {
    if (absorbed.has(node)) continue;
    const at = outputsOf(node)[0].name || node.name;
    for (const fusion of FUSIONS) {
      if (fusion.at !== node.op || !fusion.applies(lowering.options)) continue;
      const match = matchOf(lowering, fusion, node);
      if (match === undefined) continue;
      if (typeof match === "string") {
        reports.push({ fusion: fusion.name, at, entry, reason: match });
        continue;
      }
      reports.push({ fusion: fusion.name, at, entry });
      fused.set(node, { fusion, match });
      for (const taken of match.nodes) absorbed.add(taken);
      break;
    }
  }
  return { fused, absorbed };
}

/** The match of a fusion, or why there is none, or nothing. */
function matchOf(lowering: Lowering, fusion: AnyFusion, node: Node): Match | string | undefined {
  try {
    const match = fusion.match(lowering, node);
    for (const taken of match?.nodes ?? []) {
      const stored = outputsOf(taken).find(({ id }) => lowering.graph.storage.has(id));
      expect(stored === undefined, `"${stored?.name}" is rounded to 16 bits`);
      const updated = lowering.updates.between(taken, node);
      expect(updated === undefined, `"${updated?.name}" is updated in between`);
    }
    return match;
  } catch (error) {
    if (error instanceof NotFused) return error.message;
    throw error;
  }
}
