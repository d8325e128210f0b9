/**
 * The graph: a network as nodes on typed values, at compile time only. Op names are those of ONNX or
 * PyTorch where they have one.
 *
 * @module
 */
import { FewbitError } from "../errors.ts";
import type { Check } from "../instructions/codes.ts";
import { base3Bytes, unpackBase3 } from "../numeric/base3.ts";
import { elementCount } from "../tensor.ts";
import type { DType, LazyTensor, Tensor } from "../tensor.ts";

/** `factor·symbol + plus`: an extent that is known when a program runs. */
export interface SymbolicExtent {
  /** The symbol. */
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
export type Attribute = number | string | boolean | readonly number[];

/** An op applied to values. Every op has one output. */
export interface Node {
  /** Name of the op. */
  readonly op: string;
  /** Its inputs; `undefined` where an optional one is absent. */
  readonly inputs: readonly (Value | undefined)[];
  /** Its attributes. */
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Its one output. */
  readonly output: Value;
  /** Name of the module in the model (`blocks.0.attn.qkv`). */
  readonly name: string;
  /** The op, to apply it again. */
  readonly definition: Op;
}

/** An op of the graph: its name and its rule for types. */
export interface Op {
  /** As ONNX or PyTorch has it, where they have one. */
  readonly name: string;
  /**
   * Type of the output.
   *
   * @throws {FewbitError} `shape_mismatch` or `dtype_mismatch` where the inputs do not fit.
   */
  infer(
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, Attribute>>,
  ): { dtype: DType; shape: readonly Extent[] };
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
  /** Constants by the id of their value. */
  readonly constants: Map<number, Constant> = new Map();
  /** Nodes; each comes after those that it needs. */
  readonly nodes: Node[] = [];
  /** What callers get. */
  readonly outputs: GraphOutput[] = [];
  readonly #names: Set<string> = new Set();
  #next = 0;

  /** Declares an extent that is chosen with each run, from 1 to a bound chosen at load time. */
  symbol(name: string, limit: number, defaultMax = 1): SymbolicExtent {
    this.symbols.set(name, { name, limit, kind: "run", defaultMax });
    return { symbol: name, factor: 1, plus: 0 };
  }

  /** Declares an extent that is chosen when a program is loaded: sessions, a context. */
  loadSymbol(name: string, limit: number, defaultValue = 1): SymbolicExtent {
    this.symbols.set(name, { name, limit, kind: "load", defaultMax: defaultValue });
    return { symbol: name, factor: 1, plus: 0 };
  }

  /** Declares an input; indices, offsets and sessions need a check. */
  input(name: string, dtype: DType, shape: readonly Extent[], check?: InputCheck): Value {
    const value = this.#value(name, dtype, shape);
    this.inputs.push(value);
    if (check !== undefined) this.checks.set(value.id, check);
    return value;
  }

  /** Declares memory that outlives a run and is zero at first; an op that updates it takes it as an input. */
  state(name: string, dtype: DType, shape: readonly Extent[]): Value {
    const value = this.#value(name, dtype, shape);
    this.states.push(value);
    return value;
  }

  /** Adds a constant. */
  constant(name: string, tensor: Tensor): Value {
    if (elementCount(tensor.shape) !== tensor.data.length) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot add constant ${name}: ${tensor.data.length} elements for [${tensor.shape}]`,
      );
    }
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
   * Applies an op.
   *
   * @param op The op.
   * @param inputs Its inputs; `undefined` for an optional one.
   * @param attributes Its attributes.
   * @param names `name` of the module, `output` of the value.
   * @returns The output.
   */
  apply(
    op: Op,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, Attribute>> = {},
    names: { readonly name?: string; readonly output?: string } = {},
  ): Value {
    const { dtype, shape } = op.infer(inputs, attributes);
    const output = this.#value(names.output ?? "", dtype, shape);
    const name = names.name ?? "";
    this.nodes.push({ op: op.name, inputs, attributes, output, name, definition: op });
    return output;
  }

  /** Names a value as an output of an entry; what no output needs is not computed. */
  output(name: string, value: Value, entry = "main"): void {
    this.outputs.push({ name, value, entry });
  }

  /** A graph with the same symbols, inputs and constants, and no nodes yet. */
  derive(): Graph {
    const graph = new Graph();
    graph.#next = this.#next;
    for (const [name, symbol] of this.symbols) graph.symbols.set(name, symbol);
    graph.inputs.push(...this.inputs);
    graph.states.push(...this.states);
    for (const [id, check] of this.checks) graph.checks.set(id, check);
    for (const [id, constant] of this.constants) graph.constants.set(id, constant);
    return graph;
  }

  /** Applies the op of a node, maybe of another graph, to other inputs. */
  replay({ definition, attributes, output, name }: Node, inputs: Node["inputs"]): Value {
    return this.apply(definition, inputs, attributes, { name, output: output.name });
  }

  #value(name: string, dtype: DType, shape: readonly Extent[]): Value {
    if (name !== "") {
      if (this.#names.has(name)) {
        throw new FewbitError("invalid_argument", `Cannot name two values "${name}"`);
      }
      this.#names.add(name);
    }
    return { id: this.#next++, name, dtype, shape };
  }
}

/** The node that makes each value, by the value's id. */
export function producersOf(graph: Graph): Map<number, Node> {
  return new Map(graph.nodes.map((node) => [node.output.id, node]));
}

/** The nodes that some outputs need, in order. */
export function nodesOf(graph: Graph, outputs: readonly GraphOutput[]): Node[] {
  const needed = new Set(outputs.map((output) => output.value.id));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!needed.has(node.output.id)) continue;
    nodes.push(node);
    for (const input of node.inputs) if (input !== undefined) needed.add(input.id);
  }
  return nodes.reverse();
}

/** The nodes that read each value, by the value's id. */
export function consumersOf(nodes: readonly Node[]): Map<number, Node[]> {
  const consumers = new Map<number, Node[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      if (input === undefined) continue;
      const list = consumers.get(input.id);
      if (list === undefined) consumers.set(input.id, [node]);
      else list.push(node);
    }
  }
  return consumers;
}
