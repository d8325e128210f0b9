/** Names of activations in the libraries to those of the graph. */
import { unsupportedField } from "./_config_fields.ts";

/** Exact GELU, which has an op of its own. */
export const GELU = "gelu";

/** `ACT2FN` of transformers 5.24; its other functions have parameters or are not straight in the end. */
const HUGGING_FACE: Readonly<Record<string, string>> = {
  gelu: GELU,
  gelu_python: GELU,
  gelu_10: "gelu_10",
  gelu_accurate: "gelu_tanh",
  gelu_fast: "gelu_tanh",
  gelu_new: "gelu_tanh",
  gelu_python_tanh: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
  hardswish: "hard_swish",
  laplace: "laplace",
  leaky_relu: "leaky_relu",
  linear: "identity",
  mish: "mish",
  quick_gelu: "quick_gelu",
  relu: "relu",
  relu6: "relu6",
  sigmoid: "sigmoid",
  silu: "silu",
  swish: "silu",
  tanh: "tanh",
};

/** `get_act_layer` of timm 1.0. */
const TIMM: Readonly<Record<string, string>> = {
  celu: "celu",
  elu: "elu",
  gelu: GELU,
  gelu_tanh: "gelu_tanh",
  hard_mish: "hard_mish",
  hard_sigmoid: "hard_sigmoid",
  hard_swish: "hard_swish",
  hardsigmoid: "hard_sigmoid",
  hardswish: "hard_swish",
  identity: "identity",
  leaky_relu: "leaky_relu",
  mish: "mish",
  quick_gelu: "quick_gelu",
  relu: "relu",
  relu6: "relu6",
  selu: "selu",
  sigmoid: "sigmoid",
  silu: "silu",
  swish: "silu",
  tanh: "tanh",
};

/** The activation of a config's field, by the names of a library. */
export function activationName(
  library: "huggingFace" | "timm",
  field: string,
  value: unknown,
): string {
  const names = library === "timm" ? TIMM : HUGGING_FACE;
  if (typeof value === "string" && Object.hasOwn(names, value)) return names[value];
  throw unsupportedField(field, value, `supported are ${Object.keys(names).join(", ")}`);
}
