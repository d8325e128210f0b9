/** Integer parameters that are remembered as they are made. */
import type { QuantizedWeight } from "../quantize/integer_constants.ts";
import type { IntegerParameters } from "../quantize/integer_parameters.ts";

/**
 * The same parameters, and what the codes of weights and biases stand for, by the names of the checkpoint.
 */
export function recordingParameters(given: IntegerParameters): {
  readonly parameters: IntegerParameters;
  readonly values: () => Map<string, Float32Array>;
} {
  const weights = new Map<string, QuantizedWeight>();
  const biases = new Map<string, Float32Array>();
  const parameters: IntegerParameters = {
    ...given,
    weight(name, rows, bits, room) {
      const quantized = given.weight(name, rows, bits, room);
      weights.set(name, quantized);
      return quantized;
    },
    bias(name, bias, scales) {
      const codes = given.bias(name, bias, scales);
      biases.set(`${name}.bias`, Float32Array.from(codes, (code, n) => code * scales[n]));
      return codes;
    },
  };
  const values = (): Map<string, Float32Array> =>
    new Map([
      ...biases,
      ...[...weights].map(([name, { codes, scales }]) => {
        const columns = codes.length / scales.length;
        const reals = Float32Array.from(codes);
        scales.forEach((scale, n) => {
          for (let i = n * columns; i < (n + 1) * columns; i++) reals[i] *= scale;
        });
        return [`${name}.weight`, reals] as const;
      }),
    ]);
  return { parameters, values };
}
