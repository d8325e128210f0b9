/** The public way from a graph to a program. */
import { atOnce } from "../event_loop.ts";
import type { Steps } from "../event_loop.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { expandActivations } from "../graph/expand_activations.ts";
import { expandBatchNormalization } from "../graph/expand_batch_normalization.ts";
import { expandBitLinear } from "../graph/expand_bit_linear.ts";
import { expandStraightThrough } from "../graph/expand_straight_through.ts";
import { selectEarly } from "../graph/select_early.ts";
import type { FusionReport } from "./fusion.ts";
import { lowerSteps } from "./lower.ts";
import type { CompiledProgram, Metadata } from "../program/program.ts";

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /** Scales of the activations of a quantised graph, float32. */
  readonly scales?: ReadonlyMap<string, number>;
  /** Let float32 sums contract multiply and add where the build can: faster, not the same bits. */
  readonly fast?: boolean;
  /**
   * Let the program use instructions that only the module for training holds: convolutions, gradients,
   * optimisers, layers whose weights are parameters, and activations that are computed, not looked up.
   */
  readonly training?: boolean;
  /**
   * Values to show under these names besides the outputs, in `entry`: every node is then computed
   * as the graph has it, unfused, for all tokens.
   */
  readonly taps?: { readonly entry: string; readonly values: ReadonlyMap<string, Value> };
  /** What goes into the file for pipelines: labels, preprocessing. */
  readonly metadata?: Metadata;
  /** Told which nodes became one instruction, and which did not and why. */
  readonly onFusions?: (reports: readonly FusionReport[]) => void;
}

/**
 * Compiles a graph into a program, one entry for each entry of its outputs.
 *
 * @example
 * ```ts
 * import { compile, Graph, load, ops } from "@fewbit/fewbit";
 *
 * const graph = new Graph();
 * const x = graph.input("x", "f32", [1, 4]);
 * graph.output("y", graph.apply(ops.gelu, { x }));
 * using instance = await load(compile(graph));
 * const { y } = await instance.run({ x: Float32Array.of(-1, 0, 1, 2) });
 * console.log(y.data);
 * ```
 */
export function compile(graph: Graph, options: CompileOptions = {}): CompiledProgram {
  return atOnce(compileSteps(graph, options));
}

/** As {@linkcode compile}, a step for each node. */
export function* compileSteps(graph: Graph, options: CompileOptions = {}): Steps<CompiledProgram> {
  const { scales, fast, taps, metadata, onFusions, training = false } = options;
  const common = {
    ...(scales && { scales }),
    ...(fast !== undefined && { fast }),
    ...(metadata && { metadata }),
    training,
  };
  if (taps === undefined) {
    const { program, fusions } = yield* lowerSteps(
      training
        ? expandStraightThrough(expandBitLinear(expandBatchNormalization(graph)))
        : expandActivations(selectEarly(graph)),
      common,
    );
    onFusions?.(fusions);
    return program;
  }
  const names = new Set(graph.outputs.map((output) => output.name));
  const outputs = [
    ...graph.outputs.filter((output) => output.entry === taps.entry),
    ...[...taps.values].filter(([name]) => !names.has(name)).map(([name, value]) => ({
      name,
      value,
      entry: taps.entry,
    })),
  ];
  const expanded = expandActivations(graph, outputs);
  return (yield* lowerSteps(expanded, { ...common, fuse: false })).program;
}
