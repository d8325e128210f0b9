/** What is needed to read pictures with a trained classifier, as its checkpoint tells it. */
import { FewbitError } from "../errors.ts";
import { checkPreprocessing } from "../vision/preprocess.ts";
import type { Preprocessing } from "../vision/preprocess.ts";
import { LANGUAGE_FACTS } from "./checkpoint.ts";
import { TINY_NETWORKS } from "./tiny_network.ts";
import type { TinyNetwork } from "./tiny_network.ts";

/** A trained classifier of pictures beside its weights. */
export interface PictureFacts {
  /** The network. */
  readonly network: TinyNetwork;
  /** Names of the classes. */
  readonly labels: readonly string[];
  /** How a picture becomes its input. */
  readonly preprocessing: Preprocessing;
}

/** Most classes that a file may name. */
export const MOST_CLASSES = 100_000;
/** Longest side of the pictures of a file's network. */
const MOST_PIXELS = 4096;

/** Key of the facts in the metadata. */
export const PICTURE_FACTS = "fewbit.pictures";

/** The facts as metadata of a checkpoint. */
export function encodePictureFacts(facts: PictureFacts): Record<string, string> {
  return { [PICTURE_FACTS]: JSON.stringify(facts) };
}

/**
 * Reads the facts.
 *
 * @param metadata Of the checkpoint.
 * @throws {FewbitError} `unsupported` where it tells none, `invalid_file` for wrong ones.
 */
export function decodePictureFacts(metadata: Readonly<Record<string, string>>): PictureFacts {
  const text = metadata[PICTURE_FACTS];
  if (text === undefined) {
    const why = metadata[LANGUAGE_FACTS] === undefined
      ? 'it does not say how pictures are read, as those of "fewbit train" do'
      : 'it is of a language model; "fewbit export" makes a folder of it for "fewbit convert"';
    throw new FewbitError("unsupported", `Cannot use checkpoint: ${why}`);
  }
  try {
    const { network, labels, preprocessing } = JSON.parse(text);
    if (!TINY_NETWORKS.includes(network)) fail(`its network is ${JSON.stringify(network)}`);
    const isList = Array.isArray(labels) && labels.length > 0 && labels.length <= MOST_CLASSES;
    if (!isList || !labels.every((label) => typeof label === "string")) {
      fail("its classes are no list of names");
    }
    checkPreprocessing(preprocessing);
    if (preprocessing.inputSize.some((extent: number) => extent > MOST_PIXELS)) {
      fail(`its pictures are [${preprocessing.inputSize}]`);
    }
    return { network, labels, preprocessing };
  } catch (cause) {
    if (cause instanceof FewbitError && cause.code === "invalid_file") throw cause;
    return fail(cause instanceof Error ? cause.message : "they are none", cause);
  }
}

function fail(why: string, cause?: unknown): never {
  throw new FewbitError("invalid_file", `Cannot use checkpoint: its facts of pictures: ${why}`, {
    cause,
  });
}
