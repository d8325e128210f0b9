/** ONNX models of one product with weights of 2 or 4 bits: `com.microsoft.MatMulNBits`. */
import { OnnxGraph } from "./graph.ts";

/** Weights in one block, which share a scale. */
const BLOCK = 32;

/** Trits and their scale. */
export interface TernaryWeight {
  /** Row-major `[n][k]`. */
  readonly trits: Int8Array;
  readonly scale: number;
}

/**
 * x `[m, k]` times `(scale·trits)ᵀ`, with int8 arithmetic allowed (`accuracy_level` 4); of the product the
 * first row `y` is handed out. K must be a multiple of 32.
 */
export function matmulNBitsOnnx(
  bits: 2 | 4,
  [m, k, n]: readonly number[],
  { trits, scale }: TernaryWeight,
): OnnxGraph {
  const graph = new OnnxGraph();
  const blocks = k / BLOCK;
  graph.inputs.push({ name: "x", type: "float32", dims: [m, k] });
  graph.constant("weight", "uint8", [n, blocks, BLOCK * bits / 8], pack(bits, trits));
  graph.floats("scales", [n, blocks], new Float32Array(n * blocks).fill(scale));
  graph.node(
    "MatMulNBits",
    ["x", "weight", "scales"],
    "product",
    { K: k, N: n, bits, block_size: BLOCK, accuracy_level: 4 },
    "com.microsoft",
  );
  const [first, last, axis] = [["first", 0], ["last", 1], ["axis", 0]].map(([name, value]) =>
    graph.integers(String(name), [Number(value)])
  );
  graph.node("Slice", ["product", first, last, axis], "y");
  graph.outputs.push({ name: "y", type: "float32", dims: [1, n] });
  return graph;
}

/** Codes from the low bits up; without zero points, zero is half of the range. */
function pack(bits: 2 | 4, trits: Int8Array): Uint8Array {
  const each = 8 / bits;
  const zero = 1 << bits - 1;
  const bytes = new Uint8Array(trits.length / each);
  trits.forEach((trit, i) => bytes[Math.floor(i / each)] |= trit + zero << i % each * bits);
  return bytes;
}
