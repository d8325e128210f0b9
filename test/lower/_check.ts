/** Lowers a graph with and without fusions: the same results, and the instructions that were asked for. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { lower } from "../../src/lower/lower.ts";
import type { LoweredProgram } from "../../src/lower/lower.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import type { TensorData } from "../../src/tensor.ts";
import { attempt, attemptAsync } from "../_attempt.ts";
import { Random } from "../conformance/_random.ts";
import { tensorOf } from "../../src/tensor.ts";

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
    return this.graph.constant("", tensorOf(dtype, shape, this.#data(dtype, shape)));
  }

  /** A constant with the given values. */
  given(dtype: "f32" | "i32", ...values: number[]): Value {
    const data = dtype === "f32" ? Float32Array.from(values) : Int32Array.from(values);
    return this.graph.constant("", tensorOf(dtype, [values.length], data));
  }

  /** Names an output; returns its value. */
  output(value: Value, name = "y"): Value {
    this.graph.output(name, value);
    return value;
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
export function instructionsOf({ instructions }: CompiledProgram): string[] {
  return instructions.map(({ opcode }) => instructionOf(opcode)!.name);
}

/** A graph as a program; that it cannot be one is a failed check. */
export function lowered(graph: Graph, fuse: boolean): CompiledProgram {
  return attempt(() => lower(graph, { fuse }).program);
}

/** What becomes of a graph whose last value has the beginnings of a fusion. */
export interface FusionCase<N extends Net> {
  /** What it shows. */
  readonly of: string;
  /** Builds the graph up to its output `y`. */
  make(net: N): Value;
  /** Instructions of the program. */
  readonly instructions: readonly string[];
  /** Why the fusion is not made; nothing where it is. */
  readonly because?: string;
  /** How many fusions are made where this one is, of all kinds. Default 1. */
  readonly made?: number;
}

/** A test for each case of a fusion: whether it is made, the reason, and equal bits either way. */
export function testFusion<N extends Net>(
  fusion: string,
  net: () => N,
  cases: readonly FusionCase<N>[],
): void {
  for (const { of, make, instructions, because, made = 1 } of cases) {
    Deno.test(`${fusion}: ${because === undefined ? "" : "not "}${of}`, async () => {
      const one = net();
      one.output(attempt(() => make(one)));
      const fused = attempt(() => lower(one.graph));
      assert.deepEqual(instructionsOf(fused.program), instructions);
      checkReports(fused, fusion, because, made);
      await checkSame(one, fused.program);
    });
  }
}

/** A fusion says that it was made, or for what reason it was not. */
function checkReports(
  { fusions }: LoweredProgram,
  fusion: string,
  because: string | undefined,
  made: number,
): void {
  const reports = fusions.filter((report) => report.fusion === fusion);
  if (because === undefined) {
    assert.ok(reports.some(({ reason }) => reason === undefined), `${fusion} is not reported`);
    assert.ok(reports.every(({ reason }) => reason === undefined), JSON.stringify(reports));
    // What a longer pattern takes up is no fusion of its own.
    assert.equal(fusions.filter(({ reason }) => reason === undefined).length, made);
  } else {
    assert.ok(
      reports.some(({ reason }) => reason === because),
      `expected "${because}", got ${JSON.stringify(reports)}`,
    );
  }
}

/** A program gives the bits of the graph op by op. */
async function checkSame({ graph, inputs }: Net, fused: CompiledProgram): Promise<void> {
  // Where constants may become parameters, no sums are requantised where they are made.
  const { program: plain, fusions } = attempt(() =>
    lower(graph, { fuse: false, parameters: true })
  );
  assert.deepEqual(fusions, []);
  const used = fused.tensors.filter(({ region }) => region === "input").map(({ name }) => name);
  const given = Object.fromEntries(used.map((name) => [name, inputs[name]]));
  for (const engine of ["reference", "wasm"] as const) {
    using first = await attemptAsync(() => load(fused, { engine }));
    using second = await attemptAsync(() => load(plain, { engine }));
    assert.deepEqual(first.runSync(given), second.runSync(given), engine);
  }
}
