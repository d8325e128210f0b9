/** Whether windows of ids are for a model: one that is not would be noticed when it is read, behind those before it. */
import { FewbitError } from "../errors.ts";
import type { LlamaConfig } from "../models/llama_config.ts";

/**
 * Checks ids and lengths.
 *
 * @param prefix How many ids come before each window.
 * @throws {FewbitError} `invalid_argument`.
 */
export function checkWindows(
  { vocabularySize, context }: Pick<LlamaConfig, "vocabularySize" | "context">,
  prefix: number,
  windows: readonly (readonly number[])[],
): void {
  for (const [i, ids] of windows.entries()) {
    const unknown = ids.find((id) => id >= vocabularySize);
    if (unknown !== undefined) {
      fail(`windows[${i}] has the id ${unknown}, the model ${vocabularySize} pieces`);
    }
    if (prefix + ids.length > context) {
      fail(
        `windows[${i}] has ${ids.length} ids, the context ${context - prefix} behind the prefix`,
      );
    }
  }
}

function fail(why: string): never {
  throw new FewbitError("invalid_argument", `Cannot quantise: ${why}`);
}
