/** What updates parameters and states: steps of optimisers, assignments. */
import type { OpName } from "../../graph/op_names.ts";
import type { Value } from "../../graph/graph.ts";
import type { Index } from "../../program/program.ts";
import type { Lowering } from "../lowering.ts";
import type { RulesOf } from "../rule.ts";
import { expectTraining } from "./trained.ts";

/** Rules of ops that write what outlives a run. */
export const UPDATE_RULES = {
  Accumulate(lowering, { inputs: { state, x }, outputs: { y } }) {
    lowering.emit(y, "accumulate", { x: lowering.operand(x), y: lowering.operand(state) });
    lowering.alias(y, lowering.placed(state));
  },
  Adagrad(lowering, { inputs, attributes: { epsilon, decay }, outputs: { y } }) {
    emitUpdate(lowering, "adagrad_f32", inputs, [epsilon, decay], y);
  },
  Adam(
    lowering,
    { inputs, attributes: { betas: [beta1, beta2], epsilon, decay }, outputs: { y } },
  ) {
    const hyper = [beta1, 1 - beta1, beta2, 1 - beta2, epsilon, decay];
    emitUpdate(lowering, "adam_f32", inputs, hyper, y);
  },
  Assign(lowering, { inputs: { state, x }, outputs: { y } }) {
    lowering.emit(y, "copy", { x: lowering.operand(x), y: lowering.operand(state) });
    lowering.alias(y, lowering.placed(state));
  },
  Lion(lowering, { inputs, attributes: { betas: [beta1, beta2] }, outputs: { y } }) {
    emitUpdate(lowering, "lion_f32", inputs, [beta1, 1 - beta1, beta2, 1 - beta2], y);
  },
  Rmsprop(lowering, { inputs, attributes, outputs: { y } }) {
    const { alpha, epsilon, momentum, decay } = attributes;
    emitUpdate(lowering, "rmsprop_f32", inputs, [alpha, 1 - alpha, epsilon, momentum, decay], y);
  },
  Sgd(lowering, { inputs, attributes: { momentum, decay, nesterov }, outputs: { y } }) {
    const chosen = { nesterov: nesterov ? 1 : 0 };
    emitUpdate(lowering, "sgd_f32", inputs, [momentum, decay], y, chosen);
  },
} satisfies Partial<RulesOf<OpName>>;

/** Adds a step of an optimiser; its operands have the names of the inputs. */
function emitUpdate(
  lowering: Lowering,
  name: string,
  inputs: { readonly p: Value } & Readonly<Record<string, Value | undefined>>,
  hyper: readonly number[],
  y: Value,
  attributes: Readonly<Record<string, number>> = {},
): void {
  expectTraining(lowering, name);
  const operands: [string, Index | undefined][] = Object.entries(inputs)
    .map(([of, value]) => [of, lowering.optional(value)]);
  const constants = lowering.literal(`hyper ${hyper}`, () => ({
    dtype: "f32",
    shape: [hyper.length],
    data: Float32Array.from(hyper),
  }));
  lowering.emit(y, name, { ...Object.fromEntries(operands), hyper: constants }, attributes);
  lowering.alias(y, lowering.placed(inputs.p));
}
