import { FewbitError } from "../../errors.ts";
import type { Value } from "../../graph/graph.ts";
import { product } from "../../graph/extent.ts";
import { matMul } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** How a place in the result becomes one in the picture, as ONNX names it. */
export type ResizeMode = "nearest" | "bilinear" | "bilinear_align_corners";

/**
 * Resizes `[B, H, W, C]` to other rows and columns. Each axis is a product with a matrix of weights, so that the
 * gradient is the true adjoint: `Σ weight·dy`.
 *
 * - `nearest`: `⌊i·extent / size⌋`, as PyTorch;
 * - `bilinear`: half-pixel centres, what lies outside clamped;
 * - `bilinear_align_corners`: first and last places are the picture's.
 */
export function resize(
  build: NodeBuilder,
  x: Value,
  [height, width]: readonly number[],
  mode: ResizeMode,
): Value {
  const [batch, rows, columns, channels] = x.shape as [
    Value["shape"][number],
    number,
    number,
    number,
  ];
  const matrix = (size: number, extent: number): Value =>
    build.constant([size, extent], resizeWeights(size, extent, mode));
  const lines = build.reshape(x, [product([batch, rows]), columns, channels]);
  const wide = build.graph.apply(matMul, { a: matrix(width, columns), b: lines });
  const planes = build.reshape(wide, [batch, rows, width * channels]);
  const high = build.graph.apply(matMul, { a: matrix(height, rows), b: planes });
  return build.reshape(high, [batch, height, width, channels]);
}

/** Weights `[size, extent]` of the places of an axis in each place of the result. */
export function resizeWeights(size: number, extent: number, mode: ResizeMode): Float64Array {
  if (!Number.isInteger(size) || size < 1) {
    throw new FewbitError("invalid_argument", `Cannot resize to ${size}: an integer of at least 1`);
  }
  const weights = new Float64Array(size * extent);
  for (let i = 0; i < size; i++) {
    const place = placeOf(i, size, extent, mode);
    const first = Math.min(Math.floor(place), extent - 1);
    const rest = mode === "nearest" ? 0 : place - first;
    weights[i * extent + first] += 1 - rest;
    weights[i * extent + Math.min(first + 1, extent - 1)] += rest;
  }
  return weights;
}

function placeOf(i: number, size: number, extent: number, mode: ResizeMode): number {
  if (mode === "nearest") return Math.floor(i * extent / size);
  if (mode === "bilinear") return Math.max(0, (i + 0.5) * extent / size - 0.5);
  return size === 1 ? 0 : i * (extent - 1) / (size - 1);
}
