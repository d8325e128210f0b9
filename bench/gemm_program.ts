/** Programs of one matrix product, with the weight as a constant. */
import { ProgramBuilder } from "../src/program/builder.ts";
import { PANEL_ELEMENTS } from "../src/layouts/elements.ts";
import type { CompiledProgram } from "../src/program/program.ts";

/** Kinds of products: int8 weights, 7-bit weights, float32 deterministic, float32 `fast`. */
export type GemmKind = "w8a8" | "w7a8" | "f32" | "f32_fast";

/**
 * x `[m, k]` times weightᵀ `[k, n]`, raw (int32 or float32), of which the first row `y` is handed out:
 * the product stays in memory, as it does inside a network.
 */
export function gemmProgram(
  kind: GemmKind,
  [m, k, n]: readonly number[],
  weight: Int8Array | Float32Array,
): CompiledProgram {
  const builder = new ProgramBuilder();
  const integer = kind === "w8a8" || kind === "w7a8";
  const [rows, inner, columns] = [m, k, n].map((extent) => builder.expression(extent));
  const x = builder.tensor({
    region: "input",
    dtype: integer ? "i8" : "f32",
    extents: [rows, inner],
    name: "x",
  });
  const w = builder.tensor({
    region: "constant",
    dtype: integer ? "i8" : "f32",
    layout: kind === "w8a8" ? "panel_8x4" : kind === "w7a8" ? "panel_8x4_u7" : "panel_8",
    extents: [columns, inner],
    data: pack(kind, weight, n, k),
  });
  const dtype = integer ? "i32" : "f32";
  const one = builder.expression(1);
  const product = builder.tensor({ region: "arena", dtype, extents: [rows, columns] });
  const y = builder.tensor({ region: "output", dtype, extents: [one, columns], name: "y" });
  builder.instruction(
    integer ? "linear_i8" : "linear_f32",
    { x: builder.whole(x), weight: builder.whole(w), y: builder.whole(product) },
    integer ? {} : { precision: kind === "f32_fast" ? 1 : 0 },
  );
  const row = builder.view(product, [one, columns], columns);
  builder.instruction("copy", { x: row, y: builder.whole(y) });
  builder.entry("main");
  return builder.finish();
}

function pack(
  kind: GemmKind,
  weight: Int8Array | Float32Array,
  n: number,
  k: number,
): Uint8Array {
  if (weight instanceof Float32Array) {
    return PANEL_ELEMENTS.panel_8.pack(weight, n, k);
  }
  return kind === "w8a8"
    ? PANEL_ELEMENTS.panel_8x4.pack(weight, n, k)
    : PANEL_ELEMENTS.panel_8x4_u7.pack(weight, n, k);
}
