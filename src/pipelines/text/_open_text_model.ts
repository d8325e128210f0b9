/** Opening a language model: one that is compiled, or one that is compiled now. */
import { checkpointFolder, localPath, openModel } from "../../checkpoints/sources.ts";
import type { ModelSource } from "../../checkpoints/sources.ts";
import { isTextCheckpointFile, openTextCheckpoint } from "../../checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../compile/text.ts";
import { FewbitError } from "../../errors.ts";
import { encodeProgram } from "../../program/encode.ts";

/** A model file, or a checkpoint (a folder, GGUF, or a file of llama2.c), which is compiled first. */
export async function openTextModel(
  source: ModelSource,
  signal?: AbortSignal,
): ReturnType<typeof openModel> {
  const path = await checkpointFolder(source) ?? checkpointFile(source);
  if (path === undefined) return await openModel(source, signal);
  const { weights, ...files } = await openTextCheckpoint(path);
  const { program } = await compileTextModel(
    weights,
    files,
    signal === undefined ? {} : { signal },
  );
  return await encodeProgram(program, { signal });
}

/** The path of a local file that is a checkpoint, by its name; weights alone are refused. */
function checkpointFile(source: ModelSource): string | undefined {
  const path = localPath(source);
  if (path !== undefined && /\.safetensors$/i.test(path)) {
    throw new FewbitError(
      "unsupported",
      `Cannot use ${path}: weights alone are no model; take their folder, which has config.json and ` +
        `tokenizer.json: "fewbit export" makes one of what "fewbit train" wrote`,
    );
  }
  return path !== undefined && isTextCheckpointFile(path) ? path : undefined;
}
