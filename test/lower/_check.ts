/** Lowers a graph with and without fusions: the same results, and the instructions that were asked for. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { lower } from "../../src/lower/lower.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import type { TensorData } from "../../src/tensor.ts";
import { Random } from "../conformance/_random.ts";

/** A graph, and what its inputs are given. */
export class Net {
  readonly graph = new Graph();
  readonly random = new Random(11);
  readonly inputs: Record<string, TensorData> = {};

  /** An input with random values. */
  input(name: string, dtype: "f32" | "i8" | "i16", ...shape: number[]): Value {
    this.inputs[name] = this.#data(dtype, shape);
    return this.graph.input(name, dtype, shape);
  }

  /** A constant with random values. */
  constant(dtype: "f32" | "i8" | "i16" | "i32", ...shape: number[]): Value {
    return this.graph.constant("", { dtype, shape, data: this.#data(dtype, shape) });
  }

  /** A constant with the given values. */
  given(dtype: "f32" | "i32", ...values: number[]): Value {
    const data = dtype === "f32" ? Float32Array.from(values) : Int32Array.from(values);
    return this.graph.constant("", { dtype, shape: [values.length], data });
  }

  #data(dtype: string, shape: readonly number[]): TensorData {
    const length = shape.reduce((a, b) => a * b, 1);
    if (dtype === "f32") {
      return Float32Array.from({ length }, () => this.random.unit() * 2 - 1);
    }
    const most = dtype === "i8" ? 127 : dtype === "i16" ? 30_000 : 2000;
    const values = Array.from({ length }, () => this.random.integer(-most, most));
    return dtype === "i8"
      ? Int8Array.from(values)
      : dtype === "i16"
      ? Int16Array.from(values)
      : Int32Array.from(values);
  }
}

/** Names of the instructions of a program. */
function instructionsOf({ instructions }: CompiledProgram): string[] {
  return instructions.map(({ opcode }) => instructionOf(opcode)!.name);
}

/** A graph as a program; that it cannot be one is a failed check. */
export function lowered(graph: Graph, fuse: boolean): CompiledProgram {
  try {
    return lower(graph, { fuse }).program;
  } catch (error) {
    assert.fail(`Cannot lower, with fusions ${fuse}: ${error}`);
  }
}

/** Checks the instructions, and the bits of all outputs beside those of the graph op by op. */
export async function checkFusion(
  { graph, inputs }: Net,
  expected: readonly string[],
  options: { readonly alone?: boolean } = {},
): Promise<void> {
  const fused = lowered(graph, true);
  assert.deepEqual(instructionsOf(fused), expected);
  if (options.alone === false) return;
  const plain = lowered(graph, false);
  const used = fused.tensors.filter(({ region }) => region === "input").map(({ name }) => name);
  const given = Object.fromEntries(used.map((name) => [name, inputs[name]]));
  for (const engine of ["reference", "wasm"] as const) {
    using first = await load(fused, { engine });
    using second = await load(plain, { engine });
    assert.deepEqual(first.runSync(given), second.runSync(given), engine);
  }
}
