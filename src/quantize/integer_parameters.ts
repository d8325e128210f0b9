/** Where the integer weights of a network come from. */
import type { Tensor } from "../tensor.ts";
import {
  quantizeBias,
  quantizeNorm,
  quantizeWeight,
  raiseSmallGamma,
} from "./integer_constants.ts";
import type { QuantizedNorm, QuantizedWeight } from "./integer_constants.ts";

/** What a layer's bias needs to fit: the bias, and the scale of the layer's input. */
export interface BiasRoom {
  /** The float bias. */
  readonly bias: Float32Array;
  /** float32 scale of the input. */
  readonly inputScale: number;
}

/** Integer parameters of each layer: computed from float ones, or read from a checkpoint. */
export interface IntegerParameters {
  /** Weights of a linear layer, `[N, K]`; with `room`, their scales are large enough for the bias. */
  weight(name: string, rows: Tensor, bits: 7 | 8, room?: BiasRoom): QuantizedWeight;
  /** Whether weights may need room for the bias, so that they depend on the input's scale. */
  needsRoom(name: string, rows: Tensor, bits: 7 | 8, bias: Float32Array): boolean;
  /** Bias of a linear layer, given the scales of its accumulators. */
  bias(name: string, bias: Float32Array, scales: Float32Array): Int32Array;
  /** A LayerNorm. */
  norm(name: string, gamma: Float32Array, beta: Float32Array): QuantizedNorm;
}

/** An input scale below this (a range of 0.013) is not met in practice. */
const LEAST_INPUT_SCALE = 1e-4;
/** Codes of a bias stay below 2^30; the margin covers the float32 roundings in between. */
const BIAS_LIMIT = 2 ** 30 * (1 - 2 ** -20);

/**
 * Quantises float parameters. A γ that is too small beside its β is raised, and so is the scale of
 * weights that are too small beside their bias.
 *
 * @param warn Told what was changed and where.
 */
export function quantizeParameters(warn: (message: string) => void = () => {}): IntegerParameters {
  const weights = new Map<string, QuantizedWeight>();
  const plain = (name: string, { data, shape }: Tensor, bits: 7 | 8): QuantizedWeight => {
    let quantized = weights.get(name);
    if (quantized === undefined) {
      quantized = quantizeWeight(data as Float32Array, shape[0], bits);
      weights.set(name, quantized);
    }
    return quantized;
  };
  return {
    weight(name, rows, bits, room) {
      const quantized = plain(name, rows, bits);
      if (room === undefined) return quantized;
      const floors = room.bias.map((b) => Math.abs(b) / (room.inputScale * BIAS_LIMIT));
      if (floors.every((floor, i) => floor <= quantized.scales[i])) return quantized;
      return quantizeWeight(rows.data as Float32Array, rows.shape[0], bits, floors);
    },
    needsRoom(name, rows, bits, bias) {
      const { scales } = plain(name, rows, bits);
      const risk = bias.findIndex((b, i) =>
        Math.abs(b) >= scales[i] * LEAST_INPUT_SCALE * BIAS_LIMIT
      );
      if (risk < 0) return false;
      warn(`${name}.weight[${risk}] is tiny beside its bias: its scale is raised if need be`);
      return true;
    },
    bias: (name, bias, scales) => quantizeBias(bias, scales, name),
    norm(name, gamma, beta) {
      const raised = raiseSmallGamma(
        gamma,
        beta,
        (channel) => warn(`${name}.weight[${channel}] was raised: too small for its bias`),
      );
      return quantizeNorm(raised, beta, name);
    },
  };
}
