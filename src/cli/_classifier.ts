/** A classifier by a path: a compiled model, or the checkpoint of a training. */
import { readBytes } from "../checkpoints/sources.ts";
import { FewbitError } from "../errors.ts";
import type { EngineName } from "../engines/load.ts";
import { ImageClassifier } from "../pipelines/image/image_classifier.ts";
import { named } from "../files/named.ts";
import { isSafetensorsFile } from "./_safetensors_file.ts";

/** What a classifier is opened with. */
interface ClassifierOptions {
  readonly engine: EngineName;
  readonly batchSize?: number;
  /** A file of adapters beside a checkpoint. */
  readonly adapters?: string | undefined;
  readonly signal: AbortSignal;
}

/** Opens one; without a path the one that ships. */
export async function openClassifier(
  path: string | undefined,
  options: ClassifierOptions,
): Promise<ImageClassifier> {
  const { adapters, engine, signal } = options;
  if (path === undefined || !await isSafetensorsFile(path)) {
    if (adapters === undefined) return await ImageClassifier.fromPretrained(path, options);
    throw new FewbitError(
      "invalid_argument",
      "Option --adapters goes with a checkpoint that fewbit train wrote",
    );
  }
  // What trains is loaded for those that trained.
  const { trainedClassifier } = await import("../pipelines/image/trained_classifier.ts");
  const bytes = await readTrained(path, adapters, signal);
  return await named(path, async () => await trainedClassifier(bytes, { engine, signal }));
}

/** The bytes of a checkpoint, with adapters where some are given. */
export async function readTrained(
  path: string,
  adapters: string | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await readBytes(path, signal);
  if (adapters === undefined) return bytes;
  const { adaptedCheckpoint } = await import("../training/adapters.ts");
  const file = await readBytes(adapters, signal);
  return await named(adapters, () => adaptedCheckpoint(bytes, file));
}
