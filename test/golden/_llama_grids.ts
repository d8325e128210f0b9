/** Grids of the oracle's integer Llamas, from the goldens. */
import { inflateSync } from "node:zlib";
import type { DecoderGrid, DecoderGrids } from "../../src/quantize/decoder_grids.ts";
import { fromBits, readJson } from "./_shared.ts";

/** What a golden says. */
// deno-lint-ignore no-explicit-any
export type Golden = any;

/** Kinds of weights that goldens have. */
export type GoldenBits = "w8a8" | "w4a8" | "w4a8g64";

const floats = (bits: number | readonly number[]): Float32Array =>
  Float32Array.from([bits].flat(), fromBits);
const zerosOf = (zero: unknown): Int32Array =>
  zero === undefined ? Int32Array.of(0) : Int32Array.from([zero].flat(2) as number[]);

/** The golden of a kind of weights. */
export function storiesGolden(bits: GoldenBits): Golden {
  return readJson(`golden/llama-int/stories260k-${bits}.json`);
}

/** Grids of stories260K. */
export function storiesGrids({ constants, config }: Golden): DecoderGrids {
  const { scales_f32_bits: scales, prefix } = constants;
  const grids = new Map<string, DecoderGrid>([["norm", {
    scales: floats(scales.norm),
    zeros: Int32Array.of(0),
  }]]);
  const rows = new Map<string, Int8Array>();
  for (let l = 0; l < config.layers; l++) {
    const at = `layers.${l}.`;
    const layer = constants.layers[l];
    for (const site of ["norm1", "q", "k", "v", "context", "norm2", "gate", "up", "down"]) {
      const divisors = scales[`${at}${site}.smooth`];
      grids.set(at + site, {
        scales: floats(scales[at + site].flat?.(2) ?? scales[at + site]),
        zeros: zerosOf(layer[`${site}_zero`]),
        ...divisors && { divisors: floats(divisors) },
      });
    }
    rows.set(`${at}k`, Int8Array.from(prefix.k_i8[l].flat(2)));
    rows.set(`${at}v`, Int8Array.from(prefix.v_i8[l].flat(2)));
  }
  return {
    residualBits: constants.residual.k,
    grids,
    prefix: { ids: prefix.ids, rows, logits: Int32Array.from(prefix.logits_q12) },
  };
}

/** What {@linkcode smollm2Grids} has to know of the sizes. */
const SMOLLM2 = { layers: 30, width: 576, hidden: 1536, kvHeads: 3, headSize: 64, pieces: 49152 };

function inflated(base64: string): ArrayBuffer {
  return new Uint8Array(inflateSync(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)))).buffer;
}

/**
 * Grids of SmolLM2.
 *
 * @param prefix Which prefix of the golden.
 */
export function smollm2Grids(
  { calibration }: Golden,
  prefix: "prefix" | "prefix_of_3" = "prefix",
): DecoderGrids {
  const { layers, width, hidden, kvHeads, headSize, pieces } = SMOLLM2;
  const smooth = new Float32Array(inflated(calibration.smooth_f32_zlib_base64));
  const codes = calibration[prefix];
  const [keys, values] = ["k", "v"].map((site) =>
    new Int8Array(inflated(codes[`${site}_i8_zlib_base64`]))
  );
  const size = codes.ids.length * kvHeads * headSize;
  const grids = new Map<string, DecoderGrid>([["norm", {
    scales: floats(calibration.norm_scale_f32_bits),
    zeros: Int32Array.of(0),
  }]]);
  const rows = new Map<string, Int8Array>();
  for (let l = 0; l < layers; l++) {
    const at = `layers.${l}.`;
    const { scale_f32_bits: scales, zero } = calibration.layers[l];
    const own = smooth.subarray(l * (2 * width + hidden), (l + 1) * (2 * width + hidden));
    const divisors: Record<string, Float32Array> = {
      norm1: own.subarray(0, width),
      norm2: own.subarray(width, 2 * width),
      down: own.subarray(2 * width),
    };
    for (const site of ["norm1", "q", "k", "v", "context", "norm2", "gate", "up", "down"]) {
      const given: number[] = [scales[site]].flat(2);
      // One scale a pair of channels, which are neighbours.
      const bits = site === "k" ? given.flatMap((scale) => [scale, scale]) : given;
      grids.set(at + site, {
        scales: floats(bits),
        zeros: zerosOf(zero[site]),
        ...divisors[site] && { divisors: divisors[site] },
      });
    }
    rows.set(`${at}k`, keys.slice(l * size, (l + 1) * size));
    rows.set(`${at}v`, values.slice(l * size, (l + 1) * size));
  }
  // The goldens have the first logits only: no run begins with the others.
  const logits = new Int32Array(pieces);
  logits.set(codes.logits_q12_first_16);
  return { residualBits: calibration.residual_k, grids, prefix: { ids: codes.ids, rows, logits } };
}
