/** From gradients to updates: clipping, the rate, optimisers of groups, moving averages. */
import type { Graph, Value } from "../graph/graph.ts";
import type { NodeBuilder } from "../graph/node_builder.ts";
import { assign } from "../graph/ops/mod.ts";
import { checkDecay, checkOptimizer } from "./check_settings.ts";
import { clipByNorm, movingAverage } from "./optimizers/clipping.ts";
import { optimizerStep } from "./optimizers/optimizer.ts";
import type { ApplyGradient, Optimizer } from "./optimizers/optimizer.ts";
import { afterLoss } from "./optimizers/plateau.ts";
import type { PlateauSchedule, PlateauState } from "./optimizers/plateau.ts";
import { learningRate } from "./optimizers/schedule.ts";
import type { TrainingSettings } from "./training_graph.ts";

/** Behind the name of a parameter: its moving average. */
export const AVERAGE = ".average";

/** What a step has computed. */
export interface ComputedGradients {
  readonly parameters: readonly Value[];
  /** Of each parameter. */
  readonly gradients: readonly Value[];
  readonly loss: Value;
  /** Steps before this one. */
  readonly step: Value;
  /** Where it is 0, nothing is updated. */
  readonly when?: Value | undefined;
  /** The entry that updates. */
  readonly entry: string;
}

/** Adds the updates of a step and gives its learning rate. */
export function applyGradients(
  build: NodeBuilder,
  settings: TrainingSettings,
  { parameters, gradients, loss, step, when, entry }: ComputedGradients,
): Value {
  const { graph } = build;
  const { clipNorm, average, optimizer = { kind: "sgd" }, schedule = { kind: "constant" } } =
    settings;
  const made = clipNorm === undefined
    ? gradients
    : clipByNorm(build, gradients, clipNorm).gradients;
  const isPlateau = schedule.kind === "plateau";
  const plateau = isPlateau ? plateauState(graph, settings.rate) : undefined;
  // A state as an output would be what it is at the end.
  const rate = isPlateau
    ? build.shift(plateau!.rate, 0)
    : learningRate(build, settings.rate, schedule, step);
  const next = build.shift(step, 1);
  const appliers = new Map<string, ApplyGradient>();
  parameters.forEach((parameter, i) => {
    const own = ownOptimizer(settings, optimizer, parameter);
    const key = JSON.stringify(own);
    const apply = appliers.get(key) ??
      optimizerStep(build, own.optimizer, build.scale(rate, own.rate), next, when);
    appliers.set(key, apply);
    const updated = apply(parameter, made[i]).parameter;
    graph.update(updated, entry);
    if (average === undefined) return;
    const state = graph.state(
      `${parameter.name}${AVERAGE}`,
      "f32",
      parameter.shape,
      graph.initial.get(parameter.id)!.data,
    );
    const moved = movingAverage(build, state, updated, average);
    const x = when === undefined ? moved : build.select(when, moved, state);
    graph.update(graph.apply(assign, { state, x }), entry);
  });
  if (isPlateau) followLoss(build, plateau!, loss, schedule, entry, when);
  return rate;
}

/** The optimiser of a parameter, and what the rate is multiplied with. */
function ownOptimizer(
  { group, decay }: TrainingSettings,
  optimizer: Optimizer,
  { name, shape }: Value,
): { readonly optimizer: Optimizer; readonly rate: number } {
  const extents = shape as readonly number[];
  const own = group?.(name, extents) ?? {};
  const ownDecay = own.decay ?? decay?.(name, extents);
  const { rate = 1, optimizer: chosen = optimizer } = own;
  checkDecay(`rate of the group of ${name}`, rate);
  if (own.optimizer !== undefined) checkOptimizer(own.optimizer);
  if (ownDecay === undefined) return { optimizer: chosen, rate };
  checkDecay(`decay of ${name}`, ownDecay);
  return { optimizer: { ...chosen, decay: ownDecay }, rate };
}

function plateauState(graph: Graph, rate: number): PlateauState {
  const state = (of: string, first: number): Value =>
    graph.state(`train.plateau.${of}`, "f32", [1], Float32Array.of(first));
  return {
    rate: state("rate", rate),
    best: state("best", Infinity),
    bad: state("bad", 0),
    cooling: state("cooling", 0),
  };
}

/** What is known of the losses after this one. All of it is computed before the first of it is written. */
function followLoss(
  build: NodeBuilder,
  before: PlateauState,
  loss: Value,
  schedule: PlateauSchedule,
  entry: string,
  when: Value | undefined,
): void {
  const after = afterLoss(build, before, build.reshape(loss, [1]), schedule);
  for (const part of ["rate", "best", "bad", "cooling"] as const) {
    const [state, now] = [before[part], after[part]];
    const x = when === undefined ? now : build.select(when, now, state);
    const assigned = build.graph.apply(assign, { state, x });
    build.graph.update(assigned, entry);
  }
}
