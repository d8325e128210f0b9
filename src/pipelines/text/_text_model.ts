/** Opening a language model, and what its metadata say. */
import "../../text/unicode/compatible_forms.ts";
import { FewbitError } from "../../errors.ts";
import { encodeProgram } from "../../program/encode.ts";
import type { Metadata } from "../../program/program.ts";
import type { GenerationSetup } from "../../text/generation.ts";
import { samplingOptions } from "../../text/sampling_options.ts";
import { Tokenizer } from "../../text/tokenizer.ts";
import { checkpointFolder, localPath, openModel } from "../../checkpoints/sources.ts";
import type { ModelSource } from "../../checkpoints/sources.ts";
import { isTextCheckpointFile, openTextCheckpoint } from "../../checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../compile/text.ts";
import type { GenerationDefaults } from "../../compile/text_metadata.ts";

/** What a generator takes from the metadata of a program. */
export interface TextSetup extends GenerationSetup {
  /** Id that begins a text. */
  readonly beginId?: number;
}

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
  return await encodeProgram(program);
}

/** The path of a local file that is a checkpoint, by its name. */
function checkpointFile(source: ModelSource): string | undefined {
  const path = localPath(source);
  return path !== undefined && isTextCheckpointFile(path) ? path : undefined;
}

/**
 * Reads the metadata of a program, which may be hostile.
 *
 * @throws {FewbitError} `invalid_file` where they are not what the compiler writes.
 */
export function textSetup(metadata: Metadata, vocabularySize: number): TextSetup {
  const fail = (why: string, cause?: unknown): never => {
    throw new FewbitError("invalid_file", `Cannot generate text: the model's metadata: ${why}`, {
      cause,
    });
  };
  const generation = (metadata.generation ?? {}) as Partial<GenerationDefaults>;
  if (typeof generation !== "object") fail("generation is no object");
  const { bosTokenId, eosTokenIds = [], doSample } = generation;
  const isId = (id: unknown): id is number =>
    Number.isInteger(id) && id as number >= 0 && id as number < vocabularySize;
  if (bosTokenId !== undefined && !isId(bosTokenId)) fail("bosTokenId is no id");
  if (!Array.isArray(eosTokenIds) || !eosTokenIds.every(isId)) fail("eosTokenIds are no ids");
  try {
    const tokenizer = metadata.tokenizer === undefined
      ? undefined
      : Tokenizer.fromJson(metadata.tokenizer, metadata.tokenizerConfig ?? {});
    return {
      ...tokenizer && { tokenizer },
      ...bosTokenId !== undefined && { beginId: bosTokenId },
      endIds: eosTokenIds,
      defaults: defaultsOf(generation, doSample === false),
    };
  } catch (cause) {
    if (!(cause instanceof FewbitError)) throw cause;
    return fail(cause.message, cause);
  }
}

function defaultsOf(
  generation: Partial<GenerationDefaults>,
  greedy: boolean,
): TextSetup["defaults"] {
  const { temperature, topK, topP, repetitionPenalty, maxNewTokens } = generation;
  const sampling = {
    ...greedy ? { temperature: 0 } : temperature !== undefined && { temperature },
    ...topK !== undefined && { topK },
    ...topP !== undefined && { topP },
    ...repetitionPenalty !== undefined && { repetitionPenalty },
  };
  samplingOptions(sampling);
  return { ...sampling, ...maxNewTokens !== undefined && { maxTokens: maxNewTokens } };
}

/** The text side of a model, where it has one. */
export function requireTokenizer(tokenizer: Tokenizer | undefined): Tokenizer {
  if (tokenizer !== undefined) return tokenizer;
  throw new FewbitError("unsupported", "The model came without a tokenizer: give token ids");
}
