/** Layers whose weights are parameters, by the names and in the shapes of PyTorch. */
import type { Graph, Value } from "../graph/graph.ts";
import type { ConvolutionAttributes } from "../graph/convolution.ts";
import { batchNormalization, conv, linear } from "../graph/ops/mod.ts";
import { randomWord } from "../numeric/random_word.ts";

/** Where a parameter begins: `offset` and up to `bound` more or less. */
export interface Start {
  /** Name of the parameter. */
  readonly name: string;
  /** As PyTorch has it: convolutions `[outputs, inputs, height, width]`. */
  readonly shape: readonly number[];
  /** The most that an element is away from the offset. */
  readonly bound: number;
  /** What elements lie around. */
  readonly offset: number;
}

/** Elements of a parameter at first, in the order of its shape. */
export type Initialize = (start: Start) => Float32Array;

/** `INIT`: the stream of random numbers of first weights. */
const INITIAL_STREAM = 0x494e4954;

/** Uniform numbers from a seed, one parameter after the other. */
export function uniform(seed: number, stream: number = INITIAL_STREAM): Initialize {
  let element = 0;
  return ({ shape, bound, offset }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return Float32Array.from({ length }, () => {
      const u = (randomWord(seed, stream, 0, element++) >>> 8) * 2 ** -24;
      return offset + bound * (2 * u - 1);
    });
  };
}

/** Settings of batch normalisation. */
export interface Normalization {
  /** Added to variances. */
  readonly epsilon: number;
  /** The share of the batch in the running statistics. */
  readonly momentum: number;
}

/** Adds layers to a graph. */
export class TrainedLayers {
  /**
   * Adds to a graph; `initialize` gives the elements of the parameters at first, and `stand` what layers read instead of
   * a parameter: its codes, say.
   */
  constructor(
    readonly graph: Graph,
    readonly initialize: Initialize,
    readonly normalization: Normalization = { epsilon: 1e-3, momentum: 0.1 },
    readonly stand: (parameter: Value) => Value = (parameter) => parameter,
  ) {}

  /** Convolution of `[B, H, W, C]`; weights are uniform within `√(gain/inputs of an output)`. */
  conv(
    x: Value,
    name: string,
    [outputs, height, width]: readonly [number, number, number],
    { gain = 6, bias = false, ...attributes }: ConvolutionAttributes & {
      readonly gain?: number;
      readonly bias?: boolean;
    } = {},
  ): Value {
    const depth = (x.shape[3] as number) / (attributes.group ?? 1);
    const fan = depth * height * width;
    const shape = [outputs, depth, height, width];
    const start = { name: `${name}.weight`, shape, bound: Math.sqrt(gain / fan), offset: 0 };
    const weight = this.stand(this.graph.parameter(start.name, {
      dtype: "f32",
      shape: [outputs, height, width, depth],
      data: channelsLast(this.initialize(start), shape),
    }));
    const biases = bias ? this.vector(`${name}.bias`, outputs, 0) : undefined;
    return this.graph.apply(conv, { x, weight, bias: biases }, attributes);
  }

  /** Batch normalisation of the last axis. */
  batchNorm(x: Value, name: string): Value {
    const channels = x.shape[x.shape.length - 1] as number;
    const statistics = (of: string, value: number): Value =>
      this.graph.state(`${name}.${of}`, "f32", [channels], new Float32Array(channels).fill(value));
    return this.graph.apply(batchNormalization, {
      x,
      scale: this.vector(`${name}.weight`, channels, 1),
      bias: this.vector(`${name}.bias`, channels, 0),
      mean: statistics("running_mean", 0),
      variance: statistics("running_var", 1),
    }, this.normalization);
  }

  /** Linear layer; weights are uniform within `√(3/inputs)`. */
  linear(x: Value, name: string, outputs: number, bias = true): Value {
    const inputs = x.shape[x.shape.length - 1] as number;
    const shape = [outputs, inputs];
    const weight = this.parameter({
      name: `${name}.weight`,
      shape,
      bound: Math.sqrt(3 / inputs),
      offset: 0,
    });
    const biases = bias ? this.vector(`${name}.bias`, outputs, 0) : undefined;
    return this.graph.apply(linear, { x, weight, bias: biases });
  }

  /** A parameter in the shape that it has in PyTorch. */
  parameter(start: Start): Value {
    const { name, shape } = start;
    const data = this.initialize(start);
    return this.stand(this.graph.parameter(name, { dtype: "f32", shape, data }));
  }

  /** A parameter of one number for each channel, all alike at first. */
  vector(name: string, length: number, offset: number): Value {
    return this.parameter({ name, shape: [length], bound: 0, offset });
  }
}

/** `[O, I, H, W]` to `[O, H, W, I]`. */
export function channelsLast(data: Float32Array, shape: readonly number[]): Float32Array {
  const [outputs, depth, height, width] = shape;
  const places = height * width;
  return Float32Array.from({ length: outputs * depth * places }, (_, i) => {
    const [o, place, d] = [
      Math.floor(i / (places * depth)),
      Math.floor(i / depth) % places,
      i % depth,
    ];
    return data[(o * depth + d) * places + place];
  });
}

/** `[O, H, W, I]` to `[O, I, H, W]`, whose extents `shape` has. */
export function channelsFirst(data: Float32Array, shape: readonly number[]): Float32Array {
  const [outputs, depth, height, width] = shape;
  return channelsLast(data, [outputs, height * width, 1, depth]);
}
