/** What updates parameters and states: steps of optimisers, assignments. */
import type { OpName } from "../../graph/op_names.ts";
import type { Node, Value } from "../../graph/graph.ts";
import type { Index } from "../../program/program.ts";
import type { Lowering } from "../lowering.ts";
import type { RulesOf } from "../rule.ts";
import { emitStoredUpdate } from "./half_updates.ts";
import { expectTraining } from "./trained.ts";

/** Rules of ops that write what outlives a run. */
export const UPDATE_RULES = {
  Accumulate(lowering, { inputs: { state, x }, outputs: { y } }) {
    lowering.emit(y, "accumulate", { x: lowering.operand(x), y: lowering.operand(state) });
    lowering.alias(y, lowering.placed(state));
  },
  Adagrad(lowering, node) {
    const { epsilon, decay } = node.attributes;
    emitUpdate(lowering, "adagrad_f32", node, [epsilon, decay]);
  },
  Adam(lowering, node) {
    const { betas: [beta1, beta2], epsilon, decay } = node.attributes;
    emitUpdate(lowering, "adam_f32", node, [beta1, 1 - beta1, beta2, 1 - beta2, epsilon, decay]);
  },
  Assign(lowering, { inputs: { state, x }, outputs: { y } }) {
    lowering.emit(y, "copy", { x: lowering.operand(x), y: lowering.operand(state) });
    lowering.alias(y, lowering.placed(state));
  },
  Lion(lowering, node) {
    const { betas: [beta1, beta2] } = node.attributes;
    emitUpdate(lowering, "lion_f32", node, [beta1, 1 - beta1, beta2, 1 - beta2]);
  },
  Rmsprop(lowering, node) {
    const { alpha, epsilon, momentum, decay } = node.attributes;
    emitUpdate(lowering, "rmsprop_f32", node, [alpha, 1 - alpha, epsilon, momentum, decay]);
  },
  Sgd(lowering, node) {
    const { momentum, decay, nesterov } = node.attributes;
    emitUpdate(lowering, "sgd_f32", node, [momentum, decay], { nesterov: nesterov ? 1 : 0 });
  },
} satisfies Partial<RulesOf<OpName>>;

/** Adds a step of an optimiser; its operands have the names of the inputs. */
function emitUpdate(
  lowering: Lowering,
  name: string,
  { inputs, outputs: { y }, definition: { writes = [] } }: OptimizerNode,
  hyper: readonly number[],
  attributes: Readonly<Record<string, number>> = {},
): void {
  expectTraining(lowering, name);
  const constants = (numbers: readonly number[]): Index =>
    lowering.literal(`hyper ${numbers}`, () => ({
      dtype: "f32",
      shape: [numbers.length],
      data: Float32Array.from(numbers),
    }));
  if (inputs.when !== undefined || lowering.graph.storage.has(inputs.p.id)) {
    emitStoredUpdate(lowering, { name, inputs, writes, hyper, attributes, constants });
  } else {
    const operands: [string, Index | undefined][] = Object.entries(inputs)
      .filter(([, value]) => value !== undefined)
      .map(([of, value]) => [of, lowering.optional(value)]);
    const all = { ...Object.fromEntries(operands), hyper: constants(hyper) };
    lowering.emit(y, name, all, attributes);
  }
  lowering.alias(y, lowering.placed(inputs.p));
}

/** A node of any optimiser. */
interface OptimizerNode extends Pick<Node, "definition"> {
  readonly inputs:
    & { readonly p: Value; readonly when?: Value | undefined }
    & Readonly<
      Record<string, Value | undefined>
    >;
  readonly outputs: { readonly y: Value };
}
