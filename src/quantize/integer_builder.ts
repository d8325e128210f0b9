/** Builds the integer graph: constants that follow from scales, requantisations, sites. */
import { FewbitError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { requantize } from "../graph/ops/mod.ts";
import { tensorOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { dyadic } from "../numeric/dyadic.ts";
import { countOf, divide, ruleOf } from "./integer_network.ts";
import type { ScaleRule, Scales, SiteCodes, SiteSource } from "./integer_network.ts";
import type { Site } from "./sites.ts";

/** Codes of a value of the float graph, and their scale. */
export interface Codes {
  readonly value: Value;
  readonly scale: ScaleRule;
  /** What each channel was divided by. */
  readonly divisors?: Float32Array | undefined;
  /** The code of 0, where it is not 0. */
  readonly zeroPoint?: number | undefined;
}

/** Sums or codes that are to be put on grids, maybe with something that is added to them there. */
export interface Raw extends Codes {
  readonly identity?: Codes;
  /** Real values of rows that are constant and therefore in no node. */
  readonly constantRow?: (scales: Scales) => Float32Array;
}

/** The integer graph under construction. */
export class IntegerBuilder {
  readonly graph: Graph = new Graph();
  /** The sites so far, by name. */
  readonly sites: Map<string, SiteCodes> = new Map();
  readonly taps: Map<string, Value> = new Map();
  /** Float32 weights `[N, K]` of the layers that read a site, by its name. */
  readonly readers: Map<string, Tensor[]> = new Map();
  readonly #constants: Map<string, Value> = new Map();

  /** Makes a site known; returns its codes. */
  site(site: Site, output: Value, source: SiteSource): Codes {
    if (site.name === "") {
      throw new FewbitError("unsupported", "A value that is quantised needs a name");
    }
    const { name, divisors, zeroPoint } = site;
    if (zeroPoint !== undefined && source.kind !== "codes" && source.kind !== "input") {
      throw new FewbitError("unsupported", `Only sums and inputs have a zero point, not "${name}"`);
    }
    this.sites.set(name, { site, output, source });
    return { value: output, scale: ruleOf(name), divisors, zeroPoint };
  }

  /** Puts sums or codes on the grid of a site. */
  requantized(site: Site, { value: x, identity, constantRow, ...raw }: Raw): Codes {
    const { name, bits, zeroPoint } = site;
    const scale = divide(raw.scale, site.divisors, raw.divisors);
    // The instruction has one factor for all of the identity.
    const isOne = identity === undefined || countOf(identity.scale) === 1;
    if (!isOne || (identity !== undefined && site.divisors !== undefined)) {
      throw new FewbitError("unsupported", `Cannot add to "${name}" with scales for channels`);
    }
    const [multiplier, shift] = this.dyadics(`requantize ${name}`, scale, name);
    const arm = identity && this.#arm(name, identity);
    const zero = zeroPoint === undefined ? undefined : {
      zeroPoint: this.constant(`zero ${name}`, "i32", [1], [], () => Int32Array.of(zeroPoint)),
    };
    const to = bits === 8 ? "i8" : "i16";
    const operands = { x, multiplier, shift, ...arm, ...zero };
    return this.site(site, this.graph.apply(requantize, operands, { to }, { name }), {
      kind: "codes",
      x,
      scale,
      ...(identity && { identity: { x: identity.value, scale: identity.scale } }),
      ...(constantRow && { constantRow }),
    });
  }

  #arm(
    name: string,
    { value, scale }: Codes,
  ): Record<"identity" | "identityMultiplier" | "identityShift", Value> {
    const [identityMultiplier, identityShift] = this.dyadics(`identity ${name}`, scale, name);
    return { identity: value, identityMultiplier, identityShift };
  }

  /** Multipliers and shifts of a ratio of scales: one, or one for each channel. */
  dyadics(key: string, scale: ScaleRule, to: string): [Value, Value] {
    const count = countOf(scale);
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
    const count = countOf(scale);
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
      value = this.graph.derived(
        dtype,
        shape,
        from,
        (scales) => tensorOf(dtype, shape, data(scales)),
      );
      this.#constants.set(key, value);
    }
    return value;
  }
}
