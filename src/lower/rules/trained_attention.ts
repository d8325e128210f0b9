/** Scores and values of attention, apart: gradients need what lies in between. */
import { product } from "../../graph/extent.ts";
import type { Extent, Value } from "../../graph/graph.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { BINARY_FUNCTIONS } from "../../instructions/binary_functions.ts";
import type { Index } from "../../program/program.ts";
import { float32 } from "../constants.ts";
import { denseView, temporary } from "../dense_view.ts";
import type { Lowering } from "../lowering.ts";
import { dense } from "../placed.ts";
import { sumsOf } from "../sums.ts";

/** `scale·q·kᵀ` of each head. */
export function emitScores(
  lowering: Lowering,
  { inputs: { q, k }, attributes: { heads, scale }, outputs: { y } }: NodeNamed<"AttentionScores">,
): void {
  const extents = planesOf(y);
  const [a, b] = [headsFirst(lowering, q, heads), headsFirst(lowering, k, heads)];
  const products = temporary(lowering, extents);
  lowering.emit([], "matmul_nt_f32", { a, b, y: products.view }, sumsOf(lowering, y));
  lowering.emit(y, "binary_f32", {
    a: products.view,
    b: float32(lowering, scale),
    y: lowering.result(y, extents),
  }, { binary: BINARY_FUNCTIONS.indexOf("multiply") });
}

/** `p·v` of each head, heads next to one another again. */
export function emitValues(
  lowering: Lowering,
  { inputs: { p, v }, outputs: { y } }: NodeNamed<"AttentionValues">,
): void {
  const [batch, heads, queries] = p.shape;
  const size = (v.shape[2] as number) / (heads as number);
  const values = headsFirst(lowering, v, heads as number);
  const products = temporary(lowering, [batch, heads, queries, size]);
  lowering.emit([], "matmul_nn_f32", {
    a: denseView(lowering, p, planesOf(p)),
    b: values,
    y: lowering.view(dense(products.tensor, [product([batch, heads]), queries, size])),
  }, sumsOf(lowering, y));
  lowering.emit(y, "transpose_f32", {
    x: products.view,
    y: lowering.result(y, [batch, queries, heads, size]),
  });
}

/** `[B, T, heads·size]` as `[B·heads, T, size]`. */
function headsFirst(lowering: Lowering, x: Value, heads: number): Index {
  const [batch, length, columns] = x.shape;
  const size = (columns as number) / heads;
  const moved = temporary(lowering, [batch, heads, length, size]);
  lowering.emit([], "transpose_f32", {
    x: denseView(lowering, x, [batch, length, heads, size]),
    y: moved.view,
  });
  return lowering.view(dense(moved.tensor, [product([batch, heads]), length, size]));
}

/** `[B, heads, Q, L]` as `[B·heads, Q, L]`. */
function planesOf({ shape: [batch, heads, ...rest] }: Value): Extent[] {
  return [product([batch, heads]), ...rest];
}
