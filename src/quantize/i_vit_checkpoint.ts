/**
 * Integer parameters and scales as I-ViT's training stores them. They are read, never
 * recomputed: the authors' own reload loses the scales.
 */
import { FewbitError } from "../errors.ts";
import { channelsLast, float32 } from "../models/weights.ts";
import type { Weights } from "../models/weights.ts";
import type { IntegerParameters } from "./integer_parameters.ts";

/** What I-ViT's training keeps beside the float tensors: integers, scales, ranges. */
export const I_VIT_BUFFERS: readonly RegExp[] = [
  /\.(weight|bias)_integer$/,
  /\.(act|conv|fc|norm)_scaling_factor$/,
  /\.(x_min|x_max|min_val|max_val|x0|shift|dim_sqrt)$/,
];

/** Whether a checkpoint is one of I-ViT's, with integers and scales. */
export function isIVitCheckpoint(weights: Weights): boolean {
  return weights.has("qact_input.act_scaling_factor") && weights.has("head.weight_integer");
}

/** Scales of the activations that have one (a scale of zero belongs to a node that never ran). */
export function checkpointScales(weights: Weights): Map<string, number> {
  const scales = new Map<string, number>();
  for (const [name, tensor] of weights) {
    const match = /^(.*)\.act_scaling_factor$/.exec(name);
    if (match === null) continue;
    const [scale] = float32(tensor, name);
    if (tensor.data.length !== 1 || !Number.isFinite(scale) || scale < 0) {
      throw invalid(name, `expected one positive scale, got ${scale}`);
    }
    if (scale > 0) scales.set(match[1], scale);
  }
  return scales;
}

/** The integer parameters of a checkpoint. */
export function checkpointParameters(weights: Weights): IntegerParameters {
  return {
    weight(name, rows, bits) {
      const factor = weights.has(`${name}.conv_scaling_factor`) ? "conv" : "fc";
      const stored = required(weights, `${name}.weight_integer`);
      const tensor = { dtype: "f32" as const, shape: stored.shape, data: float32(stored, name) };
      const integers = stored.shape.length === 4 ? channelsLast(tensor) : tensor;
      const scales = finite(weights, `${name}.${factor}_scaling_factor`, rows.shape[0]);
      if (scales.some((scale) => scale <= 0)) throw invalid(name, "a weight scale is not positive");
      const codes = integersOf(integers.data, `${name}.weight_integer`, 2 ** (bits - 1));
      if (codes.length !== rows.data.length) {
        throw invalid(
          `${name}.weight_integer`,
          `${codes.length} codes, expected ${rows.data.length}`,
        );
      }
      return { codes: Int8Array.from(codes), scales };
    },
    needsRoom: () => false,
    bias(name, bias) {
      const codes = finite(weights, `${name}.bias_integer`, bias.length);
      return integersOf(codes, `${name}.bias_integer`, 2 ** 30);
    },
    norm(name, gamma) {
      if (gamma.some((g) => g === 0)) throw invalid(`${name}.weight`, "a weight is zero");
      const codes = finite(weights, `${name}.bias_integer`, gamma.length);
      return {
        bias: integersOf(codes, `${name}.bias_integer`, 2 ** 30),
        scales: finite(weights, `${name}.norm_scaling_factor`, gamma.length),
      };
    },
  };
}

function required(weights: Weights, name: string): NonNullable<ReturnType<Weights["get"]>> {
  const tensor = weights.get(name);
  if (tensor === undefined) {
    throw new FewbitError("not_found", `Cannot convert: the checkpoint has no tensor "${name}"`);
  }
  return tensor;
}

function finite(weights: Weights, name: string, length: number): Float32Array {
  const values = float32(required(weights, name), name);
  if (values.length !== length) throw invalid(name, `${values.length} values, expected ${length}`);
  if (!values.every(Number.isFinite)) throw invalid(name, "a value is not finite");
  return values;
}

/** Integers that are stored as floats; |value| ≤ limit, and below it at the top. */
function integersOf(values: ArrayLike<unknown>, name: string, limit: number): Int32Array {
  return Int32Array.from(values as ArrayLike<number>, (value) => {
    if (!Number.isInteger(value) || value < -limit || value >= limit) {
      throw invalid(name, `${value} is not an integer from ${-limit} to ${limit - 1}`);
    }
    return value;
  });
}

function invalid(name: string, why: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot convert "${name}": ${why}`);
}
