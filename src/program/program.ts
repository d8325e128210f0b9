/**
 * A program: a list of instructions over planned memory, what every engine and host reads.
 *
 * Extents and offsets are _expressions_, affine in named symbols and optionally modulo (rings).
 * Load-time symbols size memory and are fixed when a program is loaded; run-time symbols are bounded
 * by them and are given with each run.
 *
 * @module
 */
import type { Check } from "../instructions/codes.ts";
import type { Layout } from "../layouts/mod.ts";
import type { DType } from "../tensor.ts";

/** Where a tensor lives. The number is the code in a file. */
export const REGIONS = {
  /** Weights and tables, shared by the instances of a program. */
  constant: 0,
  /** Initialised from the file, may be rewritten and saved. */
  parameter: 1,
  /** Outlives a run: caches, recurrent state. */
  state: 2,
  /** Lives within one run; planned by liveness when the program is loaded. */
  arena: 3,
  input: 4,
  output: 5,
} as const;

/** Name of a region. */
export type Region = keyof typeof REGIONS;

/** Index into one of the tables of a program. */
export type Index = number;

/** An extent that a caller chooses. */
export interface ProgramSymbol {
  /** Unique among the symbols. */
  readonly name: string;
  /** `load`: fixed when the program is loaded. `run`: given with each run. */
  readonly kind: "load" | "run";
  /** Least value, at least 1 for extents (0 for positions). */
  readonly min: number;
  /** Expression for the largest value; for a load-time symbol it is constant. */
  readonly max: Index;
  /** Value where a caller gives none. */
  readonly default: number;
}

/** `(constant + Σ coefficient·symbol) [mod modulus]`, at most three terms. */
export interface Expression {
  /** What is added to the terms. */
  readonly constant: number;
  /** Factors and the symbols they multiply. */
  readonly terms: readonly (readonly [coefficient: number, symbol: Index])[];
  /** Expression in load-time symbols, or −1. */
  readonly modulus: Index;
}

/** How the initial bytes of a constant, parameter or state are stored. */
export const ENCODINGS = {
  /** The resident bytes themselves (constants, parameters, state with initial bytes). */
  raw: 0,
  /** Nothing is stored; the bytes are zero. */
  zero: 1,
  /** Trits of a constant in `panel_8x16_t2`, row after row, five a byte; see `base3.ts`. */
  base3: 2,
} as const;

/** Name of a stored encoding. */
export type Encoding = keyof typeof ENCODINGS;

/** A piece of memory. */
export interface ProgramTensor {
  /** Required, and unique in its region, for everything but constants and arena. */
  readonly name: string;
  /** Where it lives. */
  readonly region: Region;
  /** Element type. */
  readonly dtype: DType;
  /** How its elements lie. */
  readonly layout: Layout;
  /** One to four expressions. */
  readonly extents: readonly Index[];
  /** How its initial bytes are stored. */
  readonly encoding: Encoding;
  /** What `run` checks of an input's values. */
  readonly check: Check;
  /** Expression that limits the values, or −1. */
  readonly limit: Index;
  /** With check `past`: the input that holds the offsets of the sequences, or −1. */
  readonly offsets: Index;
}

/** A part of a tensor, or all of it. */
export interface View {
  /** The tensor. */
  readonly tensor: Index;
  /** Expression for the first element. */
  readonly offset: Index;
  /** Expressions for the extents, outermost first. */
  readonly extents: readonly Index[];
  /** Expression for the elements from one row (of the last extent) to the next. */
  readonly rowStride: Index;
}

/** One instruction; a missing optional operand is −1. */
export interface Instruction {
  /** What is done; see `src/instructions/`. */
  readonly opcode: number;
  /** Views, in the order of the description; −1 where an optional one is absent. */
  readonly operands: readonly Index[];
  /** Attributes, in the order of the description. */
  readonly attributes: readonly number[];
}

/** A named range of instructions that is run as a whole or slice by slice. */
export interface Entry {
  /** Unique among the entries. */
  readonly name: string;
  /** Its first instruction. */
  readonly first: number;
  /** How many instructions it has. */
  readonly count: number;
}

/** Free-form facts about a model that no engine reads: labels, preprocessing, provenance. */
export type Metadata = { readonly [key: string]: unknown };

/** Everything but the bytes of the tensors. */
export interface Program {
  /** Extents that callers choose. */
  readonly symbols: readonly ProgramSymbol[];
  /** What extents, offsets and strides refer to. */
  readonly expressions: readonly Expression[];
  /** Pieces of memory. */
  readonly tensors: readonly ProgramTensor[];
  /** What operands refer to. */
  readonly views: readonly View[];
  /** All instructions, entry after entry. */
  readonly instructions: readonly Instruction[];
  /** What can be run. */
  readonly entries: readonly Entry[];
  /** Facts that no engine reads. */
  readonly metadata: Metadata;
}

/** A program with the initial bytes of its tensors: what a file holds. */
export interface CompiledProgram extends Program {
  /** Stored bytes of every tensor of a stored region: resident ones where the encoding is `raw`. */
  readonly data: ReadonlyMap<Index, Uint8Array>;
}

/** Largest counts that a loader accepts. */
export const LIMITS = {
  symbols: 32,
  expressions: 65_536,
  tensors: 16_384,
  views: 65_536,
  instructions: 65_536,
  entries: 64,
  operands: 16,
  attributes: 8,
  rank: 4,
  terms: 3,
} as const;

/** Whether a region's initial bytes come from the file. */
export function isStored(region: Region): boolean {
  return region === "constant" || region === "parameter" || region === "state";
}
