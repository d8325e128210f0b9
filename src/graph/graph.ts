/**
 * The graph: a network as nodes on typed values, at compile time only. Op names are those of ONNX or
 * PyTorch where they have one.
 *
 * @module
 */
import { FewbitError } from "../errors.ts";
import { CHECKS } from "../instructions/codes.ts";
import type { Check } from "../instructions/codes.ts";
import { base3Bytes, unpackBase3 } from "../numeric/base3.ts";
import { elementCount, tensorOf } from "../tensor.ts";
import type { DType, LazyTensor, Tensor } from "../tensor.ts";
import {
  checkDtype,
  checkedInputs,
  checkElements,
  checkExtents,
  checkOutput,
  checkSymbol,
  checkUpdates,
} from "./_checks.ts";
import { expectOneOf } from "./attribute.ts";
import type { AnyOp, InputsOf, Op } from "./op.ts";
import type { Storage } from "./storage.ts";

/** `factor·symbol + plus`: an extent that is known when a program runs. */
export interface SymbolicExtent {
  /** The symbol, or `max_` and one of runs: the most that a program is loaded for. */
  readonly symbol: string;
  /** What it is multiplied by. */
  readonly factor: number;
  /** What is added. */
  readonly plus: number;
}

/** Size of one axis. */
export type Extent = number | SymbolicExtent;

/** A tensor in a graph. */
export interface Value {
  /** Unique within its graph. */
  readonly id: number;
  /** Unique where it is not empty; the name under which calibration and taps know it. */
  readonly name: string;
  /** Element type. */
  readonly dtype: DType;
  /** Extents, outermost first. */
  readonly shape: readonly Extent[];
}

/** An attribute of a node. */
export type Attribute = Extent | string | boolean | readonly Extent[];

/** An op applied to values. */
export interface Node {
  /** Name of the op. */
  readonly op: string;
  /** Its inputs by name; `undefined` where an optional one is absent. */
  readonly inputs: Readonly<Record<string, Value | undefined>>;
  /** Its attributes. */
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Its outputs by name. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** Name of the module in the model (`blocks.0.attn.qkv`). */
  readonly name: string;
  /** The op, to apply it again. */
  readonly definition: AnyOp;
}

/** Names of a node and its outputs. */
export interface NodeNames {
  /** Name of the module. */
  readonly name?: string;
  /** Name of the first output, or names of outputs. */
  readonly output?: string | Readonly<Record<string, string>>;
}

/** A constant: its value, or how it follows from the activation scales of a quantised network. */
export interface Constant {
  /** The value in the graph. */
  readonly value: Value;
  /** The elements; for a derived constant they need the scales of {@linkcode Graph}'s activations. */
  tensor(scales: ReadonlyMap<string, number>): Tensor;
  /** Activations whose scales the elements need; empty for a plain constant. */
  readonly derivedFrom: readonly string[];
  /** The elements in base 3, where they are trits that are kept so. */
  readonly base3?: Uint8Array;
}

/** What a run checks of the values of an input; the kinds are those of the program. */
export interface InputCheck {
  /** Kind of check. */
  readonly check: Exclude<Check, "none">;
  /** The limit: how many rows, tokens or sessions there are. */
  readonly limit: Extent;
  /** With check `past`: the input with the offsets of the sequences. */
  readonly offsets?: Value;
}

/** An extent that callers choose: with each run, or when a program is loaded. */
export interface GraphSymbol {
  /** Unique in its graph. */
  readonly name: string;
  /** Largest value that a program can be loaded for. */
  readonly limit: number;
  /** `load`: the value itself is chosen when a program is loaded. */
  readonly kind: "run" | "load";
  /** The largest value of a run (or the value), where a loader asks for nothing else. */
  readonly defaultMax: number;
}

/** A value that callers get. */
export interface GraphOutput {
  /** Name under which callers get it. */
  readonly name: string;
  /** The value. */
  readonly value: Value;
  /** Entry of the program to which it belongs. */
  readonly entry: string;
}

/** A value whose node updates what outlives a run: it is computed in an entry and given to nobody. */
export interface GraphUpdate {
  /** What the node gives. */
  readonly value: Value;
  /** Entry of the program to which it belongs. */
  readonly entry: string;
}

/** A network under construction. */
export class Graph {
  /** Extents that are chosen with each run. */
  readonly symbols: Map<string, GraphSymbol> = new Map();
  /** Values that callers give. */
  readonly inputs: Value[] = [];
  /** Checks of inputs by the id of their value. */
  readonly checks: Map<number, InputCheck> = new Map();
  /** Memory that outlives a run. */
  readonly states: Value[] = [];
  /** Weights that may change: instances have their own. */
  readonly parameters: Value[] = [];
  /** What states and parameters hold at first, by the id of their value; nothing for zeros. */
  readonly initial: Map<number, Tensor> = new Map();
  /** How values are kept where not as they are computed, by id. */
  readonly storage: Map<number, Storage> = new Map();
  /** Constants by the id of their value. */
  readonly constants: Map<number, Constant> = new Map();
  /** Nodes; each comes after those that it needs. */
  readonly nodes: Node[] = [];
  /** What callers get. */
  readonly outputs: GraphOutput[] = [];
  /** What entries update without giving it. */
  readonly updates: GraphUpdate[] = [];
  readonly #names: Set<string> = new Set();
  /** What its ops may read. */
  readonly #values: Set<Value> = new Set();
  #next = 0;

  /** Declares an extent that is chosen with each run, from 1 to a bound chosen at load time. */
  symbol(name: string, limit: number, defaultMax = 1): SymbolicExtent {
    return this.#symbol({ name, limit, kind: "run", defaultMax });
  }

  /** Declares an extent that is chosen when a program is loaded: sessions, a context. */
  loadSymbol(name: string, limit: number, defaultValue = 1): SymbolicExtent {
    return this.#symbol({ name, limit, kind: "load", defaultMax: defaultValue });
  }

  /** Declares an input; indices, offsets and sessions need a check. */
  input(name: string, dtype: DType, shape: readonly Extent[], check?: InputCheck): Value {
    if (check !== undefined) this.#checkCheck(name, check);
    const value = this.#stored(name, dtype, shape);
    this.inputs.push(value);
    if (check !== undefined) this.checks.set(value.id, check);
    return value;
  }

  /**
   * Declares memory that outlives a run; an op that updates it takes it as an input. Ops after that one
   * read what it has written; so does what reads a view of it (`Identity`, `Reshape`, `SelectRow`,
   * `SliceColumns`), and as an output it is what it is at the end.
   *
   * @param initial What it holds at first and after `reset()`. Default: zeros.
   * @throws {FewbitError} `unsupported` for initial elements of a state whose extents are not constant.
   */
  state(name: string, dtype: DType, shape: readonly Extent[], initial?: Tensor["data"]): Value {
    const value = this.#stored(name, dtype, shape);
    if (initial !== undefined) this.#setInitial(value, initial);
    this.states.push(value);
    return value;
  }

  /** Declares weights that instances may change: by `write`, or by an op that takes them as an input. */
  parameter(name: string, { dtype, shape, data }: Tensor): Value {
    const value = this.#stored(name, dtype, shape);
    this.#setInitial(value, data);
    this.parameters.push(value);
    return value;
  }

  /** Adds a constant. */
  constant(name: string, tensor: Tensor): Value {
    checkDtype(name, tensor.dtype);
    checkElements(`Cannot add constant ${name}`, tensor.dtype, tensor.shape, tensor.data);
    const value = this.#value(name, tensor.dtype, tensor.shape);
    this.constants.set(value.id, { value, tensor: () => tensor, derivedFrom: [] });
    return value;
  }

  /** Adds a constant whose elements are read, maybe more than once, when they are needed. */
  lazyConstant(name: string, { dtype, shape, read }: LazyTensor): Value {
    const value = this.#value(name, dtype, shape);
    this.constants.set(value.id, { value, tensor: read, derivedFrom: [] });
    return value;
  }

  /** Adds a constant of trits (i8) that stays in base 3, row after row. */
  tritConstant(name: string, shape: readonly number[], base3: Uint8Array): Value {
    const count = elementCount(shape);
    if (base3.length !== base3Bytes(count)) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot add constant ${name}: ${base3.length} bytes for [${shape}] in base 3`,
      );
    }
    const value = this.#value(name, "i8", shape);
    const tensor = (): Tensor => ({ dtype: "i8", shape, data: unpackBase3(base3, count) });
    this.constants.set(value.id, { value, tensor, derivedFrom: [], base3 });
    return value;
  }

  /** Adds a constant that follows from activation scales. */
  derived(
    dtype: DType,
    shape: readonly number[],
    derivedFrom: readonly string[],
    tensor: (scales: ReadonlyMap<string, number>) => Tensor,
  ): Value {
    const value = this.#value("", dtype, shape);
    this.constants.set(value.id, { value, tensor, derivedFrom });
    return value;
  }

  /**
   * Applies an op with one output.
   *
   * @param op The op.
   * @param inputs Its inputs by name.
   * @param rest Its attributes, then names of the module and the output.
   * @returns The output.
   */
  apply<Input extends string, Attributes extends object>(
    op: Op<string, Input, Attributes>,
    inputs: InputsOf<Input>,
    ...rest: Record<never, never> extends Attributes ? [attributes?: Attributes, names?: NodeNames]
      : [attributes: Attributes, names?: NodeNames]
  ): Value {
    return this.#add(op as AnyOp, inputs, rest[0] ?? {}, rest[1]).y;
  }

  /** Applies an op and gives its outputs by name. */
  applyAll<Input extends string, Attributes extends object, Output extends string>(
    op: Op<string, Input, Attributes, Output>,
    inputs: InputsOf<Input>,
    ...rest: Record<never, never> extends Attributes ? [attributes?: Attributes, names?: NodeNames]
      : [attributes: Attributes, names?: NodeNames]
  ): { readonly [N in Output]: Value } {
    const outputs = this.#add(op as AnyOp, inputs, rest[0] ?? {}, rest[1]);
    return outputs as { [N in Output]: Value };
  }

  /** Names a value as an output of an entry; what no output needs is not computed. */
  output(name: string, value: Value, entry = "main"): void {
    this.#expectOwn(value, `output "${name}"`);
    const stored = [...this.inputs, ...this.states, ...this.parameters];
    checkOutput({ name, value, entry }, this.outputs, stored);
    this.outputs.push({ name, value, entry });
  }

  /** Has an entry compute a value for what its node updates; callers do not get it. */
  update(value: Value, entry = "main"): void {
    this.#expectOwn(value, "update");
    this.updates.push({ value, entry });
  }

  /** A graph with the same symbols, inputs and constants, and no nodes yet. */
  derive(): Graph {
    const graph = new Graph();
    graph.#next = this.#next;
    const constants = [...this.constants.values()].map(({ value }) => value);
    const all = [...this.inputs, ...this.states, ...this.parameters, ...constants];
    for (const value of all) graph.#values.add(value);
    for (const [id, storage] of this.storage) graph.storage.set(id, storage);
    for (const [name, symbol] of this.symbols) graph.symbols.set(name, symbol);
    graph.inputs.push(...this.inputs);
    graph.states.push(...this.states);
    graph.parameters.push(...this.parameters);
    for (const [id, tensor] of this.initial) graph.initial.set(id, tensor);
    for (const [id, check] of this.checks) graph.checks.set(id, check);
    for (const [id, constant] of this.constants) graph.constants.set(id, constant);
    return graph;
  }

  /**
   * Applies the op of a node, maybe of another graph, to other inputs.
   *
   * @param input What stands for each input that is there.
   * @returns The outputs by name.
   */
  replay(
    { definition, inputs, attributes, outputs, name }: Node,
    input: (value: Value, name: string) => Value,
  ): Node["outputs"] {
    const others = Object.entries(inputs).map(([of, x]) => [of, x && input(x, of)] as const);
    const output = Object.fromEntries(Object.entries(outputs).map(([o, value]) => [o, value.name]));
    return this.#add(definition, Object.fromEntries(others), attributes, { name, output });
  }

  #add(
    op: AnyOp,
    given: Node["inputs"],
    attributes: object,
    { name = "", output = "" }: NodeNames = {},
  ): Record<string, Value> {
    const inputs = checkedInputs(op, given ?? {}, (value) => this.#values.has(value));
    const types = op.infer(inputs, attributes as Node["attributes"]);
    checkUpdates(
      op,
      inputs,
      (value) => this.states.includes(value) || this.parameters.includes(value),
    );
    const outputs = Object.fromEntries(
      Object.entries(types).map(([of, { dtype, shape }], i) => {
        const named = typeof output === "string" ? i === 0 ? output : "" : output[of] ?? "";
        return [of, this.#value(named, dtype, shape)];
      }),
    );
    const node = { op: op.name, inputs, attributes: attributes as Node["attributes"], outputs };
    this.nodes.push({ ...node, name, definition: op });
    return outputs;
  }

  /** Whether a value is one of this graph. */
  has(value: Value): boolean {
    return this.#values.has(value);
  }

  #expectOwn(value: Value, what: string): void {
    if (this.#values.has(value)) return;
    throw new FewbitError("invalid_argument", `Cannot add ${what}: it is no value of this graph`);
  }

  #setInitial(value: Value, data: Tensor["data"]): void {
    const { name, dtype, shape } = value;
    const extents = shape.map((extent) => {
      if (typeof extent === "number") return extent;
      throw new FewbitError(
        "unsupported",
        `Cannot set ${name} at first: its extent ${extent.symbol} is chosen later`,
      );
    });
    checkElements(`Cannot set ${name} at first`, dtype, extents, data);
    this.initial.set(value.id, tensorOf(dtype, extents, data));
  }

  #symbol(symbol: GraphSymbol): SymbolicExtent {
    checkSymbol(symbol, this.symbols);
    this.symbols.set(symbol.name, symbol);
    return { symbol: symbol.name, factor: 1, plus: 0 };
  }

  #checkCheck(name: string, { check, limit, offsets }: InputCheck): void {
    expectOneOf(check, Object.keys(CHECKS).slice(1), `Check of "${name}"`);
    checkExtents(name, [limit], this.symbols);
    if (offsets === undefined || this.inputs.includes(offsets)) return;
    throw new FewbitError("invalid_argument", `Cannot add "${name}": its offsets are no input`);
  }

  /** A value that callers know by its name. */
  #stored(name: string, dtype: DType, shape: readonly Extent[]): Value {
    if (this.outputs.some((output) => output.name === name)) {
      throw new FewbitError("invalid_argument", `Cannot name two values "${name}"`);
    }
    return this.#value(name, dtype, shape);
  }

  #value(name: string, dtype: DType, shape: readonly Extent[]): Value {
    checkDtype(name, dtype);
    checkExtents(name, shape, this.symbols);
    if (name !== "") {
      if (this.#names.has(name)) {
        throw new FewbitError("invalid_argument", `Cannot name two values "${name}"`);
      }
      this.#names.add(name);
    }
    const value = { id: this.#next++, name, dtype, shape };
    this.#values.add(value);
    return value;
  }
}
