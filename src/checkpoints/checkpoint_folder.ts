/** A model folder as timm and Hugging Face write it. */
import { FewbitError } from "../errors.ts";
import { readFile, readOptionalFile } from "../files/read_file.ts";
import { readPth } from "../formats/pth.ts";
import { readSafetensors, readShardedSafetensors } from "../formats/safetensors.ts";
import { MAX_JSON_BYTES, parseJson } from "../json.ts";
import type { Tensor } from "../tensor.ts";
import type { Preprocessing } from "../vision/preprocess.ts";

/** What a folder holds. */
export interface CheckpointFolder {
  /** config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** preprocessor_config.json, where there is one. */
  readonly preprocessor?: Readonly<Record<string, unknown>>;
  /** How pictures become inputs, where the config does not say it. */
  readonly preprocessing?: Preprocessing;
  /** Tensors by name. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/**
 * Reads config.json, preprocessor_config.json and the weights: model.safetensors, sharded or not, or
 * a `.pth` (`weightsFile` names another file).
 */
export async function readCheckpointFolder(
  directory: string,
  weightsFile?: string,
): Promise<CheckpointFolder> {
  const config = await readJson(`${directory}/config.json`);
  if (config === undefined) {
    throw new FewbitError("not_found", `Cannot read model: ${directory} has no config.json`);
  }
  const preprocessor = await readJson(`${directory}/preprocessor_config.json`);
  const weights = weightsFile === undefined
    ? await readWeights(directory)
    : await readWeightsFile(weightsFile);
  return { config, ...(preprocessor && { preprocessor }), weights };
}

/** Reads one file of weights by its extension. */
export async function readWeightsFile(path: string): Promise<ReadonlyMap<string, Tensor>> {
  const bytes = await readFile(path);
  return /\.safetensors$/i.test(path) ? readSafetensors(bytes) : await readPth(bytes);
}

async function readWeights(directory: string): Promise<ReadonlyMap<string, Tensor>> {
  const single = await readOptionalFile(`${directory}/model.safetensors`);
  if (single !== undefined) return readSafetensors(single);
  const index = await readOptionalFile(`${directory}/model.safetensors.index.json`);
  if (index !== undefined) {
    return await readShardedSafetensors(new TextDecoder().decode(index), async (file) => {
      const bytes = await readOptionalFile(`${directory}/${file}`);
      if (bytes === undefined) {
        throw new FewbitError("not_found", `Cannot read model: ${directory} has no ${file}`);
      }
      return bytes;
    });
  }
  for (const name of ["pytorch_model.bin", "model.pth", "checkpoint.pth", "checkpoint.pth.tar"]) {
    const bytes = await readOptionalFile(`${directory}/${name}`);
    if (bytes !== undefined) return await readPth(bytes);
  }
  throw new FewbitError("not_found", `Cannot read model: ${directory} has no model.safetensors`);
}

/** A JSON object from a file, or nothing where there is no file. */
export async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  const bytes = await readOptionalFile(path, { maxBytes: MAX_JSON_BYTES });
  if (bytes === undefined) return undefined;
  const value = parseJson(`Cannot read ${path}`, bytes);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new FewbitError("invalid_file", `Cannot read ${path}: it is not a JSON object`);
}
