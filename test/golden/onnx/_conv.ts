/** Convolutions as a gather of patches (im2col) and a linear layer. */
import type { Value } from "../../../src/graph/graph.ts";
import { floatLinear, integerLinear, requantized, zeroPointOf } from "./_matmul.ts";
import type { Linear } from "./_matmul.ts";
import { numbersOf } from "./_numbers.ts";
import type { OneNode } from "./_one_node.ts";
import { positionsOf, stridesOf, transposition } from "./_shape.ts";

/** Float32. */
export function conv(node: OneNode): void {
  const { shape, data } = node.tensor(0);
  const bias = node.optional(2);
  const x = node.input(0, [1, data.length]);
  const weight = numbersOf(node.tensor(1));
  const linear = floatLinear(node, bias && numbersOf(bias));
  const [y, outputs] = convolved(node, x, shape, node.tensor(1).shape, weight, 0, linear);
  node.output(y, outputs);
}

/** Codes to accumulators. */
export function convInteger(node: OneNode): void {
  const { shape } = node.tensor(0);
  const x = node.codes(0, zeroPointOf(node, 2));
  const weight = centred(node, 1, 3);
  const linear = integerLinear(node, x.zeroPoint);
  const args = [node, x.value, shape, node.tensor(1).shape, weight, x.zeroPoint, linear] as const;
  node.output(...convolved(...args));
}

/** Codes to codes. */
export function qLinearConv(node: OneNode): void {
  const { shape } = node.tensor(0);
  const x = node.codes(0, zeroPointOf(node, 2));
  const [xScale, yScale] = [1, 6].map((i) => numbersOf(node.tensor(i))[0]);
  const zeroPoint = node.tensor(7);
  const bias = node.optional(8);
  const linear = integerLinear(node, x.zeroPoint, bias && numbersOf(bias));
  const scales = numbersOf(node.tensor(4)).map((scale) => scale * xScale);
  const [y, outputs] = convolved(
    node,
    x.value,
    shape,
    node.tensor(3).shape,
    centred(node, 3, 5),
    x.zeroPoint,
    (rows, weight, n, k) => {
      const z = linear(rows, weight, n, k);
      return requantized(node, z, scales, yScale, numbersOf(zeroPoint)[0], zeroPoint.dtype);
    },
  );
  node.outputCodes(y, zeroPoint.dtype, outputs);
}

/** Weight codes less their zero points (one for all, or one for each output channel). */
function centred(node: OneNode, index: number, zeroPointIndex: number): number[] {
  const { shape } = node.tensor(index);
  const codes = numbersOf(node.tensor(index));
  const zero = node.optional(zeroPointIndex);
  const zeroPoints = zero === undefined ? [0] : numbersOf(zero);
  const channel = codes.length / shape[0];
  return codes.map((code, i) => code - zeroPoints[Math.floor(i / channel) % zeroPoints.length]);
}

/** Where the kernel goes along one axis. */
interface Sweep {
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
}

function convolved(
  node: OneNode,
  x: Value,
  [batch, channels, ...extents]: readonly number[],
  [features, , ...kernel]: readonly number[],
  weight: readonly number[],
  padding: number,
  linear: Linear,
): [Value, number[]] {
  if (node.number("group", 1) !== 1) throw new Error("no grouped convolution");
  const sweeps = extents.map((extent, i) => sweepOf(node, extent, kernel[i], i, extents.length));
  const outputs = sweeps.map(({ output }) => output);
  const strides = stridesOf([batch, channels, ...extents]);
  const indices: number[] = [];
  for (const [image, ...at] of positionsOf([batch, ...outputs])) {
    for (const [channel, ...tap] of positionsOf([channels, ...kernel])) {
      const position = sweeps.map((s, i) => at[i] * s.stride + tap[i] * s.dilation - s.before);
      const inside = position.every((p, i) => p >= 0 && p < extents[i]);
      const flat = [image, channel, ...position].reduce((sum, p, i) => sum + p * strides[i], 0);
      indices.push(inside ? flat : -1);
    }
  }
  const k = weight.length / features;
  const places = indices.length / k / batch;
  const rows = node.pick(x, indices, [batch * places, k], padding);
  const y = linear(rows, weight, features, k);
  const order = transposition([batch, places, features], [0, 2, 1]);
  return [
    node.pick(y, order, [1, order.length]),
    [batch, features, ...outputs],
  ];
}

function sweepOf(node: OneNode, extent: number, kernel: number, i: number, axes: number): Sweep {
  const stride = node.integers("strides")?.[i] ?? 1;
  const dilation = node.integers("dilations")?.[i] ?? 1;
  const reach = (kernel - 1) * dilation + 1;
  const common = { kernel, stride, dilation };
  const auto = node.string("auto_pad", "NOTSET");
  if (auto.startsWith("SAME")) {
    const output = Math.ceil(extent / stride);
    const total = Math.max(0, (output - 1) * stride + reach - extent);
    const before = auto === "SAME_LOWER" ? Math.ceil(total / 2) : Math.floor(total / 2);
    return { ...common, output, before };
  }
  const pads = auto === "VALID" ? undefined : node.integers("pads");
  const [before, after] = [pads?.[i] ?? 0, pads?.[i + axes] ?? 0];
  return { ...common, before, output: Math.floor((extent + before + after - reach) / stride) + 1 };
}
