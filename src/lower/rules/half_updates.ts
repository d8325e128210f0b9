/** Updates of what is kept in 16 bits, or under a condition: the optimiser works on float32 copies, which are put back. */
import { FewbitError } from "../../errors.ts";
import { plus, product } from "../../graph/extent.ts";
import type { Extent, Value } from "../../graph/graph.ts";
import type { Storage } from "../../graph/storage.ts";
import { BINARY_FUNCTIONS } from "../../instructions/binary_functions.ts";
import type { Index } from "../../program/program.ts";
import type { DType } from "../../tensor.ts";
import { temporary } from "../dense_view.ts";
import type { Lowering } from "../lowering.ts";
import { isReshapable, reshapePlaced } from "../placed.ts";

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

/** Elements that a step takes at once: float32 copies of all of them would be the largest tensors of a small network. */
const PIECE = 4096;
/** Most pieces, so that large parameters do not make long programs. */
const MOST_PIECES = 16;

/**
 * Adds a step whose parameter is kept in 16 bits, or that takes place under a condition: one for each piece of it.
 *
 * @throws {FewbitError} `unsupported` for Kahan's sum with an optimiser that shrinks parameters.
 */
export function emitStoredUpdate(lowering: Lowering, update: Update): void {
  for (const piece of piecesOf(lowering, update)) emitPiece(lowering, update, piece);
}

/** A run of the elements of a parameter and of all that has as many. */
interface Piece {
  readonly shape: readonly Extent[];
  /** View of a value, or of its part. */
  readonly of: (value: Value) => Index;
}

function piecesOf(lowering: Lowering, { inputs }: Update): Piece[] {
  const { p: { id, shape } } = inputs;
  const count = product(shape);
  const master = lowering.graph.storage.get(id)?.master;
  const isWhole = typeof count !== "number" || count <= PIECE ||
    // Their random numbers are counted from the first element of an operand on.
    master?.kind === "stochastic" ||
    Object.values(inputs).some((value) =>
      value !== undefined && !isReshapable(lowering.placed(value), [1, product(value.shape)])
    );
  if (isWhole) return [{ shape, of: (value) => lowering.operand(value) }];
  const size = Math.max(PIECE, 16 * Math.ceil(count / MOST_PIECES / 16));
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    const part = [1, Math.min(size, count - i * size)];
    const of = (value: Value): Index => {
      if (product(value.shape) !== count) return lowering.operand(value);
      const placed = reshapePlaced(lowering.placed(value), [1, count]);
      const offset = plus(placed.offset, i * size);
      return lowering.view({ ...placed, offset, extents: part });
    };
    return { shape: part, of };
  });
}

function emitPiece(lowering: Lowering, update: Update, piece: Piece): void {
  const { name, inputs: { when, ...inputs }, writes, hyper, attributes, constants } = update;
  const { p } = inputs;
  const storage = lowering.graph.storage.get(p.id);
  const operands: Views = Object.fromEntries(
    Object.entries(inputs).map(([of, value]) => [of, value && piece.of(value)]),
  );
  const back: (() => void)[] = [];
  for (const of of writes) {
    const state = inputs[of];
    if (of === "p" || when === undefined || state === undefined) continue;
    const copy = copied(lowering, piece, state, "f32");
    operands[of] = copy;
    back.push(() => assignWhere(lowering, copy, when, piece.of(state)));
  }
  const computed = hyper.slice();
  if (storage?.master?.kind === "kahan") {
    operands.g = withDecay(lowering, update, operands, { piece, hyper: computed });
    // From zero a step gives what it adds.
    const zero = temporary(lowering, piece.shape).view;
    emitBinary(lowering, "subtract", operands.p!, operands.p!, zero);
    operands.p = zero;
  } else operands.p = wideCopy(lowering, piece, p, storage);
  lowering.emit([], name, { ...operands, hyper: constants(computed) }, attributes);
  putBack(lowering, piece, { p, storage, x: operands.p!, when });
  for (const assign of back) assign();
}

/** A parameter as float32. */
function wideCopy(
  lowering: Lowering,
  piece: Piece,
  p: Value,
  storage: Storage | undefined,
): Index {
  if (storage?.master?.kind !== "split") return copied(lowering, piece, p, "f32");
  const { view: y } = temporary(lowering, piece.shape);
  const low = piece.of(storage.master.low);
  lowering.emit([], "merge_master_f32", { high: piece.of(p), low, y });
  return y;
}

function copied(lowering: Lowering, { shape, of }: Piece, value: Value, dtype: DType): Index {
  const { view: y } = temporary(lowering, shape, dtype);
  lowering.emit([], "copy", { x: of(value), y });
  return y;
}

/** A parameter, and what a step made for it: its float32, or Kahan's difference. */
interface Updated {
  readonly p: Value;
  readonly storage: Storage | undefined;
  readonly x: Index;
  readonly when: Value | undefined;
}

/** Keeps what a step made. */
function putBack(lowering: Lowering, piece: Piece, { p, storage, x, when }: Updated): void {
  const master = storage?.master;
  // Where it may not take place, it is made beside what is kept.
  const place = (value: Value, type: DType): Index =>
    when === undefined ? piece.of(value) : temporary(lowering, piece.shape, type).view;
  const keep = (from: Index, value: Value): void => {
    if (when !== undefined) assignWhere(lowering, from, when, piece.of(value));
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
        when === undefined ? piece.of(value) : copied(lowering, piece, value, type);
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
      if (when !== undefined) assignWhere(lowering, x, when, piece.of(p));
      else lowering.emit([], "copy", { x, y: piece.of(p) });
  }
}

function assignWhere(lowering: Lowering, x: Index, when: Value, y: Index): void {
  const condition = lowering.operand(when);
  lowering.emit([], "assign_where", { x, condition, y });
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
  { piece, hyper }: { readonly piece: Piece; readonly hyper: number[] },
): Index {
  const place = DECAY[name];
  const decay = place === undefined ? 0 : hyper[place];
  if (place === undefined || name === "adam_f32" && decay === 0) {
    throw new FewbitError(
      "unsupported",
      `Cannot train ${p.name} with Kahan's sum and an optimiser that may shrink parameters; ` +
        "SGD, RMSprop and Adagrad go with it",
    );
  }
  hyper[place] = 0;
  if (decay === 0) return operands.g!;
  const { view: shrunk } = temporary(lowering, piece.shape);
  const { view: sum } = temporary(lowering, piece.shape);
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
