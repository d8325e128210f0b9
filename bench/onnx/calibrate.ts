/** Ranges of the values of a float32 model on one input, for static quantisation. */
import { openNode } from "../onnxruntime.ts";
import type { Feeds } from "../onnxruntime.ts";
import { OnnxGraph } from "./graph.ts";

/** Least and greatest value. */
export type Range = readonly [least: number, greatest: number];

/** Runs the model with every float32 value as an output. */
export async function calibrateOnnx(
  graph: OnnxGraph,
  feeds: Feeds,
): Promise<ReadonlyMap<string, Range>> {
  const shown = new OnnxGraph();
  shown.nodes.push(...graph.nodes);
  graph.constants.forEach((tensor, name) => shown.constants.set(name, tensor));
  shown.inputs.push(...graph.inputs);
  shown.outputs.push(
    ...graph.nodes.flatMap(({ outputs }) =>
      outputs.map((name) => ({ name, type: "float32" as const }))
    ),
  );
  const session = await openNode(shown.encode(), feeds);
  const values = Object.entries(await session.run());
  await session.release();
  const ranges = values.map(([name, { data }]) => [name, rangeOf(data as Float32Array)] as const);
  const given = Object.entries(feeds).map(([name, { data }]) =>
    [name, rangeOf(data as Float32Array)] as const
  );
  return new Map([...given, ...ranges]);
}

/** The range of numbers, with zero in it. */
export function rangeOf(values: Float32Array): Range {
  let [least, greatest] = [0, 0];
  for (const value of values) {
    if (value < least) least = value;
    else if (value > greatest) greatest = value;
  }
  return [least, greatest];
}
