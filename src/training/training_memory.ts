/** What the memory of a trainer is taken for. */
import type { PlannedBytes } from "../engines/wasm/planned_bytes.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { EntryMemory } from "../graph/schedule.ts";
import { sizeOf } from "../graph/node_work.ts";
import { isNode } from "../graph/op_names.ts";
import { inputsOf, nodesOf, outputsOf, producersOf } from "../graph/traversal.ts";
import type { LoweredProgram } from "../lower/lower.ts";
import { decodeHead } from "../program/decode.ts";
import type { Liveness } from "../program/plan.ts";
import type { Program, Region } from "../program/program.ts";
import { verify } from "../program/verify.ts";
import { GRADIENT } from "./_accumulate_gradients.ts";
import { AVERAGE } from "./_apply_gradients.ts";
import { LOW, REST } from "./half_precision.ts";
import { ACCUMULATE, LOSS, TRAIN_STEP } from "./training_graph.ts";

/** Entries with a forward pass of training. */
const RUNS: readonly string[] = [TRAIN_STEP, ACCUMULATE];

/**
 * What bytes are for. The arena is what values take while an entry runs: it is divided as it is in its fullest moment.
 *
 * - `parameters`: as they are kept, 16 bits or float32.
 * - `masters`: what there is of parameters beside their 16 bits.
 * - `optimizer`: what it remembers.
 * - `averages`: moving averages of parameters.
 * - `statistics`: running statistics, counters, random words.
 * - `gradients`: of parameters; sums of several runs, too.
 * - `stash`: values of the forward pass that gradients are computed from.
 * - `working`: everything else in the arena.
 * - `gaps`: what is free in the arena's fullest moment, and its padding.
 * - `borders`: inputs, outputs, constants.
 * - `kernels`: panels, copies of 16 bits in float32, the state of a run.
 * - `initial`: first values of parameters and states, for `reset`.
 * - `program`: its head and tables.
 */
export const MEMORY_KINDS = [
  "parameters",
  "masters",
  "optimizer",
  "averages",
  "statistics",
  "gradients",
  "stash",
  "working",
  "gaps",
  "borders",
  "kernels",
  "initial",
  "program",
] as const;

/** One of {@linkcode MEMORY_KINDS}. */
export type MemoryKind = (typeof MEMORY_KINDS)[number];

/** Nodes of one op that run again. */
export interface RecomputedOp {
  /** Its name. */
  readonly op: string;
  /** How often nodes of this op run again. */
  readonly times: number;
  /** Bytes of all that they give. */
  readonly bytes: number;
}

/** The memory of a trainer. */
export interface TrainingMemory {
  /** All bytes, those of {@linkcode Trainer.memoryBytes}. */
  readonly total: number;
  /** The same bytes by what they are for. */
  readonly kinds: Readonly<Record<MemoryKind, number>>;
  /** Bytes of the regions of the program, as its loader plans them; what is left of the total is around them. */
  readonly regions: Readonly<Record<Region, number>>;
  /** What is computed again in a step, so that it is not kept. */
  readonly recomputed: readonly RecomputedOp[];
  /** The share that this adds to the work of a step, by an estimate. */
  readonly cost: number;
}

/** What is told of a program. */
export interface MemoryUse {
  /** The graph that it was lowered from. */
  readonly graph: Graph;
  readonly lowered: LoweredProgram;
  readonly file: Uint8Array;
  readonly planned: PlannedBytes;
  /** Nodes that run again, as often as they do. */
  readonly again: readonly Node[];
  readonly cost: number;
}

/** The memory of a program that trains. */
export function trainingMemory(use: MemoryUse): TrainingMemory {
  const { graph, lowered: { program, tensors }, file, planned, again, cost } = use;
  const { segments } = decodeHead(file);
  const { plan: { bytes, regionBytes }, liveness } = verify(program, segments);
  const kinds = Object.fromEntries(MEMORY_KINDS.map((kind) => [kind, 0])) as Kinds;
  const own = new Set(graph.parameters.map(({ name }) => name));
  const isTaken = takenAtMost(program, bytes, liveness);
  const values = kindsOfValues(graph);
  const kindOf = new Map([...tensors].map(([id, tensor]) => [tensor, values.get(id)]));
  program.tensors.forEach(({ region, name }, i) => {
    if (region === "parameter") kinds.parameters += bytes[i];
    else if (region === "state") kinds[kindOfState(name, own)] += bytes[i];
    else if (region === "arena" && isTaken(i)) kinds[kindOf.get(i) ?? "working"] += bytes[i];
  });
  const { parameter, state, arena, input, output, constant } = regionBytes;
  kinds.gaps = parameter + state + arena - Object.values(kinds).reduce((a, b) => a + b);
  kinds.borders = input + output + constant;
  kinds.kernels = planned.instance - (parameter + state + arena + input + output);
  kinds.initial = segments.filter(({ kind }) => kind === "parameter" || kind === "state")
    .reduce((sum, { length }) => sum + length, 0);
  kinds.program = planned.shared - constant - kinds.initial;
  const memory = new EntryMemory(graph);
  const recomputed = new Map<string, { readonly op: string; times: number; bytes: number }>();
  for (const node of again) {
    const of = recomputed.get(node.op) ?? { op: node.op, times: 0, bytes: 0 };
    of.times++;
    of.bytes += outputsOf(node).reduce((sum, value) => sum + memory.bytesOf(value), 0);
    recomputed.set(node.op, of);
  }
  const total = planned.shared + planned.instance;
  return { total, kinds, regions: regionBytes, recomputed: [...recomputed.values()], cost };
}

type Kinds = Record<MemoryKind, number>;

/** Whether a tensor of the arena is there in its fullest moment. */
function takenAtMost(
  { tensors, instructions }: Program,
  bytes: ArrayLike<number>,
  { first, last }: Liveness,
): (tensor: number) => boolean {
  const taken = new Float64Array(instructions.length + 1);
  tensors.forEach(({ region }, i) => {
    if (region !== "arena" || first[i] < 0) return;
    taken[first[i]] += bytes[i];
    taken[last[i] + 1] -= bytes[i];
  });
  let [fullest, most, now] = [0, 0, 0];
  taken.forEach((change, i) => {
    now += change;
    if (now > most) [fullest, most] = [i, now];
  });
  return (i) => first[i] >= 0 && first[i] <= fullest && last[i] >= fullest;
}

function kindOfState(name: string, parameters: ReadonlySet<string>): MemoryKind {
  if (!parameters.has(name.slice(0, name.lastIndexOf(".")))) return "statistics";
  if (name.endsWith(LOW) || name.endsWith(REST)) return "masters";
  if (name.endsWith(AVERAGE)) return "averages";
  return name.endsWith(GRADIENT) ? "gradients" : "optimizer";
}

/** Values that are gradients of parameters, and those of the forward pass that something behind the loss reads, by id. */
function kindsOfValues(graph: Graph): Map<number, MemoryKind> {
  const memory = new EntryMemory(graph);
  const producers = producersOf(graph);
  const kinds = new Map<number, MemoryKind>();
  const isLoss = ({ name, value, entry }: { name?: string; value: Value; entry: string }) =>
    entry === TRAIN_STEP && name === "loss" ||
    entry === ACCUMULATE && memory.memoryOf(value).name === LOSS;
  const entries = [...graph.outputs, ...graph.updates];
  const forward = new Set(nodesOf(graph, entries.filter(isLoss)));
  const run = nodesOf(graph, entries.filter(({ entry }) => RUNS.includes(entry)));
  for (const node of run) {
    if (forward.has(node)) continue;
    for (const input of inputsOf(node)) {
      const read = memory.shownBy(input);
      const maker = producers.get(read.id);
      if (maker !== undefined && forward.has(maker)) kinds.set(read.id, "stash");
    }
  }
  const markGradient = (value: Value): void => {
    const read = memory.shownBy(value);
    kinds.set(read.id, "gradients");
    // Where it is scaled, it was one before.
    const maker = producers.get(read.id);
    if (isNode(maker, "Mul") && sizeOf(maker.inputs.a) === sizeOf(value)) {
      markGradient(maker.inputs.a);
    }
  };
  for (const { definition: { writes = [] }, inputs } of graph.nodes) {
    const isOptimizer = writes.some((of) => graph.parameters.includes(inputs[of]!));
    if (isOptimizer && inputs.g !== undefined) markGradient(inputs.g);
    if (inputs.state?.name.endsWith(GRADIENT) && inputs.x !== undefined) markGradient(inputs.x);
  }
  return kinds;
}
