/** What the rules of language models need to know of the method. */
import { FewbitError } from "../errors.ts";
import { residualLimits } from "./decoder_grids.ts";
import type { DecoderGrid, DecoderGrids } from "./decoder_grids.ts";
import { COARSE } from "./paper_sites.ts";
import { unpackRounded } from "./rounded_weights.ts";
import type { RoundedWeight } from "./rounded_weights.ts";
import { groupOf, quantizeShifted } from "./shifted_weights.ts";
import type { LanguageBits, ShiftedWeight } from "./shifted_weights.ts";

/** Sizes of the heads. */
export interface HeadSizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly width: number;
  readonly epsilon: number;
}

/** Scales of the channels that a layer gives, and their codes of 0. */
export interface ChannelGrid {
  /** One, or one for each channel, float64. */
  readonly scales: Float64Array;
  readonly zeros?: Int32Array;
}

/** A grid of 8 bits before a finer one. */
export interface CoarseGrid {
  readonly name: string;
  /** One, or one for each channel, float64. */
  readonly scales: Float64Array;
  readonly zero: number;
}

/** The grids of a model, its kind of weights, and what follows from both. */
export class DecoderSettings {
  /** The weights quantised last: several constants follow from them, one after the other. */
  #last: { readonly name: string; readonly weight: ShiftedWeight } | undefined;
  readonly #limits: { readonly epsilon: number; readonly limit: number };

  constructor(
    readonly bits: LanguageBits,
    readonly sizes: HeadSizes,
    readonly all: DecoderGrids,
    /** Weights that were rounded before, by the names of the layers. */
    readonly rounded: ReadonlyMap<string, RoundedWeight> = new Map(),
  ) {
    this.#limits = residualLimits(sizes.width, sizes.epsilon, all.residualBits);
  }

  /** Columns of the groups of weights, 0 where a row is one. */
  get group(): 0 | 32 | 64 {
    return groupOf(this.bits);
  }

  /** The epsilon of the norms as they add it, and the most of the residual. */
  get residual(): { readonly epsilon: number; readonly limit: number } {
    return this.#limits;
  }

  /**
   * The grid of a site.
   *
   * @throws {FewbitError} `invalid_argument` where there is none.
   */
  grid(site: string): DecoderGrid {
    const grid = this.all.grids.get(site);
    if (grid !== undefined) return grid;
    throw new FewbitError("invalid_argument", `Cannot quantise: the grids have no "${site}"`);
  }

  /** The grid on which a linear layer puts its sums, a scale for each of its channels. */
  channels(site: string): ChannelGrid {
    const { headSize, heads, kvHeads } = this.sizes;
    const kind = site.slice(site.lastIndexOf(".") + 1);
    const other = (name: string): DecoderGrid => this.grid(site.slice(0, -kind.length) + name);
    switch (kind) {
      // Before the rotation there are 128 steps for one behind it.
      case "q16": {
        const [q, k] = [other("q").scales, other("k").scales];
        const group = heads / kvHeads;
        return {
          scales: Float64Array.from({ length: heads * headSize }, (_, n) => {
            const head = Math.floor(n / headSize);
            return q[head] / 128 / k[Math.floor(head / group) * headSize + n % headSize];
          }),
        };
      }
      case "k16":
        return { scales: Float64Array.from(other("k").scales, (scale) => scale / 128) };
      case "v": {
        const { scales, zeros } = this.grid(site);
        const head = (n: number): number => Math.floor(n / headSize);
        const length = kvHeads * headSize;
        return {
          scales: Float64Array.from({ length }, (_, n) => scales[head(n)]),
          zeros: Int32Array.from({ length }, (_, n) => zeros[head(n)]),
        };
      }
      case "up": {
        // Multiplied by what the SwiGLU's channels are divided by.
        const [scale] = this.grid(site).scales;
        const { divisors } = other("down");
        return { scales: Float64Array.from(divisors ?? [1], (divisor) => scale * divisor) };
      }
      default: {
        const { scales, zeros } = this.grid(site);
        return { scales: Float64Array.from(scales), zeros };
      }
    }
  }

  /** The grid of 8 bits before a site, where there is one. */
  coarse(site: string): CoarseGrid | undefined {
    const kind = site.slice(site.lastIndexOf(".") + 1);
    const name = site.slice(0, -kind.length) + COARSE[kind];
    const grid = this.all.grids.get(name);
    if (grid === undefined) return undefined;
    const [scale] = grid.scales;
    const divisors = kind === "up"
      ? this.grid(`${site.slice(0, -kind.length)}down`).divisors
      : undefined;
    const scales = Float64Array.from(divisors ?? [1], (divisor) => scale * divisor);
    return { name, scales, zero: grid.zeros[0] };
  }

  /** The integers of a layer's weights. */
  weight(name: string, n: number, largestInput: number, rows: () => Float32Array): ShiftedWeight {
    if (this.#last?.name !== name) {
      const known = this.rounded.get(name);
      const weight = known === undefined
        ? quantizeShifted(rows(), n, this.bits, largestInput, name)
        : unpackRounded(known);
      this.#last = { name, weight };
    }
    return this.#last.weight;
  }

  /** The integers of a table, which have 8 bits whatever the layers have. */
  table(name: string, n: number, rows: () => Float32Array): ShiftedWeight {
    if (this.#last?.name !== name) {
      const weight = quantizeShifted(rows(), n, "w8a8", 2 ** 13, name);
      this.#last = { name, weight };
    }
    return this.#last.weight;
  }
}
