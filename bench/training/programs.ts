/** Programs of single instructions of training, all of whose operands are inputs. */
import { loadWasm } from "../../src/engines/wasm/load.ts";
import type { Build } from "../../src/engines/wasm/module.ts";
import { trainBuild } from "../../src/engines/wasm/train_module.ts";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { bytesOf } from "../../src/tensor.ts";
import { encodeProgram } from "../../src/program/encode.ts";

/**
 * a `[M, K]` times b `[K, N]`, of which the first row `y` is handed out. Both are inputs, or parameters that are there
 * already and that no kernel may prepare, as a step may change them.
 */
export async function openProduct(
  [m, k, n]: readonly number[],
  { resident, build = trainBuild() }: {
    readonly resident?: { readonly a: Float32Array; readonly b: Float32Array };
    readonly build?: Build;
  } = {},
): Promise<SyncInstance> {
  const builder = new ProgramBuilder();
  const [one, rows, inner, columns] = [1, m, k, n].map((extent) => builder.expression(extent));
  const operand = (name: "a" | "b", extents: number[]) =>
    builder.whole(builder.tensor({
      region: resident === undefined ? "input" : "parameter",
      dtype: "f32",
      extents,
      name,
      ...(resident !== undefined && { data: bytesOf(resident[name]) }),
    }));
  const product = builder.tensor({
    region: "arena",
    dtype: "f32",
    extents: [one, rows, columns],
  });
  const extents = [one, columns];
  const y = builder.tensor({ region: "output", dtype: "f32", extents, name: "y" });
  builder.instruction("matmul_nn_f32", {
    a: operand("a", [one, rows, inner]),
    b: operand("b", [one, inner, columns]),
    y: builder.whole(product),
  });
  const row = builder.view(product, extents, columns);
  builder.instruction("copy", { x: row, y: builder.whole(y) });
  builder.entry("main");
  return await loadWasm(await encodeProgram(builder.finish()), { build });
}

/** A convolution of `[batch, height, width, channels]` with TensorFlow's padding "same". */
export interface Layer {
  readonly name: string;
  readonly x: readonly [batch: number, height: number, width: number, channels: number];
  readonly kernel: readonly [height: number, width: number];
  readonly outputs: number;
  readonly stride: number;
  readonly depthwise?: boolean;
}

/** Extents of what a layer gives. */
export function outputOf({ x: [batch, height, width], outputs, stride }: Layer): number[] {
  return [batch, Math.ceil(height / stride), Math.ceil(width / stride), outputs];
}

/** Extents of its weights as we have them. */
export function weightOf({ x, kernel, outputs, depthwise }: Layer): number[] {
  return [outputs, ...kernel, depthwise === true ? 1 : x[3]];
}

/** Forward and both gradients: y and dx stay in memory, dw is handed out. */
export async function openLayer(layer: Layer): Promise<SyncInstance> {
  const { x, kernel, outputs, stride } = layer;
  const builder = new ProgramBuilder();
  const shapes = { x, weight: weightOf(layer), dy: outputOf(layer) };
  const tensor = (region: "input" | "arena" | "output", shape: readonly number[], name?: string) =>
    builder.whole(builder.tensor({
      region,
      dtype: "f32",
      extents: shape.map((extent) => builder.expression(extent)),
      ...(name !== undefined && { name }),
    }));
  const [at, weight, dy] = Object.entries(shapes).map(([name, shape]) =>
    tensor("input", shape, name)
  );
  const [pad_top, pad_left] = [0, 1].map((axis) => {
    const missing = (shapes.dy[axis + 1] - 1) * stride + kernel[axis] - x[axis + 1];
    return Math.floor(Math.max(0, missing) / 2);
  });
  const attributes = {
    ...{ stride_h: stride, stride_w: stride, pad_top, pad_left, dilation_h: 1, dilation_w: 1 },
    group: layer.depthwise === true ? outputs : 1,
  };
  builder.instruction("conv_f32", { x: at, weight, y: tensor("arena", shapes.dy) }, attributes);
  builder.instruction("conv_transpose_f32", { x: dy, weight, y: tensor("arena", x) }, attributes);
  builder.instruction(
    "conv_weight_gradient_f32",
    { x: at, dy, dw: tensor("output", shapes.weight, "dw") },
    attributes,
  );
  builder.entry("main");
  return await loadWasm(await encodeProgram(builder.finish()), { build: trainBuild() });
}
