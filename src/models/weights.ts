/** Weights of a model by name, as float32. */
import { FewbitError } from "../errors.ts";
import { halfToFloat } from "../numeric/float16.ts";
import type { Tensor } from "../tensor.ts";

/** Tensors of a checkpoint by name. */
export type Weights = ReadonlyMap<string, Tensor>;

/** A weight as float32 with the extents that a model needs. */
export function weight(weights: Weights, name: string, shape: readonly number[]): Tensor {
  const tensor = weights.get(name);
  if (tensor === undefined) {
    throw new FewbitError(
      "not_found",
      `Cannot build model: the checkpoint has no tensor "${name}"`,
    );
  }
  if (String(withoutOnes(tensor.shape)) !== String(withoutOnes(shape))) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot build model: "${name}" is [${tensor.shape}], expected [${shape}]`,
    );
  }
  return { dtype: "f32", shape, data: finiteFloat32(tensor, name) };
}

/** Extents without the leading ones, which libraries keep or drop. */
function withoutOnes(shape: readonly number[]): readonly number[] {
  const first = shape.findIndex((extent) => extent !== 1);
  return first < 0 ? [] : shape.slice(first);
}

/** The elements of a float tensor as float32, none of them infinite or NaN. */
export function finiteFloat32(tensor: Tensor, name: string): Float32Array {
  const data = float32(tensor, name);
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new FewbitError(
      "invalid_file",
      `Cannot build model: "${name}" has a value of ${data[i]}`,
    );
  }
  return data;
}

/** The elements of a float tensor as float32. */
export function float32({ dtype, data }: Tensor, name: string): Float32Array {
  switch (dtype) {
    case "f32":
      return data as Float32Array;
    case "f64":
      return Float32Array.from(data as Float64Array);
    // `from` with a function would make a list of all elements first: gigabytes for a large tensor.
    case "bf16": {
      const bits = new Uint32Array(data.length);
      for (let i = 0; i < bits.length; i++) bits[i] = (data[i] as number) << 16;
      return new Float32Array(bits.buffer);
    }
    case "f16": {
      const values = new Float32Array(data.length);
      for (let i = 0; i < values.length; i++) values[i] = halfToFloat(data[i] as number);
      return values;
    }
    default:
      throw new FewbitError("dtype_mismatch", `"${name}" is ${dtype}, expected a float type`);
  }
}

/** A convolution's filters `[N, C, P, P]` as rows `[N, P·P·C]` in the order (y, x, channel). */
export function channelsLast({ shape: [n, c, p], data }: Tensor): Tensor {
  const area = p * p;
  const source = data as Float32Array;
  const rows = new Float32Array(source.length);
  for (let i = 0; i < n; i++) {
    for (let channel = 0; channel < c; channel++) {
      for (let at = 0; at < area; at++) {
        rows[(i * area + at) * c + channel] = source[(i * c + channel) * area + at];
      }
    }
  }
  return { dtype: "f32", shape: [n, area * c], data: rows };
}
