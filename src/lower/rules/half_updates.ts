/** Updates of what is kept in 16 bits, or under a condition: the optimiser works on float32 copies, which are put back. */
import { FewbitError } from "../../errors.ts";
import type { Value } from "../../graph/graph.ts";
import type { Storage } from "../../graph/storage.ts";
import { BINARY_FUNCTIONS } from "../../instructions/binary_functions.ts";
import type { Index } from "../../program/program.ts";
import type { DType } from "../../tensor.ts";
import { temporary } from "../dense_view.ts";
import type { Lowering } from "../lowering.ts";

/** A step of an optimiser. */
export interface Update {
  /** The instruction. */
  readonly name: string;
  /** Inputs of its node by name. */
  readonly inputs:
    & { readonly p: Value; readonly when?: Value | undefined }
    & Readonly<
      Record<string, Value | undefined>
    >;
  /** Names of those that it updates. */
  readonly writes: readonly string[];
  readonly hyper: readonly number[];
  readonly attributes: Readonly<Record<string, number>>;
  /** View of numbers as a constant. */
  readonly constants: (numbers: readonly number[]) => Index;
}

type Views = Record<string, Index | undefined>;

/**
 * Adds a step whose parameter is kept in 16 bits, or that takes place under a condition.
 *
 * @throws {FewbitError} `unsupported` for Kahan's sum with an optimiser that shrinks parameters.
 */
export function emitStoredUpdate(lowering: Lowering, update: Update): void {
  const { name, inputs: { when, ...inputs }, writes, hyper, attributes, constants } = update;
  const { p } = inputs;
  const storage = lowering.graph.storage.get(p.id);
  const operands: Views = Object.fromEntries(
    Object.entries(inputs).map(([of, value]) => [of, lowering.optional(value)]),
  );
  const back: (() => void)[] = [];
  for (const of of writes) {
    const state = inputs[of];
    if (of === "p" || when === undefined || state === undefined) continue;
    const copy = copied(lowering, state, "f32");
    operands[of] = copy;
    back.push(() => assignWhere(lowering, copy, when, state));
  }
  const computed = hyper.slice();
  if (storage?.master?.kind === "kahan") {
    operands.g = withDecay(lowering, update, operands, computed);
    // From zero a step gives what it adds.
    const zero = temporary(lowering, p.shape).view;
    emitBinary(lowering, "subtract", operands.p!, operands.p!, zero);
    operands.p = zero;
  } else operands.p = wideCopy(lowering, p, storage);
  lowering.emit([], name, { ...operands, hyper: constants(computed) }, attributes);
  putBack(lowering, p, storage, operands.p!, when);
  for (const assign of back) assign();
}

/** A parameter as float32. */
function wideCopy(lowering: Lowering, p: Value, storage: Storage | undefined): Index {
  if (storage?.master?.kind !== "split") return copied(lowering, p, "f32");
  const { view: y } = temporary(lowering, p.shape);
  const low = lowering.operand(storage.master.low);
  lowering.emit([], "merge_master_f32", { high: lowering.operand(p), low, y });
  return y;
}

function copied(lowering: Lowering, value: Value, dtype: DType): Index {
  const { view: y } = temporary(lowering, value.shape, dtype);
  lowering.emit([], "copy", { x: lowering.operand(value), y });
  return y;
}

/** Keeps an updated parameter: what it was computed as, or Kahan's difference. */
function putBack(
  lowering: Lowering,
  p: Value,
  storage: Storage | undefined,
  x: Index,
  when: Value | undefined,
): void {
  const master = storage?.master;
  // Where it may not take place, it is made beside what is kept.
  const place = (value: Value, type: DType): Index =>
    when === undefined ? lowering.operand(value) : temporary(lowering, value.shape, type).view;
  const keep = (from: Index, value: Value): void => {
    if (when !== undefined) assignWhere(lowering, from, when, value);
  };
  switch (master?.kind) {
    case "split": {
      const [high, low] = [place(p, "bf16"), place(master.low, "i16")];
      lowering.emit([], "split_master_f32", { x, high, low });
      keep(high, p);
      keep(low, master.low);
      return;
    }
    case "kahan": {
      const { type } = storage!;
      const of = (value: Value): Index =>
        when === undefined ? lowering.operand(value) : copied(lowering, value, type);
      const [rest, sum] = [of(master.rest), of(p)];
      lowering.emit([], "kahan_f32", { d: x, rest, p: sum });
      keep(rest, master.rest);
      keep(sum, p);
      return;
    }
    case "stochastic": {
      const y = place(p, storage!.type);
      const stream = lowering.literal(`stream ${master.stream}`, () => ({
        dtype: "i32",
        shape: [1],
        data: Int32Array.of(master.stream),
      }));
      const random = lowering.operand(master.random);
      lowering.emit([], "round_stochastic_f32", { x, random, stream, y });
      keep(y, p);
      return;
    }
    default:
      if (when !== undefined) assignWhere(lowering, x, when, p);
      else lowering.emit([], "copy", { x, y: lowering.operand(p) });
  }
}

function assignWhere(lowering: Lowering, x: Index, when: Value, value: Value): void {
  const condition = lowering.operand(when);
  lowering.emit([], "assign_where", { x, condition, y: lowering.operand(value) });
}

/** Places of decay among the settings of the optimisers that add it to gradients. */
const DECAY: Readonly<Record<string, number>> = {
  sgd_f32: 1,
  adam_f32: 5,
  rmsprop_f32: 4,
  adagrad_f32: 1,
};

/** The gradient with the decay of the parameter, which a step from zero does not see; then there is none among the settings. */
function withDecay(
  lowering: Lowering,
  { name, inputs: { p } }: Update,
  operands: Views,
  hyper: number[],
): Index {
  const place = DECAY[name];
  const decay = place === undefined ? 0 : hyper[place];
  if (place === undefined || name === "adam_f32" && decay === 0) {
    throw new FewbitError(
      "unsupported",
      `Cannot train ${p.name} with Kahan's sum and an optimiser that may shrink parameters`,
    );
  }
  hyper[place] = 0;
  if (decay === 0) return operands.g!;
  const { view: shrunk } = temporary(lowering, p.shape);
  const { view: sum } = temporary(lowering, p.shape);
  const factor = lowering.literal(`f32 ${decay}`, () => ({
    dtype: "f32",
    shape: [1],
    data: Float32Array.of(decay),
  }));
  emitBinary(lowering, "multiply", operands.p!, factor, shrunk);
  lowering.emit([], "add_f32", { a: operands.g, b: shrunk, y: sum });
  return sum;
}

function emitBinary(
  lowering: Lowering,
  kind: (typeof BINARY_FUNCTIONS)[number],
  a: Index,
  b: Index,
  y: Index,
): void {
  lowering.emit([], "binary_f32", { a, b, y }, { binary: BINARY_FUNCTIONS.indexOf(kind) });
}
