/** An ONNX model of one product with ternary weights: onnxruntime's `MatMulNBits` of 2 bits. */
import { MICROSOFT, OnnxGraph } from "./graph.ts";

/** Weights that share a scale. */
const BLOCK = 32;
/** The code of 0 where a model has no zero points. */
const ZERO = 2;

/**
 * float32 x `[m, k]` times tritsᵀ `[k, n]` times `scale`, of which the first row `y` is handed out.
 * `accuracy_level` 4 lets onnxruntime make int8 of x, which is its fastest way; k is a multiple of 32.
 */
export function matmulTernaryOnnx(
  [m, k, n]: readonly number[],
  trits: Int8Array,
  scale: number,
): OnnxGraph {
  const graph = new OnnxGraph();
  const codes = new Uint8Array(n * k / 4);
  trits.forEach((trit, i) => codes[i >> 2] |= (trit + ZERO) << 2 * (i & 3));
  graph.inputs.push({ name: "x", type: "float32", dims: [m, k] });
  graph.constant("weight", "uint8", [n, k / BLOCK, BLOCK / 4], codes);
  graph.floats("scales", [n * k / BLOCK], new Float32Array(n * k / BLOCK).fill(scale));
  const attributes = { K: k, N: n, bits: 2, block_size: BLOCK, accuracy_level: 4 };
  graph.node("MatMulNBits", ["x", "weight", "scales"], "product", attributes, MICROSOFT);
  const [first, last, axis] = [["first", 0], ["last", 1], ["axis", 0]].map(([name, value]) =>
    graph.integers(String(name), [Number(value)])
  );
  graph.node("Slice", ["product", first, last, axis], "y");
  graph.outputs.push({ name: "y", type: "float32", dims: [1, n] });
  return graph;
}
