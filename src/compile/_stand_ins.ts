/** What codes of the integer network stand for, as inputs of the program that carries gradients backward. */
import type { CheckpointFolder } from "../checkpoints/checkpoint_folder.ts";
import type { Inputs } from "../engines/engine.ts";
import { quantizeIVit } from "../quantize/i_vit.ts";
import type { IntegerNetwork } from "../quantize/integer_network.ts";
import { quantizeParameters } from "../quantize/integer_parameters.ts";
import type { IntegerParameters } from "../quantize/integer_parameters.ts";
import type { Tensor } from "../tensor.ts";
import { CODES, SCALE, SITE } from "./_backward_graph.ts";
import { recordingParameters } from "./_recording_parameters.ts";
import { modelFor, preprocessingOf } from "./vision.ts";
import type { WatchedForward } from "./_watched_forward.ts";

/** The paper's arithmetic. */
const INTEGERS = { nonlinear: "shift", weightBits: 8 } as const;
/** I-ViT's name for the grid of images. */
const INPUT = "qact_input";
/** What a code of softmax stands for: it gives 16 bits of a fraction. */
const SHARE = 2 ** -15;

/** What is run, and what of it is read. */
interface Pass {
  /** A checkpoint with the weights as they are. */
  readonly folder: CheckpointFolder;
  /** Takes up what its sites see. */
  readonly forward: WatchedForward;
  /** Normalised pictures `[batch, channels, height, width]`. */
  readonly images: Float32Array;
  readonly batch: number;
  /** Names of the inputs of the backward program. */
  readonly reads: ReadonlySet<string>;
}

/** Runs the integer network of a step. */
export async function standIns(
  { folder, forward, images, batch, reads }: Pass,
): Promise<Inputs> {
  const { parameters, values } = recordingParameters(quantizeParameters());
  const network = integersOf(folder, parameters);
  const { taps, scales, logits } = await forward.watch({
    ...{ network, images, batch },
    wants: (name) => name === INPUT || reads.has(`${SITE}${name}`),
  });
  const image = realsOf(taps.get(INPUT)!, scales.get(INPUT)!);
  const inputs: Record<string, Inputs[string]> = {
    image: channelsLastPictures(image, preprocessingOf(folder).inputSize),
    [`${SITE}logits`]: logits,
  };
  for (const [name, data] of values()) inputs[`${CODES}${name}`] = data;
  for (const [name, { data }] of taps) {
    inputs[`${SITE}${name}`] = data;
    inputs[`${SCALE}${name}`] = Float32Array.of(scales.get(name) ?? SHARE);
  }
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => reads.has(name)));
}

/** The integer network of a checkpoint. */
export function integersOf(
  folder: CheckpointFolder,
  parameters: IntegerParameters,
  pixelTable?: Float32Array,
): IntegerNetwork {
  return quantizeIVit(modelFor(folder, preprocessingOf(folder)), {
    ...INTEGERS,
    parameters,
    ...pixelTable && { pixelTable },
  });
}

/** What codes stand for. */
function realsOf({ data }: Tensor, scale: number): Float32Array {
  const reals = new Float32Array(data as Int8Array);
  for (let i = 0; i < reals.length; i++) reals[i] *= scale;
  return reals;
}

/** `[B, C, H, W]` to `[B, H, W, C]`. */
export function channelsLastPictures(
  images: Float32Array,
  [channels, height, width]: readonly number[],
): Float32Array {
  const plane = height * width, size = channels * plane;
  if (channels === 1) return images;
  return Float32Array.from(images, (_, i) => {
    const [picture, place, c] = [
      Math.floor(i / size),
      Math.floor(i % size / channels),
      i % channels,
    ];
    return images[picture * size + c * plane + place];
  });
}
