/** Where the integer weights of an I-ViT network come from. */
import type { Tensor } from "../tensor.ts";
import { quantizeBias, quantizeNorm, quantizeWeight, raiseSmallGamma } from "./i_vit_constants.ts";
import type { QuantizedNorm, QuantizedWeight } from "./i_vit_constants.ts";

/** Integer parameters of each layer: computed from float ones, or read from a checkpoint. */
export interface IntegerParameters {
  /** Weights of a linear layer, `[N, K]`. */
  weight(name: string, rows: Tensor, bits: 7 | 8): QuantizedWeight;
  /** Bias of a linear layer, given the scales of its accumulators. */
  bias(name: string, bias: Float32Array, scales: Float32Array): Int32Array;
  /** A LayerNorm. */
  norm(name: string, gamma: Float32Array, beta: Float32Array): QuantizedNorm;
}

/**
 * Quantises float parameters. A γ that is too small beside its β is raised.
 *
 * @param warn Told what was changed and where.
 */
export function quantizeParameters(warn: (message: string) => void = () => {}): IntegerParameters {
  const weights = new Map<string, QuantizedWeight>();
  return {
    weight(name, { data, shape }, bits) {
      let quantized = weights.get(name);
      if (quantized === undefined) {
        quantized = quantizeWeight(data as Float32Array, shape[0], bits);
        weights.set(name, quantized);
      }
      return quantized;
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
