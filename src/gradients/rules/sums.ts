import { expand, reduceSum } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** dy for each of what was added. */
export const reduceSumGradient: GradientRule<"ReduceSum"> = (build, { inputs: { x } }, { y }) => ({
  x: () => build.graph.apply(expand, { x: y! }, { times: x.shape[x.shape.length - 2] }),
});

/** The sum of the copies. */
export const expandGradient: GradientRule<"Expand"> = ({ graph }, _, { y }) => ({
  x: () => graph.apply(reduceSum, { x: y! }),
});

/** dy over the number of rows, for each row. */
export const meanRowsGradient: GradientRule<"MeanRows"> = (build, { inputs: { x } }, { y }) => ({
  x: () => {
    const rows = build.count([x.shape[1]], "The gradient of MeanRows");
    return build.expand(build.scale(y!, 1 / rows), rows);
  },
});
