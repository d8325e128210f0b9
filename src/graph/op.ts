/** Ops of the graph: names of operands, a rule for types, and what passes need to know. */
import type { DType } from "../tensor.ts";
import type { Attribute, Extent, Node, Value } from "./graph.ts";

/** Type of a value. */
export interface ValueType {
  /** Element type. */
  readonly dtype: DType;
  /** Extents, outermost first. */
  readonly shape: readonly Extent[];
}

/** The inputs of names of which those that end in `?` may be left out. */
export type InputsOf<Names extends string> =
  & { readonly [N in Names as N extends `${string}?` ? never : N]: Value }
  & { readonly [N in Names as N extends `${infer Name}?` ? Name : never]?: Value | undefined };

/** What passes need to know of an op. */
export interface Traits<Input extends string = string> {
  /**
   * Inputs of which a row of the output needs that row only; of all others it needs everything. An
   * op that has none treats rows together.
   */
  readonly rowLocal?: readonly Input[];
  /** The input whose maker becomes one instruction with this op: rows that are joined there stay joined. */
  readonly joins?: Input;
  /** Whether it moves elements and changes none. */
  readonly movesOnly?: true;
  /** Whether its result is its first input's memory, seen otherwise: what is written there changes it. */
  readonly isView?: true;
  /** Inputs that it updates: states and parameters. */
  readonly writes?: readonly Input[];
  /** Whether it is one of those that quantisation makes, and never meets. */
  readonly integer?: true;
  /** Whether it is one of those that differentiation and optimisers make, and quantisation never meets. */
  readonly training?: true;
}

/** An op of any kind. */
export interface AnyOp extends Traits {
  /** As ONNX or PyTorch has it, where they have one. */
  readonly name: string;
  /** Names of its inputs; a `?` at the end says that one may be left out. */
  readonly inputs: readonly string[];
  /** Whether these inputs keep it row-local, where that depends on them. */
  isRowLocal?(inputs: Readonly<Record<string, Value | undefined>>): boolean;
  /**
   * Types of its outputs by name.
   *
   * @throws {FewbitError} `shape_mismatch` or `dtype_mismatch` where the inputs do not fit.
   */
  infer(
    inputs: Readonly<Record<string, Value | undefined>>,
    attributes: Readonly<Record<string, Attribute>>,
  ): Readonly<Record<string, ValueType>>;
}

/** An op with the names and types of its operands; most have one output, `y`. */
export interface Op<
  Name extends string,
  Input extends string,
  // deno-lint-ignore ban-types
  Attributes extends object = {},
  Output extends string = "y",
> extends Traits<Input extends `${infer N}?` ? N : Input> {
  /** As ONNX or PyTorch has it, where they have one. */
  readonly name: Name;
  /** Names of its inputs; a `?` at the end says that one may be left out. */
  readonly inputs: readonly Input[];
  /** Whether these inputs keep it row-local, where that depends on them. */
  isRowLocal?(inputs: InputsOf<Input>): boolean;
  /**
   * Types of its outputs by name.
   *
   * @throws {FewbitError} `shape_mismatch` or `dtype_mismatch` where the inputs do not fit.
   */
  infer(
    inputs: InputsOf<Input>,
    attributes: Readonly<Attributes>,
  ): { readonly [N in Output]: ValueType };
}

/** An op that quantisation makes. */
export type IntegerOp<
  Name extends string,
  Input extends string,
  // deno-lint-ignore ban-types
  Attributes extends object = {},
  Output extends string = "y",
> = Op<Name, Input, Attributes, Output> & { readonly integer: true };

/** An op that differentiation or an optimiser makes. */
export type TrainingOp<
  Name extends string,
  Input extends string,
  // deno-lint-ignore ban-types
  Attributes extends object = {},
  Output extends string = "y",
> = Op<Name, Input, Attributes, Output> & { readonly training: true };

/** A node of a known op. */
export type NodeOf<O> = O extends Op<infer Name, infer Input, infer Attributes, infer Output>
  ? Omit<Node, "op" | "inputs" | "attributes" | "outputs"> & {
    readonly op: Name;
    readonly inputs: InputsOf<Input>;
    readonly attributes: Readonly<Attributes>;
    readonly outputs: { readonly [N in Output]: Value };
  }
  : never;
