/** Builds the integer graph: constants that follow from scales, requantisations, activations. */
import { FewbitError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { requantize } from "../graph/ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { dyadic } from "../numeric/dyadic.ts";
import type { Activation, ScaleRule, Scales } from "./i_vit_network.ts";

/** Codes of a value of the float graph, and their scale. */
export interface Codes {
  readonly value: Value;
  readonly scale: ScaleRule;
}

/** The integer graph under construction. */
export class IntegerBuilder {
  readonly graph: Graph = new Graph();
  readonly activations: Map<string, Activation> = new Map();
  readonly taps: Map<string, Value> = new Map();
  readonly #constants: Map<string, Value> = new Map();

  /** Makes an activation known. */
  activation(activation: Activation): void {
    if (activation.name === "") {
      throw new FewbitError("unsupported", "A value that is quantised needs a name");
    }
    this.activations.set(activation.name, activation);
  }

  /** Codes of an activation from accumulators or codes; makes the activation known. */
  requantized(
    name: string,
    x: Value,
    scale: ScaleRule,
    bits: 8 | 12 | 16,
    identity?: Codes,
    constantRow?: (scales: Scales) => Float32Array,
  ): Value {
    const [multiplier, shift] = this.dyadics(`requantize ${name}`, scale, name);
    const arm = identity === undefined
      ? []
      : [identity.value, ...this.dyadics(`identity ${name}`, identity.scale, name)];
    const to = bits === 8 ? "i8" : "i16";
    const output = this.graph.apply(requantize, [x, multiplier, shift, ...arm], { to });
    this.activation({
      name,
      bits,
      output,
      source: {
        kind: "codes",
        x,
        scale,
        ...(identity && { identity: { x: identity.value, scale: identity.scale } }),
        ...(constantRow && { constantRow }),
      },
    });
    return output;
  }

  /** Multipliers and shifts of a ratio of scales: one, or one for each channel. */
  dyadics(key: string, scale: ScaleRule, to: string): [Value, Value] {
    // Rules say how many channels they have whatever the scales are.
    const probe = new Map([...scale.from, to].map((name) => [name, 1]));
    const count = scale.of(probe).length;
    const make = (part: "multiplier" | "shift"): Value =>
      this.constant(
        `${key} ${part}`,
        "i32",
        [count],
        [...scale.from, to],
        (scales) => Int32Array.from(scale.of(scales), (a) => dyadic(a, scales.get(to)!)[part]),
      );
    return [make("multiplier"), make("shift")];
  }

  /** A float32 scale as a constant. */
  derivedScale(key: string, scale: ScaleRule): Value {
    const count = scale.of(new Map(scale.from.map((name) => [name, 1]))).length;
    return this.constant(key, "f32", [count], scale.from, (scales) => scale.of(scales));
  }

  /** A constant of the integer graph; entries share it. */
  constant(
    key: string,
    dtype: Tensor["dtype"],
    shape: readonly number[],
    from: readonly string[],
    data: (scales: Scales) => Tensor["data"],
  ): Value {
    let value = this.#constants.get(key);
    if (value === undefined) {
      value = this.graph.derived(dtype, shape, from, (scales) => ({
        dtype,
        shape,
        data: data(scales),
      }));
      this.#constants.set(key, value);
    }
    return value;
  }
}
