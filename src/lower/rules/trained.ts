/** Ops of networks that train to instructions of the module for training. */
import { FewbitError } from "../../errors.ts";
import { product, sameShape, times } from "../../graph/extent.ts";
import type { Extent, Node, Value } from "../../graph/graph.ts";
import type { NodeNamed, OpName } from "../../graph/op_names.ts";
import { swappedBlocks } from "../../graph/ops/transpose.ts";
import { BINARY_FUNCTIONS } from "../../instructions/binary_functions.ts";
import type { BinaryFunction } from "../../instructions/binary_functions.ts";
import { UNARY_FUNCTIONS } from "../../instructions/unary_functions.ts";
import type { UnaryFunction } from "../../instructions/unary_functions.ts";
import { float32 } from "../constants.ts";
import { denseView, repeatedView, temporary } from "../dense_view.ts";
import type { Lowering } from "../lowering.ts";
import { cannotCompile } from "../rule.ts";
import type { RulesOf } from "../rule.ts";
import { sumsOf } from "../sums.ts";

/** Rules of ops that are elementwise, sums, products of matrices, or move elements. */
export const TRAINED_RULES = {
  // `expandBatchNormalization` makes others of it.
  BatchNormalization(lowering, node) {
    expectTraining(lowering, node.op);
    cannotCompile(lowering, node);
  },
  Div: (lowering, node) => emitBinary(lowering, node, "divide"),
  Dropout(lowering, { inputs: { x, random }, attributes: { ratio, stream }, outputs: { y } }) {
    if (random === undefined) return lowering.alias(y, lowering.placed(x));
    expectTraining(lowering, "Dropout");
    const threshold = Math.floor(ratio * 2 ** 32);
    lowering.emit(y, "dropout_f32", {
      x: lowering.operand(x),
      random: lowering.operand(random),
      mask: lowering.literal(`dropout ${threshold} ${stream}`, () => ({
        dtype: "i32",
        shape: [2],
        data: Int32Array.of(threshold, stream),
      })),
      scale: float32(lowering, 1 / (1 - ratio)),
      y: lowering.result(y),
    });
  },
  EmbeddingGradient(lowering, { inputs: { index, dy }, outputs: { y } }) {
    expectTraining(lowering, "EmbeddingGradient");
    lowering.emit(y, "embedding_gradient_f32", {
      index: lowering.operand(index),
      dy: lowering.operand(dy),
      dtable: lowering.result(y),
    });
  },
  Expand(lowering, { inputs: { x }, outputs: { y } }) {
    expectTraining(lowering, "Expand");
    const [outer, times, columns] = middleOf(y);
    lowering.emit(y, "expand_f32", {
      x: denseView(lowering, x, [outer, columns]),
      y: lowering.result(y, [outer, times, columns]),
    });
  },
  Less: (lowering, node) => emitBinary(lowering, node, "less"),
  LogSoftmax(lowering, { inputs: { x }, outputs: { y } }) {
    expectTraining(lowering, "LogSoftmax");
    lowering.emit(y, "log_softmax_f32", { x: lowering.operand(x), y: lowering.result(y) });
  },
  Masked(lowering, { inputs: { x, bits }, outputs: { y } }) {
    expectTraining(lowering, "Masked");
    const eights = [bits.shape[0], 8];
    lowering.emit(y, "masked_f32", {
      x: denseView(lowering, x, eights),
      bits: lowering.operand(bits),
      y: lowering.result(y, eights),
    });
  },
  MatMul(lowering, { inputs: { a, b }, attributes, outputs: { y } }) {
    expectTraining(lowering, "MatMul");
    const { transposeA = false, transposeB = false } = attributes;
    const name = transposeA ? "matmul_tn_f32" : transposeB ? "matmul_nt_f32" : "matmul_nn_f32";
    const [batch] = matricesOf(y);
    lowering.emit(y, name, {
      a: a.shape.length === 2 && batch !== 1
        ? repeatedView(lowering, a, [batch, ...a.shape])
        : denseView(lowering, a, matricesOf(a)),
      b: denseView(lowering, b, matricesOf(b)),
      y: lowering.result(y, matricesOf(y)),
    }, sumsOf(lowering, y));
  },
  Max: (lowering, node) => emitBinary(lowering, node, "maximum"),
  MeanVarianceGradient(lowering, { inputs, attributes: { center = true }, outputs: { y } }) {
    expectTraining(lowering, "MeanVarianceGradient");
    const extents = middleOf(y);
    lowering.emit(y, "mean_variance_gradient_f32", {
      y: denseView(lowering, inputs.normalized, extents),
      inverse: denseView(lowering, inputs.inverse, [extents[0], extents[2]]),
      dy: denseView(lowering, inputs.dy, extents),
      dx: lowering.result(y, extents),
    }, { center: center ? 1 : 0 });
  },
  MeanVarianceNormalization(lowering, { inputs: { x }, attributes, outputs }) {
    expectTraining(lowering, "MeanVarianceNormalization");
    const [outer, length, columns] = middleOf(x);
    const moments = temporary(lowering, [outer, 3, columns]);
    lowering.emit(Object.values(outputs), "mean_variance_f32", {
      x: denseView(lowering, x, [outer, length, columns]),
      epsilon: float32(lowering, attributes.epsilon),
      moments: moments.view,
      y: lowering.result(outputs.y, [outer, length, columns]),
    }, { center: attributes.center === false ? 0 : 1 });
    [outputs.mean, outputs.variance, outputs.inverse].forEach((value, i) =>
      lowering.alias(value, {
        tensor: moments.tensor,
        offset: times(columns, i),
        extents: value.shape,
        rowStride: times(columns, 3),
      })
    );
  },
  Min: (lowering, node) => emitBinary(lowering, node, "minimum"),
  Mul: (lowering, node) => emitBinary(lowering, node, "multiply"),
  OneHot(lowering, { inputs: { index }, attributes: { on = 1, off = 0 }, outputs: { y } }) {
    expectTraining(lowering, "OneHot");
    lowering.emit(y, "one_hot_f32", {
      index: lowering.operand(index),
      values: lowering.literal(`one hot ${off} ${on}`, () => ({
        dtype: "f32",
        shape: [2],
        data: Float32Array.of(off, on),
      })),
      y: lowering.result(y),
    });
  },
  PadColumns(lowering, { inputs: { x }, attributes: { before }, outputs: { y } }) {
    // What an instruction has not written is zero.
    lowering.result(y);
    const placed = lowering.placed(y);
    lowering.emit(y, "copy", {
      x: lowering.operand(x),
      y: lowering.view({ ...placed, offset: before, extents: x.shape }),
    });
  },
  ReduceMax: (lowering, node) => emitReduce(lowering, node, 1),
  ReduceSum: (lowering, node) => emitReduce(lowering, node, 0),
  Scan(lowering, { inputs: { f, x, initial }, attributes: { reverse = false }, outputs: { y } }) {
    expectTraining(lowering, "Scan");
    lowering.emit(y, "scan_f32", {
      f: lowering.operand(f),
      x: lowering.operand(x),
      initial: lowering.optional(initial),
      y: lowering.result(y),
    }, { reverse: reverse ? 1 : 0 });
  },
  SignBits(lowering, { inputs: { x }, outputs: { y } }) {
    expectTraining(lowering, "SignBits");
    lowering.emit(y, "sign_bits", {
      x: denseView(lowering, x, [y.shape[0], 8]),
      y: lowering.result(y),
    });
  },
  Sub: (lowering, node) => emitBinary(lowering, node, "subtract"),
  Transpose(lowering, { inputs: { x }, attributes: { perm }, outputs: { y } }) {
    expectTraining(lowering, "Transpose");
    const [a, b, c, d] = swappedBlocks(x.shape, perm).extents;
    lowering.emit(y, "transpose_f32", {
      x: denseView(lowering, x, [a, b, c, d]),
      y: lowering.result(y, [a, c, b, d]),
    });
  },
  Unary(lowering, { inputs: { x }, attributes: { kind }, outputs: { y } }) {
    emitUnary(lowering, x, y, kind);
  },
  UnaryGradient(lowering, { inputs: { x, dy }, attributes: { kind }, outputs: { y } }) {
    expectTraining(lowering, "UnaryGradient");
    lowering.emit(y, "unary_gradient_f32", {
      x: lowering.operand(x),
      dy: lowering.operand(dy),
      dx: lowering.result(y),
    }, { unary: UNARY_FUNCTIONS.indexOf(kind) });
  },
  Where(lowering, { inputs: { condition, a, b }, outputs: { y } }) {
    expectTraining(lowering, "Where");
    lowering.emit(y, "where_f32", {
      a: lowering.operand(a),
      b: sameShape(a.shape, b.shape) ? lowering.operand(b) : repeatedView(lowering, b, a.shape),
      condition: lowering.operand(condition),
      y: lowering.result(y),
    });
  },
} satisfies Partial<RulesOf<OpName>>;

/** Throws unless the program is one for the module that trains. */
export function expectTraining({ options }: Lowering, op: string): void {
  if (options.training) return;
  throw new FewbitError(
    "unsupported",
    `Cannot compile op ${op} for engines that only run networks: compile with { training: true }`,
  );
}

/** Adds a function of one number, computed and not looked up. */
export function emitUnary(lowering: Lowering, x: Value, y: Value, kind: string): void {
  expectTraining(lowering, `Unary of ${kind}`);
  const place = UNARY_FUNCTIONS.indexOf(kind as UnaryFunction);
  if (place < 0) {
    throw new FewbitError("unsupported", `Cannot compile the activation ${kind} for training`);
  }
  lowering.emit(y, "unary_f32", { x: lowering.operand(x), y: lowering.result(y) }, {
    unary: place,
  });
}

/** Adds a linear layer whose weights are no constants. */
export function emitTrainedLinear(
  lowering: Lowering,
  { x, weight, bias }: NodeNamed<"Linear">["inputs"],
  y: Value,
): void {
  const rows = product(x.shape.slice(0, -1));
  const [n, k] = weight.shape;
  lowering.emit(y, "matmul_nt_f32", {
    a: lowering.shaped(x, [1, rows, k]),
    b: denseView(lowering, weight, [1, n, k]),
    bias: lowering.optional(bias),
    y: lowering.result(y, [1, rows, n]),
  }, sumsOf(lowering, y));
}

function emitBinary(
  lowering: Lowering,
  { op, inputs, outputs }: Pick<Node, "op"> & {
    readonly inputs: { readonly a: Value; readonly b: Value };
    readonly outputs: { readonly y: Value };
  },
  kind: BinaryFunction,
): void {
  expectTraining(lowering, op);
  lowering.emit(outputs.y, "binary_f32", {
    a: lowering.operand(inputs.a),
    b: lowering.operand(inputs.b),
    y: lowering.result(outputs.y),
  }, { binary: BINARY_FUNCTIONS.indexOf(kind) });
}

function emitReduce(
  lowering: Lowering,
  { op, inputs, outputs }: Pick<Node, "op"> & {
    readonly inputs: { readonly x: Value };
    readonly outputs: { readonly y: Value };
  },
  kind: number,
): void {
  expectTraining(lowering, op);
  const extents = middleOf(inputs.x);
  lowering.emit(outputs.y, "reduce_f32", {
    x: denseView(lowering, inputs.x, extents),
    y: lowering.result(outputs.y, [extents[0], extents[2]]),
  }, { reduction: kind });
}

/** All axes before the last but one as one, then those two. */
function middleOf({ shape }: Value): [Extent, Extent, Extent] {
  const [middle, last] = shape.slice(-2);
  return [product(shape.slice(0, -2)), middle, last];
}

/** A batch of matrices. */
function matricesOf({ shape }: Value): Extent[] {
  return [product(shape.slice(0, -2)), ...shape.slice(-2)];
}
