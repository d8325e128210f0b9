/** Float weights as trits and one scale: what a BitLinear layer of a MatMul-free LM multiplies with. */
import { FewbitError } from "../errors.ts";
import { sumOfMagnitudes } from "../numeric/pairwise.ts";

/** Weights of −1, 0 and 1, each worth `scale`. */
export interface TernaryWeights {
  /** One trit a weight, in the order of the weights. */
  readonly trits: Int8Array<ArrayBuffer>;
  /** Mean magnitude of the weights, float32, at least 1e-5. */
  readonly scale: number;
}

/** Least scale: a tensor of zeros has it. */
const LEAST_SCALE = Math.fround(1e-5);

/**
 * Rounds weights to trits, one scale for the whole tensor:
 *
 * ```text
 * scale = max(fl32(mean |W|), 1e-5)                              the mean in float64, summed pairwise
 * t     = clamp(round_half_even(fl32(W·fl32(1/scale))), −1, 1)
 * ```
 *
 * @param weights Float32 weights of one tensor, in any order.
 * @throws {FewbitError} `invalid_argument` where there is no weight, or one that is not finite.
 */
export function ternarize(weights: Float32Array): TernaryWeights {
  const { fround, max } = Math;
  const bad = weights.findIndex((weight) => !Number.isFinite(weight));
  if (bad >= 0 || weights.length === 0) {
    throw new FewbitError(
      "invalid_argument",
      weights.length === 0
        ? "Cannot make weights ternary: there are none"
        : `Cannot make weights ternary: weight ${bad} is ${weights[bad]}, expected finite numbers`,
    );
  }
  const scale = max(
    fround(sumOfMagnitudes(weights, 0, weights.length) / weights.length),
    LEAST_SCALE,
  );
  const inverse = fround(1 / scale);
  const trits = new Int8Array(weights.length);
  for (let i = 0; i < trits.length; i++) {
    // half to even and clamped: ½ goes to 0, 1½ and all beyond to 1
    const v = fround(weights[i] * inverse);
    trits[i] = v > 0.5 ? 1 : v < -0.5 ? -1 : 0;
  }
  return { trits, scale };
}
