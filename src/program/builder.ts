/** Collects the tables of a program: expressions are shared, arena tensors are put in order. */
import { instructionNamed } from "../instructions/mod.ts";
import type { Check } from "../instructions/codes.ts";
import type { DType } from "../tensor.ts";
import { layoutBytes } from "../layouts/mod.ts";
import type { Layout } from "../layouts/mod.ts";
import type {
  CompiledProgram,
  Encoding,
  Entry,
  Expression,
  Index,
  Instruction,
  Metadata,
  ProgramSymbol,
  ProgramTensor,
  Region,
  View,
} from "./program.ts";

/** A tensor to be; what is left out is dense, unnamed, raw and unchecked. */
export interface TensorOptions {
  readonly region: Region;
  readonly dtype: DType;
  readonly extents: readonly Index[];
  readonly name?: string;
  readonly layout?: Layout;
  readonly encoding?: Encoding;
  readonly check?: Check;
  readonly limit?: Index;
  readonly offsets?: Index;
  /** Initial bytes of what is stored. */
  readonly data?: Uint8Array;
}

/** Builds a {@linkcode CompiledProgram} table by table. */
export class ProgramBuilder {
  readonly #symbols: ProgramSymbol[] = [];
  readonly #expressions: Expression[] = [];
  readonly #expressionIndex: Map<string, Index> = new Map();
  readonly #tensors: ProgramTensor[] = [];
  readonly #views: View[] = [];
  readonly #viewIndex: Map<string, Index> = new Map();
  readonly #instructions: Instruction[] = [];
  readonly #entries: Entry[] = [];
  readonly #data: Map<Index, Uint8Array> = new Map();

  /** Adds a symbol. */
  symbol(symbol: ProgramSymbol): Index {
    return this.#symbols.push(symbol) - 1;
  }

  /** The expression `(constant + Σ factor·symbol) mod modulus`. */
  expression(
    constant: number,
    terms: readonly (readonly [factor: number, symbol: Index])[] = [],
    modulus: Index = -1,
  ): Index {
    const key = `${constant}|${terms.join(";")}|${modulus}`;
    let index = this.#expressionIndex.get(key);
    if (index === undefined) {
      index = this.#expressions.push({ constant, terms, modulus }) - 1;
      this.#expressionIndex.set(key, index);
    }
    return index;
  }

  /** Adds a tensor. */
  tensor(options: TensorOptions): Index {
    const index = this.#tensors.push({
      name: options.name ?? "",
      region: options.region,
      dtype: options.dtype,
      layout: options.layout ?? "rows",
      extents: options.extents,
      encoding: options.encoding ?? "raw",
      check: options.check ?? "none",
      limit: options.limit ?? -1,
      offsets: options.offsets ?? -1,
    }) - 1;
    if (options.data !== undefined) this.#data.set(index, options.data);
    return index;
  }

  /** A view; the same view twice is one. */
  view(tensor: Index, extents: readonly Index[], rowStride: Index, offset?: Index): Index {
    const view = { tensor, offset: offset ?? this.expression(0), extents, rowStride };
    const key = `${tensor}|${view.offset}|${extents}|${rowStride}`;
    let index = this.#viewIndex.get(key);
    if (index === undefined) {
      index = this.#views.push(view) - 1;
      this.#viewIndex.set(key, index);
    }
    return index;
  }

  /** A view of a whole tensor. */
  whole(tensor: Index): Index {
    const { extents } = this.#tensors[tensor];
    return this.view(tensor, extents, extents[extents.length - 1]);
  }

  /** A view of rows: of one, where it was a view of elements. */
  asRows(view: Index): Index {
    const { tensor, extents, rowStride, offset } = this.#views[view];
    if (extents.length > 1) return view;
    return this.view(tensor, [this.expression(1), ...extents], rowStride, offset);
  }

  /** The tensor of a view. */
  tensorOf(view: Index): Index {
    return this.#views[view].tensor;
  }

  /** Adds an instruction with operands and attributes by name; returns its index. */
  instruction(
    name: string,
    operands: Readonly<Record<string, Index | undefined>>,
    attributes: Readonly<Record<string, number>> = {},
  ): Index {
    const spec = instructionNamed(name);
    for (const key of Object.keys(operands)) {
      if (!spec.operands.some((operand) => operand.name === key)) {
        throw new Error(`${name} has no operand ${key}`);
      }
    }
    const values = (spec.attributes ?? []).map((a) => attributes[a.name] ?? a.min);
    const last = spec.attributes?.at(-1);
    // Programs without it are what they were before there was one.
    if (last?.optional && values.at(-1) === last.min) values.pop();
    return this.#instructions.push({
      opcode: spec.opcode,
      operands: spec.operands.map((operand) => operands[operand.name] ?? -1),
      attributes: values,
    }) - 1;
  }

  /** Ends an entry: the instructions since the previous one belong to it. */
  entry(name: string): void {
    const first = this.#entries.reduce((sum, entry) => sum + entry.count, 0);
    this.#entries.push({ name, first, count: this.#instructions.length - first });
  }

  /** The program. Arena tensors come last, larger ones first: the loader places them first-fit. */
  finish(metadata: Metadata = {}): CompiledProgram & { readonly order: readonly Index[] } {
    const sizes = this.#tensors.map((tensor) =>
      layoutBytes(tensor.layout, tensor.dtype, tensor.extents.map((e) => this.#typical(e)))
    );
    const order = this.#tensors.map((_, i) => i).sort((a, b) =>
      this.#rank(a) - this.#rank(b) || (this.#rank(a) === 1 ? sizes[b] - sizes[a] : 0) || a - b
    );
    const position = new Map(order.map((old, now) => [old, now]));
    const at = (index: Index): Index => index < 0 ? index : position.get(index)!;
    return {
      symbols: this.#symbols,
      expressions: this.#expressions,
      tensors: order.map((old) => ({
        ...this.#tensors[old],
        offsets: at(this.#tensors[old].offsets),
      })),
      views: this.#views.map((view) => ({ ...view, tensor: at(view.tensor) })),
      instructions: this.#instructions,
      entries: this.#entries,
      metadata,
      data: new Map([...this.#data].map(([old, bytes]) => [at(old), bytes])),
      order: this.#tensors.map((_, i) => at(i)),
    };
  }

  #rank(tensor: Index): number {
    return this.#tensors[tensor].region === "arena" ? 1 : 0;
  }

  #typical(expression: Index): number {
    const { constant, terms } = this.#expressions[expression];
    return terms.reduce(
      (sum, [factor, symbol]) => sum + factor * this.#symbols[symbol].default,
      constant,
    );
  }
}
