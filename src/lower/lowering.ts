/** State of lowering a graph: where each value lies, and the tables of the program so far. */
import { FewbitError } from "../errors.ts";
import type { Extent, Graph, GraphOutput, Node, Value } from "../graph/graph.ts";
import type { NodeNamed, OpName } from "../graph/op_names.ts";
import { consumersOf, inputsOf, producersOf } from "../graph/traversal.ts";
import { instructionNamed } from "../instructions/mod.ts";
import { packed } from "../layouts/elements.ts";
import { panelsOf } from "../layouts/mod.ts";
import type { Layout } from "../layouts/mod.ts";
import { packBase3 } from "../numeric/base3.ts";
import { ProgramBuilder } from "../program/builder.ts";
import type { Index, Region } from "../program/program.ts";
import { bytesOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { expect } from "./fusion.ts";
import { dense, reshapePlaced } from "./placed.ts";
import { storedInitial } from "./stored_initial.ts";
import type { Placed } from "./placed.ts";
import { Updates } from "./updates.ts";

/** How a graph is lowered. */
export interface LowerOptions {
  /** Scales of the activations of a quantised graph. */
  readonly scales: ReadonlyMap<string, number>;
  /** Whether several nodes may become one instruction. */
  readonly fuse: boolean;
  /** Whether constants that follow from scales become parameters, to be set while calibrating. */
  readonly parameters: boolean;
  /** Whether float32 sums may be contracted. */
  readonly fast: boolean;
  /** Whether instructions that only the module for training holds may be used. */
  readonly training: boolean;
}

/** Codes of the rows of one value for the ternary layers that read it. */
export interface QuantizedRows {
  /** The layers, in the order of the codes. */
  readonly layers: readonly NodeNamed<"BitLinear">[];
  /** i8 `[layers, rows, columns]`. */
  readonly codes: Index;
  /** f32 `[layers, rows]`. */
  readonly factors: Index;
}

/** A parameter that stands for a constant which is not known yet. */
export interface DerivedParameter {
  readonly name: string;
  readonly value: Value;
}

/** Lowers the entries of one graph into one program. */
export class Lowering {
  readonly builder: ProgramBuilder = new ProgramBuilder();
  /** Parameters made with the option `parameters`. */
  readonly derived: DerivedParameter[] = [];
  /** Instruction that computes each value, of the entry lowered last. */
  readonly instructions: Map<number, Index> = new Map();
  /** Tensor of each value that has one of its own. */
  readonly tensors: Map<number, Index> = new Map();
  /** Rows made int8 for ternary layers, by the id of the float32 value; of the present entry. */
  readonly quantized: Map<number, QuantizedRows> = new Map();
  /** What nodes of the present entry update. */
  updates: Updates = new Updates([], new Map());
  readonly #symbols: Map<string, Index> = new Map();
  readonly #constants: Map<string, Index> = new Map();
  readonly #outputs: Map<string, Index> = new Map();
  readonly #named: Map<number, Index> = new Map();
  readonly #producers: Map<number, Node>;
  #placed: Map<number, Placed> = new Map();
  #consumers: Map<number, Node[]> = new Map();
  #nodes: readonly Node[] = [];
  #outputNames: Map<number, string> = new Map();
  /** Values that instructions read, copies for a second name among them. */
  #read: Set<number> = new Set();

  constructor(readonly graph: Graph, readonly options: LowerOptions) {
    this.#producers = producersOf(graph);
    for (const { name, limit, kind, defaultMax } of graph.symbols.values()) {
      const max = this.builder.symbol({
        name: kind === "load" ? name : `max_${name}`,
        kind: "load",
        min: 1,
        max: this.builder.expression(limit),
        default: defaultMax,
      });
      if (kind === "load") {
        this.#symbols.set(name, max);
        continue;
      }
      this.#symbols.set(`max_${name}`, max);
      this.#symbols.set(
        name,
        this.builder.symbol({
          name,
          kind: "run",
          min: 1,
          max: this.builder.expression(0, [[1, max]]),
          default: 1,
        }),
      );
    }
  }

  /** Begins an entry with these outputs and nodes. */
  begin(outputs: readonly GraphOutput[], nodes: readonly Node[]): void {
    this.#placed = new Map();
    this.quantized.clear();
    this.#nodes = nodes;
    this.#consumers = consumersOf(nodes);
    this.updates = new Updates(nodes, this.#producers);
    this.#outputNames = new Map();
    this.#read = new Set(this.#consumers.keys());
    for (const { name, value } of outputs) {
      if (this.#outputNames.has(value.id)) this.#read.add(value.id);
      else this.#outputNames.set(value.id, name);
    }
  }

  /** Ends an entry: outputs that no instruction has written are copied. */
  end(entry: string, outputs: readonly GraphOutput[]): void {
    for (const { name, value } of outputs) {
      const tensor = this.#outputs.get(name);
      const placed = this.#placed.get(value.id);
      if (tensor !== undefined && placed?.tensor === tensor) continue;
      this.emit([], "copy", {
        x: this.operand(value),
        y: this.view(dense(this.#outputTensor(name, value), value.shape)),
      });
    }
    this.builder.entry(entry);
  }

  /**
   * The node that makes a value, if it has the op and nothing else needs the value.
   *
   * @throws {NotFused} Otherwise.
   */
  only<Name extends OpName>(value: Value, op: Name): NodeNamed<Name> {
    const node = this.#producers.get(value.id);
    expect(node?.op === op, `${described(value)} comes from ${node?.op ?? "no node"}, not ${op}`);
    const readers = this.readers(value);
    expect(!this.#outputNames.has(value.id), `${described(value)} is an output`);
    expect(readers.length === 1, `${readers.length} nodes read ${described(value)}`);
    const reads = inputsOf(readers[0]).filter(({ id }) => id === value.id).length;
    expect(reads === 1, `${readers[0].op} reads ${described(value)} ${reads} times`);
    return node as unknown as NodeNamed<Name>;
  }

  /** The nodes of the entry that read a value. */
  readers(value: Value): readonly Node[] {
    return this.#consumers.get(value.id) ?? [];
  }

  /** Whether a value is an output of the entry. */
  isOutput(value: Value): boolean {
    return this.#outputNames.has(value.id);
  }

  /** Whether a node comes right after another one in its entry. */
  follows(node: { readonly outputs: Node["outputs"] }, other: Node): boolean {
    const at = this.#nodes.findIndex(({ outputs }) => outputs === node.outputs);
    return this.#nodes[at - 1] === other;
  }

  /** The node that makes a value. */
  producer(value: Value): Node | undefined {
    return this.#producers.get(value.id);
  }

  /** View of a value for an instruction that reads it. */
  operand(value: Value): Index {
    return this.view(this.placed(value));
  }

  /** View of an optional value. */
  optional(value: Value | undefined): Index | undefined {
    return value === undefined ? undefined : this.operand(value);
  }

  /** View of a value's rows with other leading extents (the same elements). */
  shaped(value: Value, extents: readonly Extent[]): Index {
    return this.view(reshapePlaced(this.placed(value), extents));
  }

  /** Where a value lies. */
  placed(value: Value): Placed {
    const known = this.#placed.get(value.id);
    if (known !== undefined) return known;
    let tensor: Index;
    if (this.graph.constants.has(value.id)) tensor = this.#constant(value, "rows");
    else if (this.graph.inputs.includes(value)) tensor = this.#input(value);
    else if (this.graph.states.includes(value)) tensor = this.#stored(value, "state");
    else if (this.graph.parameters.includes(value)) tensor = this.#stored(value, "parameter");
    else throw new FewbitError("internal", `Value ${value.id} ${value.name} was not lowered`);
    return dense(tensor, value.shape);
  }

  /** Makes a value another view of memory that exists. */
  alias(value: Value, placed: Placed): void {
    this.#placed.set(value.id, placed);
  }

  /**
   * View of a new tensor for a value that an instruction is about to write. An output that other
   * instructions read, that has two names, or that is kept in 16 bits lies in the arena and is copied at the
   * end: engines only write outputs.
   */
  result(value: Value, extents: readonly Extent[] = value.shape): Index {
    const storage = this.graph.storage.get(value.id)?.type;
    const isCopied = this.#read.has(value.id) || storage !== undefined;
    const name = isCopied ? undefined : this.#outputNames.get(value.id);
    const tensor = name !== undefined ? this.#outputTensor(name, value) : this.builder.tensor({
      region: "arena",
      dtype: storage ?? value.dtype,
      extents: this.#extents(value.shape),
    });
    const placed = dense(tensor, value.shape);
    this.#placed.set(value.id, placed);
    this.tensors.set(value.id, tensor);
    return this.view(extents.length === 0 ? placed : reshapePlaced(placed, extents));
  }

  /** Adds an instruction that computes values. */
  emit(
    values: Value | readonly Value[],
    name: string,
    operands: Readonly<Record<string, Index | undefined>>,
    attributes: Readonly<Record<string, number>> = {},
  ): void {
    const instruction = this.builder.instruction(name, this.#asRows(name, operands), attributes);
    for (const { id } of [values].flat()) this.instructions.set(id, instruction);
  }

  /** View of a constant weight in panels. */
  weight(value: Value, layout: Layout): Index {
    if (!this.graph.constants.has(value.id)) {
      throw new FewbitError(
        "unsupported",
        `Cannot compile: the weight ${described(value)} is not constant`,
      );
    }
    return this.builder.whole(this.#constant(value, layout));
  }

  /** View of a constant that lowering itself computes. */
  literal(key: string, tensor: () => Tensor): Index {
    let index = this.#constants.get(key);
    if (index === undefined) {
      const { dtype, shape, data } = tensor();
      index = this.builder.tensor({
        region: "constant",
        dtype,
        extents: shape.map((extent) => this.extent(extent)),
        data: bytesOf(data),
      });
      this.#constants.set(key, index);
    }
    return this.builder.whole(index);
  }

  /** Placement of a literal with the extents of a value. */
  placedLiteral(view: Index, shape: readonly Extent[]): Placed {
    return dense(this.builder.tensorOf(view), shape);
  }

  /** The elements of a constant; its scales must be known. */
  elements(value: Value): Tensor {
    const constant = this.graph.constants.get(value.id);
    if (constant === undefined) {
      throw new FewbitError("unsupported", `${value.name} is not constant`);
    }
    return constant.tensor(this.options.scales);
  }

  /** Whether a value is a constant whose elements are known now. */
  isKnown(value: Value): boolean {
    const constant = this.graph.constants.get(value.id);
    return constant !== undefined &&
      (!this.options.parameters || constant.derivedFrom.length === 0);
  }

  /** Index of the expression of an extent. */
  extent(extent: Extent): Index {
    if (typeof extent === "number") return this.builder.expression(extent);
    return this.builder.expression(extent.plus, [[
      extent.factor,
      this.#symbols.get(extent.symbol)!,
    ]]);
  }

  /** One vector is one row, for instructions that go over rows. */
  #asRows(
    name: string,
    operands: Readonly<Record<string, Index | undefined>>,
  ): Readonly<Record<string, Index | undefined>> {
    const overRows = instructionNamed(name).operands.filter(({ shape }) => shape.startsWith("* "));
    const rows = overRows.flatMap(({ name: operand }) => {
      const view = operands[operand];
      return view === undefined ? [] : [[operand, this.builder.asRows(view)]];
    });
    return { ...operands, ...Object.fromEntries(rows) };
  }

  #extents(shape: readonly Extent[]): Index[] {
    return (shape.length === 0 ? [1] : shape).map((extent) => this.extent(extent));
  }

  /** View of a place in memory. */
  view({ tensor, offset, extents, rowStride }: Placed): Index {
    return this.builder.view(
      tensor,
      extents.map((extent) => this.extent(extent)),
      this.extent(rowStride),
      this.extent(offset),
    );
  }

  #input(value: Value): Index {
    checkNamed(value, "input");
    let tensor = this.#named.get(value.id);
    if (tensor === undefined) {
      const check = this.graph.checks.get(value.id);
      tensor = this.builder.tensor({
        region: "input",
        name: value.name,
        dtype: value.dtype,
        extents: this.#extents(value.shape),
        ...check && { check: check.check, limit: this.extent(check.limit) },
        ...check?.offsets && { offsets: this.#input(check.offsets) },
      });
      this.#named.set(value.id, tensor);
    }
    return tensor;
  }

  /** Memory that outlives a run, zero or with initial bytes. */
  #stored(value: Value, region: Extract<Region, "state" | "parameter">): Index {
    checkNamed(value, region);
    let tensor = this.#named.get(value.id);
    if (tensor === undefined) {
      const initial = storedInitial(this.graph, value);
      tensor = this.builder.tensor({
        region,
        name: value.name,
        dtype: initial?.dtype ?? this.graph.storage.get(value.id)?.type ?? value.dtype,
        extents: this.#extents(value.shape),
        ...initial === undefined ? { encoding: "zero" } : { data: packed(initial, "rows") },
      });
      this.#named.set(value.id, tensor);
    }
    return tensor;
  }

  #outputTensor(name: string, value: Value): Index {
    let tensor = this.#outputs.get(name);
    if (tensor === undefined) {
      tensor = this.builder.tensor({
        region: "output",
        name,
        dtype: value.dtype,
        extents: this.#extents(value.shape),
      });
      this.#outputs.set(name, tensor);
    }
    return tensor;
  }

  #constant(value: Value, layout: Layout): Index {
    const key = `${value.id}|${layout}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const common = { dtype: value.dtype, extents: this.#extents(value.shape), layout };
    let index: Index;
    if (panelsOf(layout)?.stored === "base3") {
      const data = this.graph.constants.get(value.id)?.base3 ??
        packBase3(this.elements(value).data as Int8Array);
      index = this.builder.tensor({ region: "constant", ...common, encoding: "base3", data });
    } else if (this.isKnown(value)) {
      const data = packed(this.elements(value), layout);
      index = this.builder.tensor({ region: "constant", ...common, data });
    } else {
      const name = `derived.${value.id}`;
      this.derived.push({ name, value });
      index = this.builder.tensor({ region: "parameter", name, encoding: "zero", ...common });
    }
    this.#constants.set(key, index);
    return index;
  }
}

/** Throws `invalid_argument` unless callers can know a value by its name. */
function checkNamed({ name }: Value, what: string): void {
  if (name !== "") return;
  throw new FewbitError("invalid_argument", `Cannot compile: each ${what} needs a name`);
}

/** A value in a sentence. */
function described({ name, id }: Value): string {
  return name === "" ? `value ${id}` : `"${name}"`;
}
