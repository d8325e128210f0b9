/** Programs of one ternary layer, with the weight as a constant. */
import { packBase3 } from "../src/numeric/base3.ts";
import { ProgramBuilder } from "../src/program/builder.ts";
import type { CompiledProgram } from "../src/program/program.ts";
import type { TernaryWeight } from "./onnx/matmul_nbits.ts";

/** Of the RMSNorm. */
export const EPSILON = 1e-6;

/**
 * FusedBitLinear of x `[m, k]`: RMSNorm with a gamma of 1, int8 codes, product with n rows of trits, one
 * factor a row. Of the result the first row `y` is handed out.
 */
export function ternaryProgram(
  [m, k, n]: readonly number[],
  { trits, scale }: TernaryWeight,
): CompiledProgram {
  const builder = new ProgramBuilder();
  const [one, rows, inner, columns] = [1, m, k, n].map((extent) => builder.expression(extent));
  const floats = (extents: readonly number[], data: Float32Array) =>
    builder.whole(
      builder.tensor({ region: "constant", dtype: "f32", extents, data: bytesOf(data) }),
    );
  const x = builder.tensor({
    region: "input",
    dtype: "f32",
    extents: [rows, inner],
    name: "x",
  });
  const weight = builder.tensor({
    region: "constant",
    dtype: "i8",
    layout: "panel_8x16_t2",
    encoding: "base3",
    extents: [columns, inner],
    data: packBase3(trits),
  });
  const codes = builder.tensor({ region: "arena", dtype: "i8", extents: [one, rows, inner] });
  const alpha = builder.tensor({ region: "arena", dtype: "f32", extents: [one, rows] });
  const product = builder.tensor({ region: "arena", dtype: "f32", extents: [rows, columns] });
  const y = builder.tensor({ region: "output", dtype: "f32", extents: [one, columns], name: "y" });
  builder.instruction("rms_norm_quantize_i8", {
    x: builder.whole(x),
    gamma: floats([one, inner], new Float32Array(k).fill(1)),
    epsilon: floats([one], Float32Array.of(EPSILON)),
    q: builder.whole(codes),
    alpha: builder.whole(alpha),
  });
  builder.instruction("linear_ternary", {
    x: builder.view(codes, [rows, inner], inner),
    alpha: builder.view(alpha, [rows, one], one),
    weight: builder.whole(weight),
    weight_scale: floats([one], Float32Array.of(scale)),
    y: builder.whole(product),
  });
  const row = builder.view(product, [one, columns], columns);
  builder.instruction("copy", { x: row, y: builder.whole(y) });
  builder.entry("main");
  return builder.finish();
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
