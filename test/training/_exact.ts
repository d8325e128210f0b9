/** Runs a graph in float64, for tests by formula. */
import { ExactProgram } from "../../src/engines/reference/exact.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { compile } from "../../src/lower/compile.ts";

/** Adds an input with its elements. */
export type Give = (name: string, shape: readonly number[], elements: ArrayLike<number>) => Value;

/** A graph as a function: what it gives for the inputs that it is given while it is built. */
export function exactly(make: (build: NodeBuilder, give: Give) => Value): number[] {
  const graph = new Graph();
  const values: [string, ArrayLike<number>][] = [];
  const y = make(new NodeBuilder(graph), (name, shape, elements) => {
    values.push([name, elements]);
    return graph.input(name, name === "labels" ? "i32" : "f32", shape);
  });
  graph.output("y", y);
  const compiled = compile(graph, { training: true });
  const program = new ExactProgram(compiled);
  // A program has the inputs that it reads.
  const read = values.filter(([name]) => compiled.tensors.some((tensor) => tensor.name === name));
  for (const [name, elements] of read) program.write(name, elements);
  program.run();
  return [...program.read("y")];
}
