/** Layers that the vision transformers share. */
import type { Graph, Value } from "../graph/graph.ts";
import { layerNormalization, linear } from "../graph/ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { weight } from "./weights.ts";
import type { Weights } from "./weights.ts";

/** Adds layers with the weights of a checkpoint to a graph. */
export class ModelBuilder {
  constructor(readonly graph: Graph, readonly weights: Weights, readonly epsilon: number) {}

  constant(name: string, tensor: Tensor): Value {
    return this.graph.constant(name, tensor);
  }

  /** Bias of a layer, or nothing where the checkpoint has none. */
  bias(name: string, width: number): Value | undefined {
    if (!this.weights.has(`${name}.bias`)) return undefined;
    return this.constant(`${name}.bias`, weight(this.weights, `${name}.bias`, [width]));
  }

  linear(x: Value, name: string, width: number, output: string): Value {
    const inner = x.shape[x.shape.length - 1] as number;
    const tensor = weight(this.weights, `${name}.weight`, [width, inner]);
    return this.graph.apply(
      linear,
      [x, this.constant(`${name}.weight`, tensor), this.bias(name, width)],
      {},
      { name, output },
    );
  }

  norm(x: Value, name: string, width: number, output: string): Value {
    const gamma = this.constant(`${name}.weight`, weight(this.weights, `${name}.weight`, [width]));
    const beta = this.constant(`${name}.bias`, weight(this.weights, `${name}.bias`, [width]));
    return this.graph.apply(
      layerNormalization,
      [x, gamma, beta],
      { epsilon: this.epsilon },
      { name, output },
    );
  }
}
