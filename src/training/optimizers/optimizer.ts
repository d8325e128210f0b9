/** Optimisers as nodes: a step updates a parameter and what the optimiser remembers of it. */
import { FewbitError } from "../../errors.ts";
import type { Value } from "../../graph/graph.ts";
import { adagrad, adam, lion, padColumns, rmsprop, sgd } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** An optimiser and its settings; what is left out is PyTorch's default. */
export type Optimizer =
  /** `decay` is added to gradients (L2). */
  | {
    readonly kind: "sgd";
    readonly momentum?: number;
    readonly nesterov?: boolean;
    readonly decay?: number;
  }
  /** `decay` is added to gradients (L2); `keras`: its place of epsilon. */
  | {
    readonly kind: "adam";
    readonly betas?: readonly number[];
    readonly epsilon?: number;
    readonly decay?: number;
    readonly keras?: boolean;
  }
  /** `decay` shrinks parameters, by `1 − rate·decay` a step. */
  | {
    readonly kind: "adamw";
    readonly betas?: readonly number[];
    readonly epsilon?: number;
    readonly decay?: number;
  }
  | {
    readonly kind: "rmsprop";
    readonly alpha?: number;
    readonly epsilon?: number;
    readonly momentum?: number;
    readonly decay?: number;
  }
  | { readonly kind: "adagrad"; readonly epsilon?: number; readonly decay?: number }
  /** `decay` shrinks parameters. */
  | { readonly kind: "lion"; readonly betas?: readonly number[]; readonly decay?: number };

/** A parameter after a step, and the states that the optimiser has of it. */
export interface Updated {
  readonly parameter: Value;
  readonly states: readonly Value[];
}

/** Updates a parameter by its gradient. */
export type ApplyGradient = (parameter: Value, gradient: Value) => Updated;

const BETAS = [0.9, 0.999];

/**
 * What updates parameters in a step. What follows from the step alone is computed once.
 *
 * @param rate The learning rate `[1]`.
 * @param step Number of this step, from 1 on, as float32 `[1]`.
 * @param when Where it is 0, nothing is updated.
 */
export function optimizerStep(
  build: NodeBuilder,
  optimizer: Optimizer,
  rate: Value,
  step: Value,
  when?: Value,
): ApplyGradient {
  const { graph } = build;
  const state = (p: Value, of: string): Value => graph.state(`${p.name}.${of}`, "f32", p.shape);
  switch (optimizer.kind) {
    case "sgd": {
      const { momentum = 0, nesterov = false, decay = 0 } = optimizer;
      return (p, g) => {
        const buffer = momentum === 0 ? undefined : state(p, "momentum");
        const attributes = { momentum, nesterov, decay };
        const parameter = graph.apply(sgd, { p, buffer, g, rate, when }, attributes);
        return { parameter, states: buffer === undefined ? [] : [buffer] };
      };
    }
    case "adam":
    case "adamw": {
      const { betas = BETAS, epsilon = 1e-8 } = optimizer;
      const isDecoupled = optimizer.kind === "adamw";
      const { decay = isDecoupled ? 0.01 : 0 } = optimizer;
      const keras = optimizer.kind === "adam" && optimizer.keras === true;
      const scalars = adamScalars(build, rate, step, betas, isDecoupled ? decay : 0, keras);
      return (p, g) => {
        const [m, v] = [state(p, "mean"), state(p, "square")];
        const attributes = { betas, epsilon, decay: isDecoupled ? 0 : decay };
        return {
          parameter: graph.apply(adam, { p, m, v, g, scalars, when }, attributes),
          states: [m, v],
        };
      };
    }
    case "rmsprop": {
      const { alpha = 0.99, epsilon = 1e-8, momentum = 0, decay = 0 } = optimizer;
      return (p, g) => {
        const v = state(p, "square");
        const buffer = momentum === 0 ? undefined : state(p, "momentum");
        const attributes = { alpha, epsilon, momentum, decay };
        const parameter = graph.apply(rmsprop, { p, v, buffer, g, rate, when }, attributes);
        return { parameter, states: buffer === undefined ? [v] : [v, buffer] };
      };
    }
    case "adagrad": {
      const { epsilon = 1e-10, decay = 0 } = optimizer;
      return (p, g) => {
        const s = state(p, "sum");
        return {
          parameter: graph.apply(adagrad, { p, s, g, rate, when }, { epsilon, decay }),
          states: [s],
        };
      };
    }
    case "lion": {
      const { betas = [0.9, 0.99], decay = 0 } = optimizer;
      const scalars = together(build, [rate, keeping(build, rate, decay)]);
      return (p, g) => {
        const m = state(p, "mean");
        return { parameter: graph.apply(lion, { p, m, g, scalars, when }, { betas }), states: [m] };
      };
    }
    default:
      throw new FewbitError(
        "invalid_argument",
        `There is no optimiser ${JSON.stringify(optimizer)}`,
      );
  }
}

/**
 * Rate, root and keep of `adam_f32`. `1 − βᵗ` is `−expm1(t·ln β)`: 1 − 0.999 in float32 would be wrong in the fifth
 * digit.
 */
function adamScalars(
  build: NodeBuilder,
  rate: Value,
  step: Value,
  betas: readonly number[],
  decay: number,
  keras: boolean,
): Value {
  const correction = (beta: number): Value =>
    build.scale(build.unary(build.scale(step, Math.log(beta)), "expm1"), -1);
  const [first, second] = betas.map(correction);
  const corrected = build.div(rate, first);
  const keep = keeping(build, rate, decay);
  if (keras) {
    const scaled = build.mul(corrected, build.unary(second, "sqrt"));
    return together(build, [scaled, build.scalar(1), keep]);
  }
  return together(build, [corrected, build.unary(second, "rsqrt"), keep]);
}

/** `1 − rate·decay`. */
function keeping(build: NodeBuilder, rate: Value, decay: number): Value {
  return build.shift(build.scale(rate, -decay), 1);
}

/** Numbers `[1]` as one value. */
function together(build: NodeBuilder, numbers: readonly Value[]): Value {
  return numbers
    .map((x, i) =>
      build.graph.apply(padColumns, { x }, { before: i, after: numbers.length - 1 - i })
    )
    .reduce((a, b) => build.add(a, b));
}
