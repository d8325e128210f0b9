/**
 * Activation functions of one number in float64, by the names that the op `Activation` knows. All but
 * exact GELU, which has an op of its own. Outside of ±16 each is a straight line.
 */
import { FewbitError } from "../errors.ts";
import { erf } from "../numeric/erf.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, x));

/** GELU: `x/2·(1 + erf(x/√2))`. */
export function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** Scale and α of SELU (Klambauer et al. 2017). */
const SELU = [1.0507009873554805, 1.6732632423543772] as const;

/** Mean and standard deviation of the Laplace activation (Ma et al. 2022, MEGA). */
const LAPLACE = [0.707107, 0.282095] as const;

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  celu: (x) => x > 0 ? x : Math.expm1(x),
  elu: (x) => x > 0 ? x : Math.expm1(x),
  gelu_10: (x) => clamp(gelu(x), -10, 10),
  gelu_tanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  hard_mish: (x) => 0.5 * x * clamp(x + 2, 0, 2),
  hard_sigmoid: (x) => clamp(x + 3, 0, 6) / 6,
  hard_swish: (x) => x * clamp(x + 3, 0, 6) / 6,
  identity: (x) => x,
  laplace: (x) => 0.5 * (1 + erf((x - LAPLACE[0]) / (LAPLACE[1] * Math.SQRT2))),
  leaky_relu: (x) => x > 0 ? x : 0.01 * x,
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  quick_gelu: (x) => x * sigmoid(1.702 * x),
  relu: (x) => Math.max(0, x),
  relu6: (x) => clamp(x, 0, 6),
  selu: (x) => SELU[0] * (x > 0 ? x : SELU[1] * Math.expm1(x)),
  sigmoid,
  silu: (x) => x * sigmoid(x),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  tanh: Math.tanh,
};

/** Names of the activations. */
export const ACTIVATIONS: readonly string[] = Object.keys(FUNCTIONS);

/** The function of a name. */
export function activationOf(name: string): (x: number) => number {
  if (Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name];
  throw new FewbitError("unsupported", `There is no activation "${name}"`);
}
