/** A classifier by a path: a compiled model, or the checkpoint of a training. */
import { readBytes } from "../checkpoints/sources.ts";
import type { EngineName } from "../engines/load.ts";
import { ImageClassifier } from "../pipelines/image/image_classifier.ts";
import { named } from "../pipelines/image/image_file.ts";
import { isSafetensorsFile } from "./_safetensors_file.ts";

/** What a classifier is opened with. */
interface ClassifierOptions {
  readonly engine: EngineName;
  readonly batchSize?: number;
  readonly signal: AbortSignal;
}

/** Opens one; without a path the one that ships. */
export async function openClassifier(
  path: string | undefined,
  options: ClassifierOptions,
): Promise<ImageClassifier> {
  if (path === undefined || !await isSafetensorsFile(path)) {
    return await ImageClassifier.fromPretrained(path, options);
  }
  const { engine, signal } = options;
  // What trains is loaded for those that trained.
  const { trainedClassifier } = await import("../pipelines/image/trained_classifier.ts");
  return await named(
    path,
    async () => await trainedClassifier(await readBytes(path, signal), { engine, signal }),
  );
}
