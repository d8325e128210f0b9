/** Convolutions, pooling and resizing of the oracle. */
import { averagePool, conv, convTranspose, maxPool } from "../../../src/graph/ops/mod.ts";
import type { Value } from "../../../src/graph/graph.ts";
import type { ConvolutionAttributes } from "../../../src/graph/convolution.ts";
import { resize } from "../../../src/training/layers/resize.ts";
import { channelsFirst, channelsLast } from "./_layouts.ts";
import type { Build } from "./_oracle.ts";

/** The attributes of a case that the op has. */
// deno-lint-ignore no-explicit-any
function taps({ strides, pads, dilations, group }: any): ConvolutionAttributes {
  return { strides, pads, dilations, group };
}

/** By the oracle's name of the op. */
export const PICTURES: Readonly<Record<string, Build>> = {
  Conv(build, { x, w, b }, attributes) {
    const inputs = { x: channelsLast(build, x), weight: channelsLast(build, w), bias: b };
    return { y: channelsFirst(build, build.graph.apply(conv, inputs, taps(attributes))) };
  },
  ConvTranspose(build, { x, w, b }, attributes) {
    const { strides, pads, dilations, kernel_shape, output_padding } = attributes;
    const extents = [0, 1].map((axis) =>
      ((x.shape[2 + axis] as number) - 1) * strides[axis] - pads[axis] - pads[axis + 2] +
      dilations[axis] * (kernel_shape[axis] - 1) + 1 + output_padding[axis]
    );
    const inputs = { x: channelsLast(build, x), weight: channelsLast(build, w) };
    const y = build.graph.apply(convTranspose, inputs, { ...taps(attributes), extents });
    return { y: channelsFirst(build, b === undefined ? y : build.add(y, b)) };
  },
  "1x1 Conv + LoRA"(build, { x, w, a, b }, { alpha, r }) {
    const picture = channelsLast(build, x);
    const by = (x: Value, weight: Value): Value => {
      const [outputs, inputs] = weight.shape;
      return build.graph.apply(conv, { x, weight: build.reshape(weight, [outputs, 1, 1, inputs]) });
    };
    const adapted = build.scale(by(by(picture, a), b), alpha / r);
    return { y: channelsFirst(build, build.add(by(picture, w), adapted)) };
  },
  MaxPool(build, { x }, { kernel_shape, strides, pads_tblr: [t, b, l, r], dilations, ceil_mode }) {
    const y = build.graph.apply(maxPool, { x: channelsLast(build, x) }, {
      kernel: kernel_shape,
      strides,
      pads: [t, l, b, r],
      dilations,
      ceilMode: ceil_mode,
    });
    return { y: channelsFirst(build, y) };
  },
  AveragePool(build, { x }, { kernel_shape, strides, pads, ceil_mode, count_include_pad }) {
    const y = build.graph.apply(averagePool, { x: channelsLast(build, x) }, {
      kernel: kernel_shape,
      strides,
      pads,
      ceilMode: ceil_mode,
      countIncludePad: count_include_pad,
    });
    return { y: channelsFirst(build, y) };
  },
  Resize(build, { x }, { mode, coordinate_transformation_mode: transformation, sizes }) {
    const kind = mode === "nearest"
      ? "nearest"
      : transformation === "half_pixel"
      ? "bilinear"
      : "bilinear_align_corners";
    return { y: channelsFirst(build, resize(build, channelsLast(build, x), sizes, kind)) };
  },
};
