/** A layer of CMSIS-NN's tests as a program: patches of the input, then `linear_i8`. */
import assert from "node:assert/strict";
import { ROUNDING } from "../../src/instructions/mod.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { PANEL_ELEMENTS } from "../../src/layouts/elements.ts";
import type { CompiledProgram, Index, Region } from "../../src/program/program.ts";
import type { DType, TensorData } from "../../src/tensor.ts";
import type { Definitions } from "./_c_header.ts";
import { eightBits } from "./_eight_bits.ts";

/** Row of the padded input that holds the padding. */
const PADDING = 0;

/**
 * `clamp(requantize(Σ (x + input_offset)·(w + filter_offset) + bias) + output_offset)` on images
 * `[batch, pixels, channels]`; a fully connected layer has one pixel.
 *
 * Offsets of the input go into the bias; those of the weight into the weight, which then is a sum of
 * two of 8 bits beside each other, so that patches repeat; a narrower clamp goes into the table.
 *
 * @param rounding `double` is CMSIS-NN's own.
 * @returns The program, with an input `x` and an output `y`.
 */
export function cmsisLayer(
  { numbers, arrays }: Definitions,
  rounding = "double",
): CompiledProgram {
  const number = (name: string): number => numbers.get(name) ?? 0;
  const array = (name: string) => arrays.get(name)?.values;
  assert.equal(arrays.get("weights")!.type, "int8_t");
  const weight = array("weights")!.map((w) => w + number("filter_offset"));
  const [batch, n] = ["input_batches", "out_ch"].map(number);
  const k = weight.length / n;
  const parts = eightBits(weight);
  const { taps, pixels, channels } = geometry(numbers, k);
  const places = taps.length;
  const columns = parts.length * k;

  const builder = new ProgramBuilder();
  const tensor = (region: Region, name: string, dtype: DType, extents: number[]): Index =>
    builder.tensor({ region, name, dtype, extents: extents.map((e) => builder.expression(e)) });
  const constant = (dtype: DType, extents: number[], data: TensorData): Index =>
    builder.whole(builder.tensor({
      region: "constant",
      dtype,
      extents: extents.map((extent) => builder.expression(extent)),
      data: new Uint8Array(data.buffer),
    }));
  const words = (values: readonly number[]): Index =>
    constant("i32", [values.length], Int32Array.from(values));

  let rows = tensor("input", "x", "i8", [batch, pixels, channels]);
  const index = taps.flatMap((place) => parts.flatMap(() => place));
  if (index.length > 1) {
    const padded = tensor("arena", "", "i8", [batch, pixels + 1, channels]);
    const code = new Int8Array(channels).fill(-number("input_offset"));
    builder.instruction("concat_rows", {
      first: constant("i8", [1, channels], code),
      x: builder.whole(rows),
      y: builder.whole(padded),
    });
    rows = tensor("arena", "", "i8", [batch, index.length, channels]);
    builder.instruction("gather_rows", {
      x: builder.whole(padded),
      index: words(index),
      y: builder.whole(rows),
    });
  }
  const wide = new Int8Array(n * columns);
  parts.forEach((part, p) =>
    part.forEach((w, i) => wide[(Math.floor(i / k) * parts.length + p) * k + i % k] = w)
  );
  const bias = Array.from({ length: n }, (_, row) => {
    const sum = weight.slice(row * k, (row + 1) * k).reduce((a, b) => a + b, 0);
    return (array("biases")?.[row] ?? 0) + number("input_offset") * sum;
  });
  const [low, high] = [number("out_activation_min"), number("out_activation_max")];
  const clamp = Int8Array.from({ length: 256 }, (_, i) => Math.max(low, Math.min(high, i - 128)));
  builder.instruction("linear_i8", {
    x: builder.view(
      rows,
      [builder.expression(batch * places), builder.expression(columns)],
      builder.expression(columns),
    ),
    weight: builder.whole(builder.tensor({
      region: "constant",
      dtype: "i8",
      layout: "panel_8x4",
      extents: [builder.expression(n), builder.expression(columns)],
      data: PANEL_ELEMENTS.panel_8x4.pack(wide, n, columns),
    })),
    bias: words(bias),
    multiplier: words(array("output_mult") ?? [number("output_multiplier")]),
    shift: words((array("output_shift") ?? [number("output_shift")]).map((shift) => 31 - shift)),
    zero_point: words([number("output_offset")]),
    table: low === -128 && high === 127 ? undefined : constant("i8", [256], clamp),
    y: builder.whole(tensor("output", "y", "i8", [batch * places, n])),
  }, { rounding: ROUNDING.values!.indexOf(rounding) });
  builder.entry("main");
  return builder.finish();
}

/** For each place of the kernel, the rows of the padded input that it sees. */
function geometry(
  numbers: ReadonlyMap<string, number>,
  k: number,
): { taps: number[][]; pixels: number; channels: number } {
  if (!numbers.has("filter_x")) return { taps: [[PADDING + 1]], pixels: 1, channels: k };
  const axis = (of: string): number[] => [`${of}_y`, `${of}_x`].map((name) => numbers.get(name)!);
  const [kernelY, kernelX] = axis("filter");
  const [strideY, strideX] = axis("stride");
  const [padY, padX] = axis("pad");
  const [dilationY, dilationX] = axis("dilation");
  const [height, width, outY, outX] = ["input_h", "input_w", "output_h", "output_w"]
    .map((name) => numbers.get(name)!);
  const taps: number[][] = [];
  for (let place = 0; place < outY * outX; place++) {
    const [oy, ox] = [Math.floor(place / outX), place % outX];
    taps.push(Array.from({ length: kernelY * kernelX }, (_, tap) => {
      const y = oy * strideY - padY + Math.floor(tap / kernelX) * dilationY;
      const x = ox * strideX - padX + (tap % kernelX) * dilationX;
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      return inside ? 1 + y * width + x : PADDING;
    }));
  }
  return { taps, pixels: height * width, channels: numbers.get("in_ch")! };
}
