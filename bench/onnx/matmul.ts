/** ONNX models of one matrix product, with the weight as an initializer. */
import { OnnxGraph } from "./graph.ts";
import type { OnnxType } from "./graph.ts";

/** `MatMulInteger` (u8 × s8 → s32) or `MatMul` (float32), of which the first row `y` is handed out. */
export function matmulOnnx(
  op: "MatMulInteger" | "MatMul",
  [m, k, n]: readonly number[],
  weight: Int8Array | Float32Array,
): OnnxGraph {
  const types: readonly OnnxType[] = op === "MatMul"
    ? ["float32", "float32", "float32"]
    : ["uint8", "int8", "int32"];
  const graph = new OnnxGraph();
  graph.inputs.push({ name: "x", type: types[0], dims: [m, k] });
  graph.constant("weight", types[1], [k, n], weight);
  graph.node(op, ["x", "weight"], "product");
  const [first, last, axis] = [["first", 0], ["last", 1], ["axis", 0]].map(([name, value]) =>
    graph.integers(String(name), [Number(value)])
  );
  graph.node("Slice", ["product", first, last, axis], "y");
  graph.outputs.push({ name: "y", type: types[2], dims: [1, n] });
  return graph;
}
