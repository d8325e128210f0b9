/** The program of a trainer, within the memory that it may take. */
import { FewbitError } from "../errors.ts";
import type { Build } from "../engines/wasm/module.ts";
import { plannedBytes } from "../engines/wasm/planned_bytes.ts";
import type { PlannedBytes } from "../engines/wasm/planned_bytes.ts";
import { expandBatchNormalization } from "../graph/expand_batch_normalization.ts";
import { expandBitLinear } from "../graph/expand_bit_linear.ts";
import { expandStraightThrough } from "../graph/expand_straight_through.ts";
import type { Graph } from "../graph/graph.ts";
import { formatBytes } from "../format_bytes.ts";
import { packedStash } from "../graph/packed_stash.ts";
import { rematerialize } from "../graph/rematerialize.ts";
import type { Rematerialized } from "../graph/rematerialize.ts";
import { Schedule } from "../graph/schedule.ts";
import { lower } from "../lower/lower.ts";
import type { LoweredProgram } from "../lower/lower.ts";
import { decodeHead } from "../program/decode.ts";
import { encodeProgram } from "../program/encode.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { TrainerSettings } from "./trainer_options.ts";
import { ACCUMULATE, TRAIN_STEP, trainingGraph } from "./training_graph.ts";
import { trainingMemory } from "./training_memory.ts";
import type { TrainingMemory } from "./training_memory.ts";

/** What a trainer is loaded from. */
export interface PlannedTraining {
  /** What trains with the same bits has the same id, in however much memory. */
  readonly id: string;
  readonly program: CompiledProgram;
  /** The program as a file. */
  readonly file: Uint8Array<ArrayBuffer>;
  readonly memory: TrainingMemory;
}

/** A graph as a program whose bytes are known. */
interface Plan {
  readonly graph: Graph;
  readonly lowered: LoweredProgram;
  readonly file: Uint8Array<ArrayBuffer>;
  readonly planned: PlannedBytes;
  readonly total: number;
  readonly made?: Rematerialized | undefined;
}

/** Limits of the values of a graph are tried in so many steps: what they take is some percent beside what a program takes. */
const STEPS = 64;
/** Limits below the last for which there is a way: what is taken first is another value, and so there may be one again. */
const BELOW = 5;

/**
 * Compiles the graph that trains a network.
 *
 * @throws {FewbitError} `limit_exceeded` where the memory that it may take is less than the least that a way was found for;
 * else as {@linkcode trainingGraph}.
 */
export async function plannedTraining(
  source: Graph,
  settings: TrainerSettings,
  build: Build,
): Promise<PlannedTraining> {
  const { memoryLimitBytes: limit } = settings;
  const entry = (settings.accumulate ?? 1) > 1 ? ACCUMULATE : TRAIN_STEP;
  const graph = loweredOps(trainingGraph(source, settings));
  const whole = await planOf(packedStash(graph, entry), build);
  const plan = limit === undefined || whole.total <= limit
    ? whole
    : await fitted(whole, limit, entry, build);
  const { lowered: { program }, file, made } = plan;
  const { before = 1, added = 0 } = made?.work ?? {};
  const memory = trainingMemory({ ...plan, again: made?.again ?? [], cost: added / before });
  const plain = settings.releaseGradients === true
    ? loweredOps(trainingGraph(source, { ...settings, releaseGradients: false }))
    : graph;
  const isPlain = plan.graph === plain;
  const { id } = decodeHead(isPlain ? file : await encodeProgram(lowerToTrain(plain).program));
  return { id, program, file, memory };
}

/** The graph with ops in place of those that are several of them. */
function loweredOps(graph: Graph): Graph {
  return expandStraightThrough(expandBitLinear(expandBatchNormalization(graph)));
}

function lowerToTrain(graph: Graph): LoweredProgram {
  return lower(graph, { training: true });
}

async function planOf(graph: Graph, build: Build, made?: Rematerialized): Promise<Plan> {
  const lowered = lowerToTrain(graph);
  const file = await encodeProgram(lowered.program);
  const planned = plannedBytes(file, build);
  return { graph, lowered, file, planned, total: planned.shared + planned.instance, made };
}

/** The plan that computes least again, of all that take no more than a limit: where it may be more, none computes more. */
async function fitted(
  whole: Plan,
  limit: number,
  entry: string,
  build: Build,
): Promise<Plan> {
  let least = whole.total;
  for (const made of waysOf(whole.graph, entry)) {
    const plan = await planOf(made.graph, build, made);
    if (plan.total <= limit) return plan;
    least = Math.min(least, plan.total);
  }
  throw new FewbitError(
    "limit_exceeded",
    `Cannot train in ${
      formatBytes(limit)
    }: the least is ${least} bytes, with all that can be computed again`,
  );
}

/** Ways to compute values again, one for each limit that has one, those first that compute least. */
function waysOf(graph: Graph, entry: string): readonly Rematerialized[] {
  const { peak } = Schedule.of(graph, entry);
  const ways = new Map<string, Rematerialized>();
  for (let [step, missed] = [STEPS, 0]; step > 0 && missed <= BELOW; step--) {
    const made = rematerialize(graph, entry, peak * step / STEPS);
    missed = made === undefined ? missed + 1 : 0;
    // Several limits may have the same one.
    if (made !== undefined) ways.set(`${made.work.added} ${made.peak}`, made);
  }
  return [...ways.values()].sort((a, b) => a.work.added - b.work.added);
}
