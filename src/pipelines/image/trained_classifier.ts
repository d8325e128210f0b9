/** Classification with the checkpoint of a training. */
import type { Instance } from "../../engines/engine.ts";
import { load } from "../../engines/load.ts";
import type { EngineName } from "../../engines/load.ts";
import { loadWasm } from "../../engines/wasm/load.ts";
import { trainBuild } from "../../engines/wasm/train_module.ts";
import { encodeProgram } from "../../program/encode.ts";
import { compileTrainedPictures } from "../../training/trained_pictures.ts";
import { ImageClassifier } from "./image_classifier.ts";

/** Options of {@linkcode trainedClassifier}. */
export interface TrainedClassifierOptions {
  /** Default `auto`: WebAssembly, the module for training. */
  readonly engine?: EngineName;
  /** Stops loading. */
  readonly signal?: AbortSignal;
}

/**
 * Loads what `fewbit train` wrote, in float32.
 *
 * @param bytes The checkpoint.
 * @throws {FewbitError} `invalid_file` for a damaged file, `unsupported` for a checkpoint that does not say how pictures
 * are read, or an engine that has no convolutions.
 *
 * @example
 * ```ts ignore
 * using model = await trainedClassifier(await Deno.readFile("trained.safetensors"));
 * console.log((await model.classify("boot.png")).label);
 * ```
 */
export async function trainedClassifier(
  bytes: Uint8Array,
  { engine = "auto", ...rest }: TrainedClassifierOptions = {},
): Promise<ImageClassifier> {
  const program = await encodeProgram(compileTrainedPictures(bytes));
  const isTraining = engine === "auto" || engine === "wasm";
  const instance: Instance = isTraining
    ? await loadWasm(program, { ...rest, build: trainBuild() })
    : await load(program, { ...rest, engine });
  try {
    return new ImageClassifier(instance);
  } catch (error) {
    instance[Symbol.dispose]();
    throw error;
  }
}
