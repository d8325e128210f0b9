/** An instruction as its shaders see it: what is fixed when a program is loaded. */
import type { Layout } from "../../../layouts/mod.ts";
import type { DType } from "../../../tensor.ts";

/** An operand, whose type and layout are written into the shader. */
export interface ShaderOperand {
  readonly name: string;
  readonly dtype: DType;
  readonly layout: Layout;
  /** Whether it lies among the constants, in a buffer of their own. */
  readonly isConstant: boolean;
}

/** Where an operand lies in its buffer, in elements; its leading extents are rows. */
export interface Placed {
  readonly at: number;
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
  readonly extents: readonly number[];
}

/** The operands of a run, by name. */
export type Sizes = Readonly<Record<string, Placed>>;

/** Workgroups of a dispatch, along x and y, by the operands and the attributes. */
export type Groups = (
  sizes: Sizes,
  attributes: Readonly<Record<string, number>>,
) => readonly [x: number, y: number];

/** One dispatch of an instruction. */
export interface Stage {
  /** WGSL behind the accessors of the operands, with an entry `main`. */
  readonly body: string;
  readonly groups: Groups;
}

/** What an instruction dispatches, one stage behind the other. */
export interface Dispatches {
  readonly stages: readonly Stage[];
  /** Words of memory between the stages at the largest sizes; from word `scratch()` on. */
  readonly scratchWords?: number;
  /** What is dispatched instead where y has so few rows. */
  readonly few?: { readonly rows: number; readonly stages: readonly Stage[] };
}

/** Writes the shaders of an instruction. */
export type MakeDispatches = (operation: Operation) => Dispatches;

/** What is known of an instruction when it is loaded. */
export interface OperationFacts {
  readonly operands: readonly ShaderOperand[];
  /** Operands at their largest sizes. */
  readonly most: Sizes;
  /** Operands whose place, stride and columns are the same in all runs. */
  readonly fixed: ReadonlySet<string>;
  readonly attributes: Readonly<Record<string, number>>;
  readonly isFast: boolean;
}

/** An instruction of a program, at the largest sizes that it may have. */
export class Operation {
  readonly #operands: ReadonlyMap<string, ShaderOperand>;
  readonly #most: Sizes;
  readonly #fixed: ReadonlySet<string>;
  readonly #attributes: Readonly<Record<string, number>>;
  /** Whether sums of products in float32 are the GPU's own. */
  readonly isFast: boolean;

  constructor({ operands, most, fixed, attributes, isFast }: OperationFacts) {
    this.#operands = new Map(operands.map((operand) => [operand.name, operand]));
    this.#most = most;
    this.#fixed = fixed;
    this.#attributes = attributes;
    this.isFast = isFast;
  }

  /** An attribute. */
  attribute(name: string): number {
    return this.#attributes[name];
  }

  has(name: string): boolean {
    return this.#operands.has(name);
  }

  /** An operand that is there. */
  get(name: string): ShaderOperand {
    return this.#operands.get(name)!;
  }

  dtype(name: string): DType {
    return this.get(name).dtype;
  }

  /** The largest size of an operand. */
  most(name: string): Placed {
    return this.#most[name];
  }

  /** Whether rows of an operand are whole words of memory in all runs, so that no two share one. */
  hasWholeWords(name: string): boolean {
    const { at, stride, columns } = this.most(name);
    const perWord = elementsOfWord(this.dtype(name));
    return this.#fixed.has(name) && [at, stride, columns].every((size) => size % perWord === 0);
  }

  /** In WGSL, the column of an operand with one element for all columns or one for each. */
  column(name: string, column: string): string {
    return this.most(name).columns === 1 ? "0u" : column;
  }
}

/** Bits of an element. */
export function bitsOfElement(dtype: DType): number {
  return dtype === "i8" || dtype === "u8" ? 8 : /^(i16|f16|bf16)$/.test(dtype) ? 16 : 32;
}

/** Elements of a word of memory. */
export function elementsOfWord(dtype: DType): number {
  return 32 / bitsOfElement(dtype);
}

/** Most workgroups along one axis of a dispatch that every adapter has. */
const MOST_GROUPS = 65535;

/** So many workgroups, in two axes where one is too short; `group.x + group.y·groups.x` counts them. */
export function flat(groups: number): readonly [number, number] {
  return groups <= MOST_GROUPS ? [groups, 1] : [MOST_GROUPS, Math.ceil(groups / MOST_GROUPS)];
}

/** A workgroup for each row of an operand. */
export const rowsOf = (name: string): Groups => (sizes) => flat(sizes[name].rows);
