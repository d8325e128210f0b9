/** One run of one instruction, as data. */
import type { Check } from "../../src/instructions/mod.ts";
import type { Layout } from "../../src/layouts/mod.ts";
import type { DType } from "../../src/tensor.ts";

/** An operand. */
export interface Value {
  readonly dtype: DType;
  readonly extents: readonly number[];
  /** Row-major, whatever the layout; 16-bit floats as their bits. */
  readonly elements: Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array;
  readonly layout?: Layout;
  /** A stored constant instead of an input. */
  readonly constant?: boolean;
  /** Elements before the first row, and between two rows. */
  readonly offset?: number;
  readonly gap?: number;
  readonly check?: Check;
  readonly limit?: number;
}

/** The type and extents of a result. */
export type ResultValue = Pick<Value, "dtype" | "extents" | "offset" | "gap">;

/** What is run, and what must come out where an independent oracle knows. */
export interface Case {
  readonly name: string;
  readonly instruction: string;
  readonly attributes?: Readonly<Record<string, number>>;
  /** Operands that are read, by name; `undefined` for absent ones. */
  readonly operands: Readonly<Record<string, Value | undefined>>;
  /** Operands with role `out`. */
  readonly results: Readonly<Record<string, ResultValue>>;
  /** Elements of results by name, row-major. */
  readonly expected?: Readonly<Record<string, ArrayLike<number>>>;
  /** The first leading extent (the batch) is a run-time symbol with a larger bound. */
  readonly symbolic?: boolean;
  /** Largest difference from the reference for `fast` precision. */
  readonly bound?: number;
}
