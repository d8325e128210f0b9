import type { Value } from "../../graph/graph.ts";
import { conv, convTranspose, convWeightGradient } from "../../graph/ops/mod.ts";
import { sumOfPictures } from "./_sum_of_rows.ts";
import type { GradientRule } from "../rule.ts";

/** The two adjoints of a convolution, and the sum over all places. */
export const convGradient: GradientRule<"Conv"> = (
  build,
  { inputs: { x, weight, bias }, attributes },
  { y },
) => ({
  x: () => {
    const extents = x.shape.slice(1, 3) as number[];
    return build.graph.apply(convTranspose, { x: y!, weight }, { ...attributes, extents });
  },
  weight: () => {
    const kernel = weight.shape.slice(1, 3) as number[];
    return build.graph.apply(convWeightGradient, { x, dy: y! }, { ...attributes, kernel });
  },
  ...bias !== undefined && { bias: () => sumOfPictures(build, y!) },
});

/** The convolution whose adjoint it is, and the gradient of that one's weights with x and dy in each other's place. */
export const convTransposeGradient: GradientRule<"ConvTranspose"> = (
  { graph },
  { inputs: { x, weight }, attributes: { extents: _, ...attributes } },
  { y },
) => ({
  x: (): Value => graph.apply(conv, { x: y!, weight }, attributes),
  weight: () => {
    const kernel = weight.shape.slice(1, 3) as number[];
    return graph.apply(convWeightGradient, { x: y!, dy: x }, { ...attributes, kernel });
  },
});

/** `ConvWeightGradient` is linear in both: with the cotangent as weights, a transposed convolution and one. */
export const convWeightGradientGradient: GradientRule<"ConvWeightGradient"> = (
  { graph },
  { inputs: { x, dy }, attributes: { kernel: _, ...attributes } },
  { y },
) => ({
  x: () => {
    const extents = x.shape.slice(1, 3) as number[];
    return graph.apply(convTranspose, { x: dy, weight: y! }, { ...attributes, extents });
  },
  dy: () => graph.apply(conv, { x, weight: y! }, attributes),
});
