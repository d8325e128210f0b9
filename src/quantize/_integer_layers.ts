/** Layers of integer networks, as accumulators with a scale for each channel. */
import type { Value } from "../graph/graph.ts";
import { layerNormInteger, linearInteger } from "../graph/ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import type { Codes, IntegerBuilder } from "./_integer_builder.ts";
import type { QuantizedWeight } from "./i_vit_constants.ts";
import { multiply } from "./i_vit_network.ts";
import type { Scales } from "./i_vit_network.ts";
import type { IntegerParameters } from "./i_vit_parameters.ts";

/** A linear layer in float32. */
export interface FloatLinear {
  readonly name: string;
  /** `[N, K]`. */
  readonly rows: Tensor;
  /** `[N]`. */
  readonly bias: Float32Array | undefined;
}

/** Accumulators of a linear layer. */
export function accumulate(
  builder: IntegerBuilder,
  x: Codes,
  { name, rows, bias }: FloatLinear,
  parameters: IntegerParameters,
  weightBits: 7 | 8,
): Codes {
  const room = bias !== undefined && parameters.needsRoom(name, rows, weightBits, bias);
  const from = room ? x.scale.from : [];
  const quantized = (scales: Scales): QuantizedWeight =>
    parameters.weight(
      name,
      rows,
      weightBits,
      room ? { bias: bias!, inputScale: x.scale.of(scales)[0] } : undefined,
    );
  const codes = builder.constant(
    `weight ${name}`,
    "i8",
    rows.shape,
    from,
    (scales) => quantized(scales).codes,
  );
  const scale = multiply(x.scale, { from, of: (scales) => quantized(scales).scales });
  const integerBias = bias === undefined ? undefined : builder.constant(
    `bias ${name}`,
    "i32",
    [bias.length],
    scale.from,
    (scales) => parameters.bias(name, bias, scale.of(scales)),
  );
  const value = builder.graph.apply(linearInteger, [x.value, codes, integerBias], { weightBits });
  return { value, scale };
}

/** z of a LayerNorm. */
export function normalize(
  builder: IntegerBuilder,
  x: Value,
  name: string,
  gamma: Float32Array,
  beta: Float32Array,
  parameters: IntegerParameters,
): Codes {
  const quantized = parameters.norm(name, gamma, beta);
  const bias = builder.constant(`norm ${name}`, "i32", [gamma.length], [], () => quantized.bias);
  const value = builder.graph.apply(layerNormInteger, [x, bias]);
  return { value, scale: { from: [], of: () => quantized.scales } };
}
