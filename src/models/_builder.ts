/** Layers that the vision transformers and BERT share. */
import type { Graph, Value } from "../graph/graph.ts";
import { activation, gelu, layerNormalization, linear } from "../graph/ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { GELU } from "./activation_names.ts";
import { weight } from "./weights.ts";
import type { Weights } from "./weights.ts";

/** What a linear layer has besides its weights. */
export interface LinearOptions {
  /** Whether there is a bias. Default true. */
  readonly bias?: boolean;
  /** Name of a vector that multiplies the result (LayerScale): it goes into the weights. */
  readonly scale?: string;
}

/** Adds layers with the weights of a checkpoint to a graph. */
export class ModelBuilder {
  constructor(readonly graph: Graph, readonly weights: Weights, readonly epsilon: number) {}

  constant(name: string, tensor: Tensor): Value {
    return this.graph.constant(name, tensor);
  }

  /** Bias of a layer. */
  bias(name: string, width: number): Value {
    return this.constant(`${name}.bias`, weight(this.weights, `${name}.bias`, [width]));
  }

  linear(
    x: Value,
    name: string,
    width: number,
    output: string,
    { bias = true, scale }: LinearOptions = {},
  ): Value {
    const inner = x.shape[x.shape.length - 1] as number;
    const factors = scale === undefined
      ? undefined
      : weight(this.weights, scale, [width]).data as Float32Array;
    const tensor = (part: string, shape: readonly number[]): Value =>
      this.constant(
        `${name}.${part}`,
        scaled(weight(this.weights, `${name}.${part}`, shape), factors),
      );
    return this.graph.apply(
      linear,
      {
        x,
        weight: tensor("weight", [width, inner]),
        bias: bias ? tensor("bias", [width]) : undefined,
      },
      {},
      { name, output },
    );
  }

  norm(x: Value, name: string, width: number, output: string, epsilon = this.epsilon): Value {
    const gamma = this.constant(`${name}.weight`, weight(this.weights, `${name}.weight`, [width]));
    const beta = this.constant(`${name}.bias`, weight(this.weights, `${name}.bias`, [width]));
    return this.graph.apply(layerNormalization, { x, scale: gamma, bias: beta }, { epsilon }, {
      name,
      output,
    });
  }

  /** The activation of an MLP, by its name in the graph. */
  activation(
    x: Value,
    kind: string,
    names: { readonly name?: string; readonly output: string },
  ): Value {
    return kind === GELU
      ? this.graph.apply(gelu, { x }, {}, names)
      : this.graph.apply(activation, { x }, { kind }, names);
  }
}

/** Rows times a factor each. */
function scaled(tensor: Tensor, factors: Float32Array | undefined): Tensor {
  if (factors === undefined) return tensor;
  const width = tensor.data.length / factors.length;
  const data = Float32Array.from(
    tensor.data as Float32Array,
    (w, i) => w * factors[Math.floor(i / width)],
  );
  return { dtype: "f32", shape: tensor.shape, data };
}
