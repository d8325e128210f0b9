import { averagePool, averagePoolGradient, maxPoolGradient } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** To the first of the largest of each window. */
export const maxPoolRule: GradientRule<"MaxPool"> = (
  { graph },
  { inputs: { x }, attributes },
  { y },
) => ({
  x: () => graph.apply(maxPoolGradient, { x, dy: y! }, attributes),
});

/** To all places of each window. */
export const averagePoolRule: GradientRule<"AveragePool"> = (
  { graph },
  { inputs: { x }, attributes },
  { y },
) => ({
  x: () => {
    const extents = x.shape.slice(1, 3) as number[];
    return graph.apply(averagePoolGradient, { dy: y! }, { ...attributes, extents });
  },
});

/** The adjoint's adjoint. */
export const averagePoolGradientRule: GradientRule<"AveragePoolGradient"> = (
  { graph },
  { attributes: { extents: _, ...attributes } },
  { y },
) => ({
  dy: () => graph.apply(averagePool, { x: y! }, attributes),
});
