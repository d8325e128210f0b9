/** Small graphs of each op that has a gradient, or that a graph which trains has. */
import type { Value } from "../../src/graph/graph.ts";
import type { NodeBuilder } from "../../src/graph/node_builder.ts";
import type { OpName } from "../../src/graph/op_names.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { UNARY_FUNCTIONS } from "../../src/instructions/unary_functions.ts";
import type { UnaryFunction } from "../../src/instructions/unary_functions.ts";

/** Adds a differentiated input: numbers of −1 … 1, plus something. */
export type Input = (shape: readonly number[], plus?: number) => Value;

/** A graph of one op. */
export interface GradientCase {
  readonly op: OpName;
  /** What is special. */
  readonly of?: string;
  make(build: NodeBuilder, input: Input): Value;
  /** Which of the inputs is a constant to differentiation. */
  readonly constant?: number;
  /** Ids of an input `ids`, where the graph has one. */
  readonly ids?: readonly number[];
}

/** Functions that are of numbers above 0. */
const POSITIVE: readonly UnaryFunction[] = ["sqrt", "rsqrt", "reciprocal", "log"];

/** Functions of steps: differences do not show their derivatives, which are 0, and 1 straight through. */
const STEPS: readonly UnaryFunction[] = ["floor", "round"];

const picture = { strides: [2, 1], pads: [1, 0, 2, 1], dilations: [1, 2] };
const windows = { kernel: [2, 3], strides: [2, 1], pads: [1, 1, 0, 1] };

function ids({ graph }: NodeBuilder, limit: number, count: number): Value {
  return graph.input("ids", "i32", [count], { check: "below", limit });
}

/** A constant for what has no gradient: seed, step and first element. */
function random({ graph }: NodeBuilder): Value {
  return graph.constant("", { dtype: "i32", shape: [6], data: Int32Array.of(7, 0, 3, 0, 5, 0) });
}

/** Every op with a rule. */
export const GRADIENT_CASES: readonly GradientCase[] = [
  {
    op: "Activation",
    make: ({ graph }, input) => graph.apply(ops.activation, { x: input([3, 4]) }, { kind: "silu" }),
  },
  {
    op: "Add",
    of: "with a repeated row",
    make: ({ graph }, input) => graph.apply(ops.add, { a: input([2, 3, 4]), b: input([3, 4]) }),
  },
  {
    op: "AttentionScores",
    make: ({ graph }, input) =>
      graph.apply(ops.attentionScores, { q: input([2, 3, 4]), k: input([2, 5, 4]) }, {
        heads: 2,
        scale: 0.7,
      }),
  },
  {
    op: "AttentionValues",
    make: ({ graph }, input) =>
      graph.apply(ops.attentionValues, { p: input([2, 2, 3, 5]), v: input([2, 5, 4]) }),
  },
  {
    op: "AveragePool",
    of: "whose padding does not count",
    make: ({ graph }, input) =>
      graph.apply(ops.averagePool, { x: input([2, 5, 4, 3]) }, {
        ...windows,
        ceilMode: true,
        countIncludePad: false,
      }),
  },
  {
    op: "AveragePoolGradient",
    make: ({ graph }, input) =>
      graph.apply(ops.averagePoolGradient, { dy: input([2, 3, 4, 3]) }, {
        ...windows,
        extents: [5, 4],
      }),
  },
  {
    op: "BatchNormalization",
    of: "in evaluation mode",
    make: (build, input) =>
      build.graph.apply(ops.batchNormalization, {
        x: input([2, 4, 3]),
        scale: input([3]),
        bias: input([3]),
        mean: build.constant([3], [0.1, -0.2, 0.3]),
        variance: build.constant([3], [0.5, 1, 2]),
      }, { epsilon: 1e-3 }),
  },
  {
    op: "ConcatRows",
    make: ({ graph }, input) =>
      graph.apply(ops.concatRows, { first: input([2, 3]), x: input([2, 4, 3]) }),
  },
  {
    op: "Conv",
    of: "in groups, strided, dilated, with padding of its own on each side",
    make: ({ graph }, input) =>
      graph.apply(ops.conv, {
        x: input([2, 5, 6, 4]),
        weight: input([6, 3, 2, 2]),
        bias: input([6]),
      }, { ...picture, group: 2 }),
  },
  {
    op: "ConvTranspose",
    make: ({ graph }, input) =>
      graph.apply(ops.convTranspose, { x: input([2, 3, 5, 6]), weight: input([6, 3, 2, 2]) }, {
        ...picture,
        group: 2,
        extents: [5, 6],
      }),
  },
  {
    op: "ConvWeightGradient",
    make: ({ graph }, input) =>
      graph.apply(ops.convWeightGradient, { x: input([2, 5, 6, 4]), dy: input([2, 3, 5, 6]) }, {
        ...picture,
        group: 2,
        kernel: [3, 2],
      }),
  },
  {
    op: "Detach",
    of: "beside what is differentiated",
    constant: 1,
    make: ({ graph }, input) => {
      const x = input([3]);
      return graph.apply(ops.mul, { a: x, b: graph.apply(ops.detach, { x: input([3]) }) });
    },
  },
  {
    op: "Div",
    make: ({ graph }, input) => graph.apply(ops.div, { a: input([2, 3]), b: input([2, 1], 2) }),
  },
  {
    op: "Dropout",
    make: (build, input) =>
      build.graph.apply(ops.dropout, { x: input([5, 4]), random: random(build) }, {
        ratio: 0.4,
        stream: 3,
      }),
  },
  {
    op: "Embedding",
    of: "with a row twice",
    ids: [3, 0, 3],
    make: (build, input) =>
      build.graph.apply(ops.embedding, { table: input([4, 2]), index: ids(build, 4, 3) }),
  },
  {
    op: "Expand",
    make: ({ graph }, input) => graph.apply(ops.expand, { x: input([2, 3]) }, { times: 4 }),
  },
  { op: "Gelu", make: ({ graph }, input) => graph.apply(ops.gelu, { x: input([7]) }) },
  { op: "Identity", make: ({ graph }, input) => graph.apply(ops.identity, { x: input([7]) }) },
  {
    op: "LayerNormalization",
    make: ({ graph }, input) =>
      graph.apply(
        ops.layerNormalization,
        { x: input([3, 5]), scale: input([5]), bias: input([5]) },
        {
          epsilon: 1e-3,
        },
      ),
  },
  {
    op: "Less",
    of: "as a constant factor",
    constant: 1,
    make: ({ graph }, input) => {
      const x = input([3, 4]);
      const smaller = graph.apply(ops.less, { a: x, b: input([4]) });
      return graph.apply(ops.mul, { a: x, b: smaller });
    },
  },
  {
    op: "Linear",
    make: ({ graph }, input) =>
      graph.apply(ops.linear, { x: input([2, 3, 5]), weight: input([4, 5]), bias: input([4]) }),
  },
  {
    op: "LogSoftmax",
    make: ({ graph }, input) => graph.apply(ops.logSoftmax, { x: input([3, 5]) }),
  },
  {
    op: "LowerBounds",
    make: ({ graph }, input) => graph.apply(ops.lowerBounds, { x: input([4, 3]) }),
  },
  ...([{}, { transposeA: true }, { transposeB: true }] as const).flatMap((attributes) =>
    ([[2], []] as const).map((batch): GradientCase => ({
      op: "MatMul",
      of: `${Object.keys(attributes)[0] ?? "as it is"}, ${
        batch.length === 0 ? "one" : "each its"
      } b`,
      make: ({ graph }, input) => {
        const { transposeA = false, transposeB = false } = attributes as {
          transposeA?: boolean;
          transposeB?: boolean;
        };
        const a = input([2, ...transposeA ? [3, 4] : [4, 3]]);
        const b = input([...batch, ...transposeB ? [5, 3] : [3, 5]]);
        return graph.apply(ops.matMul, { a, b }, attributes);
      },
    }))
  ),
  {
    op: "Max",
    make: ({ graph }, input) => graph.apply(ops.maximum, { a: input([3, 4]), b: input([4]) }),
  },
  {
    op: "MaxPool",
    of: "dilated",
    make: ({ graph }, input) =>
      graph.apply(ops.maxPool, { x: input([2, 5, 6, 3]) }, { ...windows, dilations: [2, 1] }),
  },
  {
    op: "MeanRows",
    make: ({ graph }, input) => graph.apply(ops.meanRows, { x: input([2, 4, 3]) }),
  },
  ...[true, false].map((center): GradientCase => ({
    op: "MeanVarianceNormalization",
    of: center ? "around the mean" : "around 0",
    make: ({ graph }, input) =>
      graph.applyAll(ops.meanVarianceNormalization, { x: input([2, 5, 3], 0.3) }, {
        epsilon: 1e-3,
        center,
      }).y,
  })),
  {
    op: "Cast",
    make: ({ graph }, input) => graph.apply(ops.cast, { x: input([2, 3]) }),
  },
  {
    op: "NormalizeBatch",
    make({ graph }, input) {
      const x = input([6, 3], 0.3);
      const { mean, inverse } = graph.applyAll(ops.batchMoments, { x }, { epsilon: 1e-3 });
      const scale = input([3], 1);
      return graph.apply(ops.normalizeBatch, { x, mean, inverse, scale, bias: input([3]) });
    },
  },
  {
    op: "Min",
    make: ({ graph }, input) => graph.apply(ops.minimum, { a: input([3, 4]), b: input([3, 1]) }),
  },
  {
    op: "Mul",
    of: "with a repeated column",
    make: ({ graph }, input) => graph.apply(ops.mul, { a: input([2, 3, 4]), b: input([3, 1]) }),
  },
  {
    op: "OneHot",
    of: "as a constant factor",
    ids: [2, 0, -1],
    make: ({ graph }, input) => {
      const index = graph.input("ids", "i32", [3]);
      return graph.apply(ops.mul, {
        a: input([3, 4]),
        b: graph.apply(ops.oneHot, { index }, { classes: 4, on: 0.9, off: 0.1 }),
      });
    },
  },
  {
    op: "PadColumns",
    make: ({ graph }, input) =>
      graph.apply(ops.padColumns, { x: input([2, 3]) }, { before: 1, after: 2 }),
  },
  {
    op: "ReduceMax",
    of: "as a constant factor",
    constant: 0,
    make: ({ graph }, input) => {
      const most = graph.apply(ops.reduceMax, { x: input([5, 3]) });
      return graph.apply(ops.mul, { a: input([4, 3]), b: graph.apply(ops.detach, { x: most }) });
    },
  },
  {
    op: "ReduceMax",
    make: ({ graph }, input) => graph.apply(ops.reduceMax, { x: input([2, 5, 3]) }),
  },
  {
    op: "ReduceSum",
    make: ({ graph }, input) => graph.apply(ops.reduceSum, { x: input([2, 19, 3]) }),
  },
  {
    op: "Reshape",
    of: "of columns, which are moved together",
    make: ({ graph }, input) => {
      const x = graph.apply(ops.sliceColumns, { x: input([4, 6]) }, { start: 1, end: 4 });
      return graph.apply(ops.reshape, { x }, { shape: [2, 6] });
    },
  },
  {
    op: "RMSNormalization",
    make: ({ graph }, input) =>
      graph.apply(ops.rmsNormalization, { x: input([3, 5]), gamma: input([5]) }, { epsilon: 1e-3 }),
  },
  {
    op: "Rotary",
    make: (build, input) => {
      const angles = build.constant([3, 2, 2], [1, 0.5, 0, 0.8, 0.6, 1, 0.8, 0, 0, -1, 1, 0]);
      return build.graph.apply(ops.rotary, { x: input([3, 8]), angles });
    },
  },
  ...[false, true].map((reverse): GradientCase => ({
    op: "Scan",
    of: reverse ? "from the end" : "from the beginning",
    make: ({ graph }, input) =>
      graph.apply(ops.scan, { f: input([4, 3]), x: input([4, 3]), initial: input([3]) }, {
        reverse,
      }),
  })),
  {
    op: "SelectRow",
    make: ({ graph }, input) => graph.apply(ops.selectRow, { x: input([2, 4, 3]) }, { row: 2 }),
  },
  {
    op: "SliceColumns",
    make: ({ graph }, input) =>
      graph.apply(ops.sliceColumns, { x: input([2, 5]) }, { start: 1, end: 4 }),
  },
  { op: "Softmax", make: ({ graph }, input) => graph.apply(ops.softmax, { x: input([3, 5]) }) },
  {
    op: "Sub",
    make: ({ graph }, input) => graph.apply(ops.sub, { a: input([3, 4]), b: input([1]) }),
  },
  {
    op: "SwiGlu",
    make: ({ graph }, input) => graph.apply(ops.swiglu, { gate: input([3, 4]), up: input([3, 4]) }),
  },
  ...[[0, 2, 3, 1], [0, 3, 1, 2], [1, 0, 2, 3], [0, 1, 3, 2], [0, 1, 2, 3]].map(
    (perm): GradientCase => ({
      op: "Transpose",
      of: `${perm}`,
      make: ({ graph }, input) => graph.apply(ops.transpose, { x: input([2, 3, 4, 5]) }, { perm }),
    }),
  ),
  ...UNARY_FUNCTIONS.filter((kind) => !STEPS.includes(kind)).map((kind): GradientCase => ({
    op: "Unary",
    of: kind,
    make: (build, input) => build.unary(input([11], POSITIVE.includes(kind) ? 1.2 : 0.037), kind),
  })),
  {
    op: "Where",
    make: ({ graph }, input) => {
      const condition = graph.constant("", {
        dtype: "f32",
        shape: [3, 1],
        data: Float32Array.of(1, 0, 2),
      });
      return graph.apply(ops.where, { condition, a: input([3, 4]), b: input([4]) });
    },
  },
];
