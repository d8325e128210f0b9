/** Where tensors and views lie in the two buffers of an instance: constants, and all other regions one behind another. */
import type { Index, Instruction, Region } from "../../program/program.ts";
import type { VerifiedProgram } from "../../program/verify.ts";
import type { Chunks } from "./_chunks.ts";
import type { Placed } from "./wgsl/operation.ts";
import { bitsOfElement } from "./wgsl/operation.ts";

/** Regions in the order in which they lie in memory. */
const REGIONS = ["parameter", "state", "arena", "input", "output"] as const;

/** Some bytes of a buffer. */
export interface ByteRange {
  readonly offset: number;
  readonly bytes: number;
}

/** Offsets in bytes and elements. */
export class Places {
  /** Bytes of memory, without what instructions need between their stages. */
  readonly memoryBytes: number;
  readonly #verified: VerifiedProgram;
  readonly #bases: Readonly<Record<Region, number>>;
  /** Where copies of constants begin in memory. */
  readonly #copies: number;
  /** Views by their tensor. */
  readonly #views = new Map<Index, Index[]>();

  constructor(verified: VerifiedProgram, readonly chunks: Chunks) {
    this.#verified = verified;
    const bases: Record<Region, number> = {
      constant: 0,
      parameter: 0,
      state: 0,
      arena: 0,
      input: 0,
      output: 0,
    };
    let at = 0;
    for (const region of REGIONS) {
      bases[region] = at;
      at += verified.plan.regionBytes[region];
    }
    this.#bases = bases;
    this.#copies = at;
    this.memoryBytes = at + chunks.copiedBytes;
    verified.program.views.forEach(({ tensor }, view) => {
      this.#views.set(tensor, [...this.#views.get(tensor) ?? [], view]);
    });
  }

  /** Constants that memory has copies of, and where. */
  copies(): readonly { readonly tensor: Index; readonly offset: number }[] {
    return [...this.chunks.copies].map(([tensor, at]) => ({ tensor, offset: this.#copies + at }));
  }

  /** A region in its buffer. */
  region(region: Region): ByteRange {
    return { offset: this.#bases[region], bytes: this.#verified.plan.regionBytes[region] };
  }

  /** A tensor in its buffer, at its largest extents. */
  tensor(tensor: Index): ByteRange {
    const { program, plan } = this.#verified;
    if (program.tensors[tensor].region === "constant") {
      return { offset: this.chunks.place(tensor).offset, bytes: plan.bytes[tensor] };
    }
    const base = this.#bases[program.tensors[tensor].region];
    return { offset: base + plan.offsets[tensor], bytes: plan.bytes[tensor] };
  }

  /**
   * A view, by the values of the expressions.
   *
   * @param of Whose operand it is: it may read a copy of a constant.
   */
  view(view: Index, values: ArrayLike<number>, of?: Instruction): Placed {
    const { tensor, offset, extents, rowStride } = this.#verified.program.views[view];
    const { dtype } = this.#verified.program.tensors[tensor];
    const sizes = extents.map((extent) => values[extent]);
    const columns = sizes[sizes.length - 1];
    return {
      at: this.#offset(tensor, of) * 8 / bitsOfElement(dtype) + values[offset],
      stride: values[rowStride] || columns,
      rows: sizes.slice(0, -1).reduce((a, b) => a * b, 1),
      columns,
      extents: sizes,
    };
  }

  #offset(tensor: Index, of: Instruction | undefined): number {
    if (of !== undefined && this.isCopied(of, tensor)) {
      return this.#copies + this.chunks.copies.get(tensor)!;
    }
    return this.tensor(tensor).offset;
  }

  /** Whether an instruction reads a constant's copy in memory. */
  isCopied(of: Instruction, tensor: Index): boolean {
    return this.#verified.program.tensors[tensor].region === "constant" &&
      this.chunks.isCopied(of, tensor);
  }

  /** Whether a view is all that any view of its tensor reaches, so that who writes it leaves nothing of what was there. */
  isWhole(view: Index, values: ArrayLike<number>): boolean {
    const { tensor, offset } = this.#verified.program.views[view];
    const { stride, rows, columns } = this.view(view, values);
    return values[offset] === 0 && (stride === columns || rows === 1) &&
      rows * columns >= this.#reached(tensor, values);
  }

  /** Elements of a tensor that a run has, or up to the last one that a view of it has. */
  #reached(tensor: Index, values: ArrayLike<number>): number {
    const { dtype, extents } = this.#verified.program.tensors[tensor];
    const first = this.tensor(tensor).offset * 8 / bitsOfElement(dtype);
    const present = extents.reduce((n, extent) => n * values[extent], 1);
    return this.#views.get(tensor)!.reduce((most, view) => {
      const { at, stride, rows, columns } = this.view(view, values);
      return rows === 0 ? most : Math.max(most, at - first + (rows - 1) * stride + columns);
    }, present);
  }
}
