/** Convolutions and pooling of pictures to instructions of the module for training. */
import type { Value } from "../../graph/graph.ts";
import type { OpName } from "../../graph/op_names.ts";
import type { AveragePoolAttributes } from "../../graph/ops/average_pool.ts";
import { tapsOf } from "../../graph/convolution.ts";
import type { ConvolutionAttributes } from "../../graph/convolution.ts";
import { windowsOf } from "../../graph/pooling.ts";
import type { Windows } from "../../graph/pooling.ts";
import type { Index } from "../../program/program.ts";
import type { Lowering } from "../lowering.ts";
import type { RulesOf } from "../rule.ts";
import { sumsOf } from "../sums.ts";
import { expectTraining } from "./trained.ts";

/** Rules of convolutions and pooling. */
export const TRAINED_PICTURE_RULES = {
  AveragePool(lowering, { inputs: { x }, attributes, outputs: { y } }) {
    expectTraining(lowering, "AveragePool");
    const windows = windowsOf(x, attributes, "AveragePool");
    lowering.emit(y, "average_pool_f32", {
      x: lowering.operand(x),
      divisor: divisors(lowering, x, windows, attributes),
      y: lowering.result(y),
    }, pooling(windows));
  },
  AveragePoolGradient(lowering, { inputs: { dy }, attributes, outputs: { y } }) {
    expectTraining(lowering, "AveragePoolGradient");
    const windows = windowsOf(y, attributes, "AveragePoolGradient");
    lowering.emit(y, "average_pool_gradient_f32", {
      dy: lowering.operand(dy),
      divisor: divisors(lowering, y, windows, attributes),
      dx: lowering.result(y),
    }, pooling(windows));
  },
  Conv(lowering, { inputs: { x, weight, bias }, attributes, outputs: { y } }) {
    expectTraining(lowering, "Conv");
    lowering.emit(y, "conv_f32", {
      x: lowering.operand(x),
      weight: lowering.operand(weight),
      bias: lowering.optional(bias),
      y: lowering.result(y),
    }, { ...convolution(attributes), ...sumsOf(lowering, y) });
  },
  ConvTranspose(lowering, { inputs: { x, weight }, attributes, outputs: { y } }) {
    expectTraining(lowering, "ConvTranspose");
    lowering.emit(y, "conv_transpose_f32", {
      x: lowering.operand(x),
      weight: lowering.operand(weight),
      y: lowering.result(y),
    }, { ...convolution(attributes), ...sumsOf(lowering, y) });
  },
  ConvWeightGradient(lowering, { inputs: { x, dy }, attributes, outputs: { y } }) {
    expectTraining(lowering, "ConvWeightGradient");
    lowering.emit(y, "conv_weight_gradient_f32", {
      x: lowering.operand(x),
      dy: lowering.operand(dy),
      dw: lowering.result(y),
    }, { ...convolution(attributes), ...sumsOf(lowering, y) });
  },
  MaxPool(lowering, { inputs: { x }, attributes, outputs: { y } }) {
    expectTraining(lowering, "MaxPool");
    const windows = windowsOf(x, attributes, "MaxPool");
    lowering.emit(y, "max_pool_f32", {
      x: lowering.operand(x),
      y: lowering.result(y),
    }, dilated(windows));
  },
  MaxPoolGradient(lowering, { inputs: { x, dy }, attributes, outputs: { y } }) {
    expectTraining(lowering, "MaxPoolGradient");
    const windows = windowsOf(x, attributes, "MaxPoolGradient");
    lowering.emit(y, "max_pool_gradient_f32", {
      x: lowering.operand(x),
      dy: lowering.operand(dy),
      dx: lowering.result(y),
    }, dilated(windows));
  },
  MaxPoolPlaces(lowering, { inputs: { x }, attributes, outputs: { y } }) {
    expectTraining(lowering, "MaxPoolPlaces");
    const windows = windowsOf(x, attributes, "MaxPoolPlaces");
    lowering.emit(y, "max_pool_places_f32", {
      x: lowering.operand(x),
      y: lowering.result(y),
    }, dilated(windows));
  },
  MaxPoolScatter(lowering, { inputs: { places, dy }, attributes, outputs: { y } }) {
    expectTraining(lowering, "MaxPoolScatter");
    const windows = windowsOf(y, attributes, "MaxPoolScatter");
    lowering.emit(y, "max_pool_scatter_f32", {
      places: lowering.operand(places),
      dy: lowering.operand(dy),
      dx: lowering.result(y),
    }, dilated(windows));
  },
} satisfies Partial<RulesOf<OpName>>;

type Attributes = Readonly<Record<string, number>>;

function convolution(attributes: ConvolutionAttributes): Attributes {
  const { strides, pads, dilations, group } = tapsOf(attributes, "convolution");
  return {
    stride_h: strides[0],
    stride_w: strides[1],
    pad_top: pads[0],
    pad_left: pads[1],
    dilation_h: dilations[0],
    dilation_w: dilations[1],
    group,
  };
}

function pooling({ kernel, strides, pads }: Windows): Attributes {
  return {
    kernel_h: kernel[0],
    kernel_w: kernel[1],
    stride_h: strides[0],
    stride_w: strides[1],
    pad_top: pads[0],
    pad_left: pads[1],
  };
}

function dilated(windows: Windows): Attributes {
  const [dilation_h, dilation_w] = windows.dilations;
  return { ...pooling(windows), dilation_h, dilation_w };
}

/** What the sum of each window is divided by: its places in the picture, or in the padded picture. */
function divisors(
  lowering: Lowering,
  { shape }: Value,
  { kernel, strides, pads, outputs }: Windows,
  { countIncludePad = true }: AveragePoolAttributes,
): Index {
  const along = (axis: 0 | 1): number[] => {
    const extent = shape[axis + 1] as number;
    const [before, after] = countIncludePad ? [pads[axis], pads[axis + 2]] : [0, 0];
    return Array.from({ length: outputs[axis] }, (_, i) => {
      const first = i * strides[axis] - pads[axis];
      return Math.min(first + kernel[axis], extent + after) - Math.max(first, -before);
    });
  };
  const [rows, columns] = [along(0), along(1)];
  return lowering.literal(`divisors ${rows};${columns}`, () => ({
    dtype: "f32",
    shape: [...outputs],
    data: Float32Array.from(rows.flatMap((row) => columns.map((column) => row * column))),
  }));
}
