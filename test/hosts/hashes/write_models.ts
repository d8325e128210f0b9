/** Models as files, which processes of all hosts read. */
import type { HashedModel, ModelOnDisk } from "./models.ts";

/** Writes models and their inputs into a folder. */
export async function writeModels(
  models: readonly HashedModel[],
  folder: string,
): Promise<ModelOnDisk[]> {
  const ready: ModelOnDisk[] = [];
  for (const model of models) {
    const [file, input] = ["fewbit", "input"].map((end) => `${folder}/${model.name}.${end}`);
    await Deno.writeFile(file, await model.file());
    await Deno.writeFile(input, await model.input());
    ready.push({ model, file, input });
  }
  return ready;
}
