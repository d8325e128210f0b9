/** A graph that stands for one node of ONNX, and the ways in which its tensors are moved. */
import { Graph } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import type { Value } from "../../../src/graph/graph.ts";
import type { OnnxNode } from "../../../src/formats/onnx_model.ts";
import { elementCount, tensorOf } from "../../../src/tensor.ts";
import type { DType, Tensor, TensorData } from "../../../src/tensor.ts";
import { contiguous } from "./_shape.ts";

/** Codes inside a program are signed: a u8 code c with zero point z is the i8 code c − 128 with z − 128. */
const SIGN = 128;

/** Codes and the zero point that belongs to them. */
export interface Codes {
  /** i8 or i16. */
  readonly value: Value;
  readonly zeroPoint: number;
}

/**
 * Builds the graph of a node. The first input (and whichever an op treats so) is an input of the
 * program; the others are constants, as weights, scales and indices are in the models of this field.
 */
export class OneNode {
  readonly graph: Graph = new Graph();
  /** What to run the program with. */
  readonly feeds: Record<string, TensorData> = {};
  /** Shapes of the outputs as ONNX has them; in the program they have at least two extents. */
  readonly outputShapes: (readonly number[])[] = [];
  readonly #node: OnnxNode;
  readonly #tensors: readonly (Tensor | undefined)[];

  constructor(node: OnnxNode, tensors: readonly (Tensor | undefined)[]) {
    this.#node = node;
    this.#tensors = tensors;
  }

  /** An attribute that is a number. */
  number(name: string, missing: number): number {
    return Number(this.#node.attributes.get(name)?.value ?? missing);
  }

  /** An attribute that is a string. */
  string(name: string, missing: string): string {
    return String(this.#node.attributes.get(name)?.value ?? missing);
  }

  /** An attribute that is a list of integers. */
  integers(name: string): readonly number[] | undefined {
    return this.#node.attributes.get(name)?.value as readonly number[] | undefined;
  }

  /** Whether the node has that output. */
  wants(output: number): boolean {
    return (this.#node.outputs[output] ?? "") !== "";
  }

  /** The elements of an optional input. */
  optional(index: number): Tensor | undefined {
    return this.#tensors[index];
  }

  /** The elements of an input. */
  tensor(index: number): Tensor {
    const tensor = this.#tensors[index];
    if (tensor === undefined) throw new Error(`input ${index} is absent`);
    return tensor;
  }

  /** An input of the program, with the given shape of at least two extents. */
  input(index: number, shape: readonly number[]): Value {
    const { data, dtype } = this.tensor(index);
    const name = `input_${index}`;
    this.feeds[name] = data;
    return this.graph.input(name, dtype, shape);
  }

  /** An input of codes, signed, flat as `[1, elements]`. */
  codes(index: number, zeroPoint: number): Codes {
    const { dtype, data } = this.tensor(index);
    const value = this.input(index, [1, data.length]);
    if (dtype !== "u8") return { value, zeroPoint };
    return { value: this.translate(value, "i8", -SIGN), zeroPoint: zeroPoint - SIGN };
  }

  /** An output of the shape that ONNX gives it. */
  output(value: Value, shape: readonly number[]): void {
    const name = `output_${this.outputShapes.length}`;
    this.outputShapes.push(shape);
    this.graph.output(name, this.reshape(value, shape.length < 2 ? flat(shape) : shape));
  }

  /** An output of i8 codes as codes of `dtype`; {@linkcode Codes.zeroPoint} is for the signed ones. */
  outputCodes(value: Value, dtype: DType, shape: readonly number[]): void {
    this.output(dtype === "u8" ? this.translate(value, "u8", SIGN) : value, shape);
  }

  /** The zero point with which i8 codes stand for codes of `dtype`. */
  signed(zeroPoint: number, dtype: DType): number {
    return dtype === "u8" ? zeroPoint - SIGN : zeroPoint;
  }

  /** Applies an op. */
  get apply(): Graph["apply"] {
    return this.graph.apply.bind(this.graph) as Graph["apply"];
  }

  /** Adds a constant. */
  constant(dtype: DType, shape: readonly number[], data: TensorData): Value {
    return this.graph.constant("", tensorOf(dtype, shape, data));
  }

  /** Adds a float32 constant. */
  floats(shape: readonly number[], from: ArrayLike<number>): Value {
    return this.constant("f32", shape, Float32Array.from(from));
  }

  /** Adds an i32 constant. */
  words(from: readonly number[]): Value {
    return this.constant("i32", [from.length], Int32Array.from(from));
  }

  /** The same elements in another shape. */
  reshape(x: Value, shape: readonly number[]): Value {
    return this.apply(ops.reshape, { x }, { shape });
  }

  /** Elements of x picked by flat indices, in a new shape; −1 picks `padding`. */
  pick(x: Value, indices: readonly number[], shape: readonly number[], padding = 0): Value {
    if (contiguous(indices, elementCount(x.shape as number[]))) return this.reshape(x, shape);
    let column = this.reshape(x, [1, elementCount(x.shape as number[]), 1]);
    const padded = indices.includes(-1);
    if (padded) {
      column = this.apply(ops.concatRows, { first: this.#single(x.dtype, padding), x: column });
    }
    const index = this.words(indices.map((i) => i + (padded ? 1 : 0)));
    return this.reshape(this.apply(ops.gatherRows, { x: column, index }), shape);
  }

  /** Matrices of as many columns, one under the other. */
  stack(matrices: readonly Value[]): Value {
    return matrices.reduce((above, below) => {
      const [[rows, columns], [more]] = [above.shape, below.shape] as number[][];
      const both = this.apply(ops.concatRows, {
        first: above,
        x: this.reshape(below, [1, more, columns]),
      });
      return this.reshape(both, [rows + more, columns]);
    });
  }

  /** 8-bit codes as codes of another type that are `by` more. */
  translate(x: Value, to: "i8" | "u8" | "i16", by: number): Value {
    const first = x.dtype === "u8" ? 0 : -SIGN;
    const entries = Array.from({ length: 256 }, (_, i) => first + i + by);
    const data = to === "i8"
      ? Int8Array.from(entries)
      : to === "u8"
      ? Uint8Array.from(entries)
      : Int16Array.from(entries);
    return this.apply(ops.lookup, { x, table: this.constant(to, [1, 256], data) });
  }

  #single(dtype: DType, value: number): Value {
    const data = dtype === "i8"
      ? Int8Array.of(value)
      : dtype === "i16"
      ? Int16Array.of(value)
      : Float32Array.of(value);
    return this.constant(dtype, [1, 1], data);
  }
}

/** A shape of two extents for as many elements. */
export function flat(shape: readonly number[]): number[] {
  return [1, elementCount(shape)];
}
