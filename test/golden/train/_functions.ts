/** Activations, softmax and losses of the oracle. */
import {
  gelu,
  logSoftmax,
  sliceColumns,
  softmax,
  swiglu,
  where,
} from "../../../src/graph/ops/mod.ts";
import type { UnaryFunction } from "../../../src/instructions/unary_functions.ts";
import {
  crossEntropy,
  distillation,
  negativeLogLikelihood,
  softCrossEntropy,
} from "../../../src/training/losses/cross_entropy.ts";
import {
  berHu,
  binaryCrossEntropy,
  huber,
  meanAbsoluteError,
  meanSquaredError,
} from "../../../src/training/losses/regression.ts";
import type { Build } from "./_oracle.ts";

/** The oracle's activations, all but GELU, which is an op of its own. */
const UNARY: Readonly<Record<string, UnaryFunction>> = {
  Relu: "relu",
  LeakyRelu: "leaky_relu",
  Clip: "relu6",
  Sigmoid: "sigmoid",
  Tanh: "tanh",
  Swish: "silu",
  Elu: "elu",
  Softplus: "softplus",
  HardSwish: "hard_swish",
  HardSigmoid: "hard_sigmoid",
  Exp: "exp",
  Mul: "square",
  "Relu²": "relu_squared",
};

/** By the oracle's name of the op. */
export const FUNCTIONS: Readonly<Record<string, Build>> = {
  ...Object.fromEntries(
    Object.entries(UNARY).map(([op, kind]): [string, Build] => [
      op,
      (build, { x }) => ({ y: build.unary(x, kind) }),
    ]),
  ),
  Gelu: (build, { x }, { approximate }) => ({
    y: approximate === "tanh" ? build.unary(x, "gelu_tanh") : build.graph.apply(gelu, { x }),
  }),
  SwiGLU(build, { a, b, x }) {
    if (x === undefined) return { y: build.graph.apply(swiglu, { gate: a, up: b }) };
    const half = (x.shape[1] as number) / 2;
    const columns = (start: number) =>
      build.graph.apply(sliceColumns, { x }, { start, end: start + half });
    return { y: build.graph.apply(swiglu, { gate: columns(0), up: columns(half) }) };
  },
  Softmax(build, { x, mask }) {
    if (mask === undefined) return { y: build.graph.apply(softmax, { x }) };
    const hidden = build.scalar(-Infinity);
    const shown = build.scale(build.shift(mask, -1), -1);
    const masked = build.graph.apply(where, { condition: shown, a: x, b: hidden });
    return { y: build.graph.apply(softmax, { x: masked }) };
  },
  LogSoftmax: (build, { x }) => ({ y: build.graph.apply(logSoftmax, { x }) }),
  SoftmaxCrossEntropyLoss(build, { x, labels, t, w }, attributes) {
    if (t !== undefined) return { loss: softCrossEntropy(build, x, t) };
    const { label_smoothing: smoothing = 0, reduction } = attributes;
    return {
      loss: crossEntropy(build, x, labels, {
        smoothing,
        reduction: reduction === "sum" ? "sum" : "mean",
        ...w && { weights: w },
      }),
    };
  },
  NegativeLogLikelihoodLoss: (build, { x, labels }) => ({
    loss: negativeLogLikelihood(build, x, labels),
  }),
  BCEWithLogits: (build, { x, t }) => ({ loss: binaryCrossEntropy(build, x, t) }),
  MSE: (build, { x, t }) => ({ loss: meanSquaredError(build, x, t) }),
  L1: (build, { x, t }) => ({ loss: meanAbsoluteError(build, x, t) }),
  Huber: (build, { x, t }, { delta }) => ({ loss: huber(build, x, t, delta) }),
  KL: (build, { x, teacher }, { temperature }) => ({
    loss: distillation(build, x, teacher, temperature),
  }),
  BerHu: (build, { x, t }) => ({ loss: berHu(build, x, t, 0.2) }),
};
