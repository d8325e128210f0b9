import type { GradientRule } from "../rule.ts";

/** `(dy − Σ dy·y)·y` of each row. */
export const softmaxGradient: GradientRule<"Softmax"> = (build, { outputs }, { y }) => ({
  x: () => {
    const rows = build.sumColumns(build.mul(y!, outputs.y));
    return build.mul(build.sub(y!, rows), outputs.y);
  },
});

/** `dy − e^y·Σ dy` of each row. */
export const logSoftmaxGradient: GradientRule<"LogSoftmax"> = (build, { outputs }, { y }) => ({
  x: () => {
    const probabilities = build.unary(outputs.y, "exp");
    return build.sub(y!, build.mul(probabilities, build.sumColumns(y!)));
  },
});
