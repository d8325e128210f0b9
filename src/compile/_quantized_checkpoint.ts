/** Checkpoints of quantisation-aware training: those of training, with what the observers have seen. */
import { FewbitError } from "../errors.ts";
import { crc32c } from "../program/crc32c.ts";
import type { MovingRange } from "../quantize/observer.ts";
import { bytesOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../training/checkpoint.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import type { Watched } from "./_watched_forward.ts";

/** Before the names of sites: averages of the least and the largest values of channels, and the scale. */
const LOW = "observer.low.", HIGH = "observer.high.", SCALE = "observer.scale.";

/** A checkpoint with what was seen. */
export type QuantizedCheckpoint = Checkpoint & { readonly watched: Watched };

/** What trains to the same bits: a program, the weights that it began with, what is forward, and the order of the data. */
export function idOfTraining(
  program: string,
  weights: ReadonlyMap<string, Tensor>,
  { forward, seed }: { readonly forward: string; readonly seed: number },
): string {
  const sorted = [...weights].sort(([a], [b]) => a < b ? -1 : 1);
  const sum = sorted.reduce((crc, [, { data }]) => crc32c(bytesOf(data), crc), 0);
  return `${program}-${forward}-${seed}-${sum.toString(16)}`;
}

/** A checkpoint as bytes. */
export function encodeQuantized(
  { tensors, watched, ...facts }: QuantizedCheckpoint,
): Uint8Array<ArrayBuffer> {
  const vector = (data: Float32Array): Tensor => ({ dtype: "f32", shape: [data.length], data });
  const all = new Map(tensors);
  for (const [name, { low, high }] of watched.ranges) {
    all.set(`${LOW}${name}`, vector(low));
    all.set(`${HIGH}${name}`, vector(high));
  }
  for (const [name, scale] of watched.scales) {
    all.set(`${SCALE}${name}`, vector(Float32Array.of(scale)));
  }
  return encodeCheckpoint({ tensors: all, ...facts });
}

/**
 * Reads a checkpoint.
 *
 * @param id What it has to be of.
 * @throws {FewbitError} `invalid_file` where it is damaged, none, or of something else.
 */
export function decodeQuantized(bytes: Uint8Array, id: string): QuantizedCheckpoint {
  const checkpoint = decodeCheckpoint(bytes);
  if (checkpoint.program !== id) {
    fail("it is of other weights to begin with, another network, or other settings");
  }
  const { tensors } = checkpoint;
  const numbers = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor?.data instanceof Float32Array && tensor.data.length > 0) return tensor.data;
    return fail(`it has no numbers ${name}`);
  };
  const ranges = new Map<string, MovingRange>();
  const scales = new Map<string, number>();
  for (const name of tensors.keys()) {
    if (name.startsWith(SCALE)) scales.set(name.slice(SCALE.length), numbers(name)[0]);
    if (!name.startsWith(LOW)) continue;
    const site = name.slice(LOW.length);
    const [low, high] = [numbers(name), numbers(`${HIGH}${site}`)];
    if (low.length !== high.length) fail(`its ranges of ${site} do not fit each other`);
    ranges.set(site, { low, high });
  }
  return { ...checkpoint, watched: { ranges, scales } };
}

function fail(why: string): never {
  throw new FewbitError("invalid_file", `Cannot restore checkpoint: ${why}`);
}
