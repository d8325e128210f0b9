/** The operands of one instruction, as the reference functions read and write them. */
import type { InstructionSpec } from "../../instructions/mod.ts";
import { PANEL_ELEMENTS } from "../../layouts/elements.ts";
import type { Layout } from "../../layouts/mod.ts";
import type { PanelElements } from "../../layouts/panels.ts";
import type { DType } from "../../tensor.ts";
import { FLOAT32 } from "./_arithmetic.ts";
import type { Arithmetic } from "./_arithmetic.ts";

/** Memory of a tensor as its elements. */
export type Elements =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** A view of a tensor: rows of its last extent, all leading extents flattened. */
export class Operand {
  /** Product of all extents but the last. */
  readonly rows: number;
  /** The last extent. */
  readonly columns: number;
  readonly #elements: Elements;
  readonly #layout: Layout;
  readonly #panels: PanelElements | undefined;
  readonly #offset: number;
  readonly #rowStride: number;

  /** Offset and row stride are in elements; a panel is always whole. */
  constructor(
    readonly dtype: DType,
    readonly extents: readonly number[],
    elements: Elements,
    layout: Layout,
    offset: number,
    rowStride: number,
  ) {
    this.columns = extents[extents.length - 1];
    this.rows = extents.slice(0, -1).reduce((product, extent) => product * extent, 1);
    this.#elements = elements;
    this.#layout = layout;
    this.#panels = layout === "rows" ? undefined : PANEL_ELEMENTS[layout];
    this.#offset = offset;
    this.#rowStride = rowStride;
  }

  /** The element of a row and column, whatever the layout. */
  get(row: number, column: number): number {
    const { columns } = this;
    return this.#panels?.read(this.#elements, columns, row, column) ??
      this.#elements[this.#index(row, column)];
  }

  /** Writes an element; an integer wraps to the type, a float is rounded to it. */
  set(row: number, column: number, value: number): void {
    this.#elements[this.#index(row, column)] = value;
  }

  /** The same elements as integers, so that moving them keeps the bits of every NaN. */
  bits(): Operand {
    const elements = this.#elements;
    if (!(elements instanceof Float32Array)) return this;
    const words = new Int32Array(elements.buffer, elements.byteOffset, elements.length);
    const { dtype, extents } = this;
    return new Operand(dtype, extents, words, this.#layout, this.#offset, this.#rowStride);
  }

  /** The elements of a row. */
  row(row: number): number[] {
    return Array.from({ length: this.columns }, (_, column) => this.get(row, column));
  }

  #index(row: number, column: number): number {
    return this.#offset + row * this.#rowStride + column;
  }
}

/** The operands and attributes of one instruction, by the names of its description. */
export class Operands {
  readonly #spec: InstructionSpec;
  readonly #operands: readonly (Operand | undefined)[];
  readonly #attributes: readonly number[];

  /** `arithmetic` is how results are rounded, which operands that are stored as float32 do, too. */
  constructor(
    spec: InstructionSpec,
    operands: readonly (Operand | undefined)[],
    attributes: readonly number[],
    readonly arithmetic: Arithmetic = FLOAT32,
  ) {
    this.#spec = spec;
    this.#operands = operands;
    this.#attributes = attributes;
  }

  /** The operand of that name, `undefined` where an optional one is absent. */
  optional(name: string): Operand | undefined {
    const index = this.#spec.operands.findIndex((operand) => operand.name === name);
    if (index < 0) throw new Error(`${this.#spec.name} has no operand ${name}`);
    return this.#operands[index];
  }

  /** The operand of that name, which must be there. */
  get(name: string): Operand {
    const operand = this.optional(name);
    if (operand === undefined) throw new Error(`${this.#spec.name}: ${name} is absent`);
    return operand;
  }

  /** The only element of an operand of one element, `undefined` where it is absent. */
  scalar(name: string): number | undefined {
    return this.optional(name)?.get(0, 0);
  }

  /** The value of an attribute. */
  attribute(name: string): number {
    const { attributes = [] } = this.#spec;
    const index = attributes.findIndex((a) => a.name === name);
    if (index < 0) throw new Error(`${this.#spec.name} has no attribute ${name}`);
    return this.#attributes[index] ?? attributes[index].min;
  }
}
