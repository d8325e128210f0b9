/** What an integer network is: its graph, its sites, and how scales follow from scales. */
import type { Graph, Value } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";
import type { Site } from "./sites.ts";

/** Scales of sites by name: float32 numbers. */
export type Scales = ReadonlyMap<string, number>;

/** A float32 scale, or one for each channel, that follows from the scales of sites. */
export interface ScaleRule {
  /** Sites whose scales it needs. */
  readonly from: readonly string[];
  /** One scale, or one for each channel. */
  of(scales: Scales): Float32Array;
}

/** A site in an integer network: a QuantAct of I-ViT. */
export interface SiteCodes {
  /** Its grid and name. */
  readonly site: Site;
  /** The codes. */
  readonly output: Value;
  /** Where the real values come from. */
  readonly source: SiteSource;
}

/** Real values: a float input or constant, codes with scales (plus an identity), an activation of codes, or embeddings. */
export type SiteSource =
  | { readonly kind: "input"; readonly x: Value }
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | {
    readonly kind: "codes";
    readonly x: Value;
    readonly scale: ScaleRule;
    readonly identity?: { readonly x: Value; readonly scale: ScaleRule };
    /** Real values of rows that are constant and therefore in no node. */
    readonly constantRow?: (scales: Scales) => Float32Array;
  }
  | {
    readonly kind: "activation";
    readonly x: Value;
    readonly scale: string;
    readonly f: (x: number) => number;
    /** What the channels before and after it were divided by. */
    readonly before?: Float32Array;
    readonly after?: Float32Array;
  }
  | {
    readonly kind: "tokens";
    readonly ids: Value;
    /** Real values `[tokens, channels]` of one sequence. */
    readonly of: (ids: Int32Array) => Float32Array;
  };

/** A network of integers. */
export interface IntegerNetwork {
  /** The integer graph. */
  readonly graph: Graph;
  /** Its sites, in the order in which their codes are computed. */
  readonly sites: readonly SiteCodes[];
  /** Float32 weights `[N, K]` of the layers that read the codes of a site, by its name. */
  readonly readers: ReadonlyMap<string, readonly Tensor[]>;
  /** What taps show: the codes of all sites, and the results of softmax and GELU, by name. */
  readonly taps: ReadonlyMap<string, Value>;
}

/** The scale of a site. */
export function ruleOf(name: string): ScaleRule {
  return { from: [name], of: (scales) => Float32Array.of(scales.get(name)!) };
}

/** `fl32(a·b)`, one of them a single number. */
export function multiply(a: ScaleRule, b: ScaleRule): ScaleRule {
  return {
    from: [...new Set([...a.from, ...b.from])],
    of(scales) {
      const [x, y] = [a.of(scales), b.of(scales)];
      return x.length === 1 ? y.map((value) => x[0] * value) : x.map((value) => value * y[0]);
    },
  };
}

/** Scales of channels over what each is divided by, times what each was divided by before. */
export function divide(
  scale: ScaleRule,
  divisors: Float32Array | undefined,
  before?: Float32Array | undefined,
): ScaleRule {
  // What was divided stays so.
  if (divisors === before) return scale;
  const channels = divisors?.length ?? before!.length;
  return {
    from: scale.from,
    of(scales) {
      const all = scale.of(scales);
      return Float32Array.from({ length: channels }, (_, c) => {
        const a = all.length === 1 ? all[0] : all[c];
        return (before === undefined ? a : a * before[c]) / (divisors?.[c] ?? 1);
      });
    },
  };
}

/** How many scales a rule has, whatever the scales of the sites are. */
export function countOf(scale: ScaleRule): number {
  return scale.of(new Map(scale.from.map((name) => [name, 1]))).length;
}

/** Scales of channels `start` … `end − 1`. */
export function sliceOf(scale: ScaleRule, start: number, end: number): ScaleRule {
  if (countOf(scale) === 1) return scale;
  return { from: scale.from, of: (scales) => scale.of(scales).slice(start, end) };
}

/** A scale that is known. */
export function knownScale(scale: number): ScaleRule {
  return { from: [], of: () => Float32Array.of(scale) };
}
