/** Checkpoints of quantisation-aware training: those of training, with what the observers have seen. */
import { FewbitError } from "../errors.ts";
import { crc32c } from "../program/crc32c.ts";
import type { MovingRange } from "../quantize/observer.ts";
import { bytesOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { isCount } from "../training/check_settings.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../training/checkpoint.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import { STEP } from "../training/training_graph.ts";
import type { Watched } from "./_watched_forward.ts";

/** Before the names of sites: averages of the least and the largest values of channels, and the scale. */
const LOW = "observer.low.", HIGH = "observer.high.", SCALE = "observer.scale.";

/** A checkpoint with what was seen. */
export type QuantizedCheckpoint = Checkpoint & { readonly watched: Watched };

/** What a checkpoint has to be of. */
interface Expected {
  /** As {@linkcode idOfTraining} gives it. */
  readonly id: string;
  /** Names of the sites that are watched. */
  readonly sites: readonly string[];
}

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
 * Reads a checkpoint, and how many steps it has behind it.
 *
 * @throws {FewbitError} `invalid_file` where it is damaged, none, or of something else.
 */
export function decodeQuantized(
  bytes: Uint8Array,
  { id, sites }: Expected,
): QuantizedCheckpoint & { readonly steps: number } {
  const checkpoint = decodeCheckpoint(bytes);
  if (checkpoint.program !== id) {
    fail("it is another program's: of other weights to begin with, another network or settings");
  }
  const { tensors } = checkpoint;
  const numbers = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor?.data instanceof Float32Array && tensor.data.length > 0) return tensor.data;
    return fail(`it has no numbers ${name}`);
  };
  const steps = numbers(STEP)[0];
  if (!isCount(steps)) fail(`its number of steps is ${steps}`);
  const ranges = new Map<string, MovingRange>();
  const scales = new Map<string, number>();
  // Before the first step nothing was seen.
  for (const site of steps === 0 ? [] : sites) {
    const [low, high] = [numbers(`${LOW}${site}`), numbers(`${HIGH}${site}`)];
    if (low.length !== high.length) fail(`its ranges of ${site} do not fit each other`);
    ranges.set(site, { low, high });
    scales.set(site, numbers(`${SCALE}${site}`)[0]);
  }
  return { ...checkpoint, steps, watched: { ranges, scales } };
}

function fail(why: string): never {
  throw new FewbitError("invalid_file", `Cannot restore checkpoint: ${why}`);
}
